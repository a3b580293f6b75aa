"""A contract's clause on terms and notice for the tables of the rules about money, and any clause for properties."""

from datetime import date

from hypothesis import strategies as st

from contracts.enums import GoverningLaw, NoticeEffect, NoticeEndOf, NoticeUnit
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


# Clauses of every kind that renew, with any first day.
clauses = st.builds(
    NoticeClause,
    anchor=st.dates(date(2000, 1, 1), date(2050, 12, 31)) | st.sampled_from([date(2024, 2, 29), date(2025, 1, 31)]),
    first=st.integers(1, 48),
    renewal=st.none() | st.integers(1, 24),
    length=st.integers(0, 14),
    unit=st.sampled_from(NoticeUnit),
    effect=st.just(NoticeEffect.RECEIPT),
    law=st.sampled_from(GoverningLaw),
    calendar_country=st.sampled_from(["FR", "PL", "DE"]),
    commitment=st.integers(0, 48),
    mid_term_exit=st.booleans(),
    end_of=st.none() | st.sampled_from(NoticeEndOf),
)
