"""What changes things: one transaction, with audit event and outbox message; and what reads rows for the rules."""
