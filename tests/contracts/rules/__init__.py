"""The rules of contracts: tables of dates and amounts, no database, no clock."""
