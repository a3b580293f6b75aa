"""Pages without sign-in: a person asks about data of theirs, a client's contact decides by a one-time link."""
