"""The demo's data as plain Python: fictitious clients, their people, and what they wrote. Nothing here is real."""
