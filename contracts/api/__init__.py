"""The REST endpoints of contracts."""
