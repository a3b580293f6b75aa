"""What the vault takes in: the form of a line of content. Pure Python, no Django."""
