"""The wiring of the service."""
