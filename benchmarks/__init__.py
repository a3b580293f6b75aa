"""Measurements against the bare limit, each in a data directory of its own (docs/benchmarks.md)."""
