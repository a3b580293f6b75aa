"""Reading a portfolio file (CSV or XLSX) into typed entries, with faults by row and column: nothing is stored."""

from contracts.portfolio.entries import ContractEntry, OrganizationEntry, Portfolio, UserEntry
from contracts.portfolio.reader import read

__all__ = ["ContractEntry", "OrganizationEntry", "Portfolio", "UserEntry", "read"]
