"""The admin of retention, one noun a file. Importing them registers them."""

from retention.admin import archive, certificate, export, hold, ledger, request, rotation, run, vault

__all__ = ["archive", "certificate", "export", "hold", "ledger", "request", "rotation", "run", "vault"]
