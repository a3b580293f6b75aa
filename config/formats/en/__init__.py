"""English as it is written in Europe: the day before the month, and twenty-four hours."""
