"""The sweep registry."""

SWEEPS: tuple = ()
