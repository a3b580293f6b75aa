"""The calculator: any rule of dates and amounts, asked in text, answered in JSON. Pure: no database, no clock."""

from contracts.calculator.answer import Answer
from contracts.calculator.registry import RULES, compute

__all__ = ["RULES", "Answer", "compute"]
