"""When what was kept on a basis has been kept long enough: periods in years, from an event or a financial year."""

from datetime import date

from contracts.enums import NoticeUnit
from contracts.rules.days import ONE_DAY
from contracts.rules.periods import greatest_day_before


def last_day_over(today: date, *, years: int) -> date:
    """Return the last day of which an event's period of so many years is over, as ``today`` begins.

    The day of the event is not counted and the last day counts to its end (Regulation 1182/71, Article 3): kept five
    years, what ended on 31 March 2026 goes on 1 April 2031.

    :raises InvalidInput: no years, or a day outside the calendar.
    """
    return greatest_day_before(today - ONE_DAY, length=years * 12, unit=NoticeUnit.MONTHS)


def last_year_over(today: date, *, years: int) -> int:
    """Return the last financial year whose records are over: kept so many years from its close, on 31 December.

    Ten years: records of 2026 go on 1 January 2037 (L123-22 C. com.).
    """
    return today.year - years - 1
