"""What every REST view shares: who calls, what may be done, errors, idempotency, pages."""
