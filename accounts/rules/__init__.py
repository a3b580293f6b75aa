"""What accounts decides: pure Python, no Django."""
