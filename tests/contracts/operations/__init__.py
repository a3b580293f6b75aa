"""The operations of contracts, each against the database."""
