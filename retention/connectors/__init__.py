"""Stores beyond the vault, one kind a file: how each is looked into, emptied and looked into again."""
