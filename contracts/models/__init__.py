"""The tables of contracts, one noun a file."""

from contracts.models.contract import Contract, Term
from contracts.models.notice import Notice

__all__ = ["Contract", "Notice", "Term"]
