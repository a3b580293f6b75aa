"""Agreements: what the vendor and its clients are bound to, and until when."""
