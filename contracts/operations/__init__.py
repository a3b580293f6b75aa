"""What changes things: one transaction, with its audit event and outbox message."""
