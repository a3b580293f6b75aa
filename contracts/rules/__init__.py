"""Rules decide: pure Python, no Django, no clock. Law first, code second."""
