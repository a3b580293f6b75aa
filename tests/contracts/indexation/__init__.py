"""Price indices, uplifts and offers, by their operations."""
