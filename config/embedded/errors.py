"""What stops a start: always one clear sentence."""


class CannotStart(Exception):
    """The service cannot start; the message says why and what to do."""
