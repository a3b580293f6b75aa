"""A contract's clause on terms and notice for the tables of the rules about money."""

from datetime import date

from contracts.enums import GoverningLaw, NoticeEffect, NoticeUnit
from contracts.rules.notice import NoticeClause


def notices(**values):
    return NoticeClause(
        **{
            "anchor": date(2026, 1, 1),
            "first": 12,
            "renewal": 12,
            "length": 3,
            "unit": NoticeUnit.MONTHS,
            "effect": NoticeEffect.RECEIPT,
            "law": GoverningLaw.FR,
            "calendar_country": "FR",
            **values,
        }
    )
