"""The package for auditors, one ZIP for a period: a part a file, and :mod:`package` that puts them together."""
