"""What models and migrations of every app share: tenant keys and row-level security."""
