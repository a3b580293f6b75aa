"""S0: the index value from which a contract's price is first revised: as agreed, else as published on conclusion."""

from datetime import date
from decimal import Decimal

from accounts.errors import FieldError, InvalidInput, labelled, phrase
from contracts import labels
from contracts.enums import IndexPeriodicity
from contracts.models import IndexSeries
from contracts.operations import indices
from contracts.rules import errors
from contracts.rules import indices as rules


def at_signature(
    series: IndexSeries, period: date | None, value: Decimal | None, *, concluded_on: date
) -> tuple[date, Decimal]:
    """Return the period and the value of S0: as agreed, else the period's, else the last published on conclusion.

    :raises InvalidInput: the series is closed, the period is none of it, or there is no value: nobody guesses one.
    """
    if series.closed:
        raise InvalidInput([FieldError("index_series", "closed_series", "The series is closed: take its successor.")])
    if period is not None:
        try:
            rules.check_period(period, IndexPeriodicity(series.periodicity))
        except errors.InvalidInput as error:
            message = phrase(
                "The first day of a %(periodicity)s is expected.",
                periodicity=labelled(series.periodicity, labels.INDEX_PERIODICITY[series.periodicity]),
            )
            raise InvalidInput([FieldError("index_base_period", error.code, message)]) from error
    if period is not None and value is not None:
        return period, value
    versions = indices.published(series)
    if period is not None:
        versions = [version for version in versions if version.month == period]
        found = versions[-1] if versions else None
    else:
        latest = rules.latest(versions, on=concluded_on)
        found = None if latest is None else latest.value
    if found is None:
        message = phrase("No such value is stored: import it, or give the base value that was agreed.")
        raise InvalidInput([FieldError("index_base_value", "unknown_value", message)])
    return found.month, found.value
