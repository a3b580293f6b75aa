"""Letters as they come: files and mails read into text, within bounds. Nothing here touches the database."""
