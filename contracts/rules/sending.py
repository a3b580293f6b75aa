"""Sending a notice of the vendor's own: the last day to send it so that it is in time, allowing for the post."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from holidays.version import __version__ as HOLIDAYS_VERSION

from contracts.enums import NoticeChannel, NoticeEffect, NoticeKind, NoticeParty
from contracts.rules import notice, workdays
from contracts.rules.days import ONE_DAY
from contracts.rules.errors import InvalidInput
from contracts.rules.explanation import Explanation, Step
from contracts.rules.notice import NoticeClause
from contracts.rules.periods import SOURCES, contract_regime, count_back

VERSION = 1
# From a day on: the working days of the addressee's country that each way takes at most. The latest entry counts that
# is not after the day on which the notice must have arrived.
POSTAL_TIMES: tuple[tuple[date, Mapping[NoticeChannel, int]], ...] = (
    (
        date.min,
        {
            NoticeChannel.LETTER: 4,
            NoticeChannel.REGISTERED_LETTER: 3,
            NoticeChannel.EMAIL: 0,
            NoticeChannel.PORTAL: 0,
            NoticeChannel.HAND: 0,
        },
    ),
)


@dataclass(frozen=True, slots=True)
class SendBy:
    """By when to send. ``ends_with`` is the contract's last day (inclusive), ``in_time_until`` the day that counts."""

    ends_with: date
    in_time_until: date
    send_by: date
    explanation: Explanation


def postal_days(channel: NoticeChannel, *, on: date) -> int:
    """Return how many working days a way takes, by what is known for a day."""
    times = [table for since, table in POSTAL_TIMES if since <= on]
    return times[-1][channel]


def send_by(clause: NoticeClause, *, last_day: date, channel: NoticeChannel) -> SendBy:
    """Return the last day to send a notice that ends the contract with ``last_day``, its inclusive last day.

    The vendor is held to the earliest reading: the plain subtraction, nothing moved. Where receipt counts, the time
    that the way takes is allowed for in working days of the client's country; where sending counts, none is. Either day
    is pulled back to a working day.

    :raises InvalidInput: no notice of the vendor ends the contract on that day (code ``not_an_end``, with the end that
        the same notice would bring), or as ``count_back`` does.
    """
    regime, country = contract_regime(clause.law), clause.calendar_country
    back = count_back(
        last_day,
        length=clause.length,
        unit=clause.unit,
        regime=regime,
        calendar_country=country,
        end_of=clause.end_of,
    )
    counted = min(back.nominal, back.legal)
    _check_end(clause, counted, last_day)
    steps = [step for step in back.explanation.steps if step.code in ("counted_from_end_of", "counted_back")]
    steps.append(Step("vendor_counts_early", {"on": counted}))
    on = workdays.on_or_before(counted, country).to
    if clause.effect is NoticeEffect.SENDING:
        steps.append(Step("sending_counts", {"on": on, "country": country}))
    else:
        steps.append(Step("must_be_received_by", {"on": on, "country": country}))
        days = postal_days(channel, on=on)
        for _day in range(days):
            on = workdays.on_or_before(on - ONE_DAY, country).to
        steps.append(Step("postal_time", {"channel": channel, "days": days, "on": on}))
    explanation = Explanation(
        rule="send_by",
        version=VERSION,
        inputs={
            "last_day": last_day,
            "channel": channel,
            "length": clause.length,
            "unit": clause.unit,
            "end_of": clause.end_of,
            "effect": clause.effect,
            "law": clause.law,
            "calendar_country": country,
            "holidays": HOLIDAYS_VERSION,
        },
        steps=tuple(steps),
        source=SOURCES[regime],
        other_reading=back.legal if back.legal != back.nominal else None,
    )
    return SendBy(last_day, counted, on, explanation)


def earliest_end(clause: NoticeClause, *, on: date, kind: NoticeKind, channel: NoticeChannel) -> date:
    """Return the first last day (inclusive) that a notice sent on ``on`` by this way still brings.

    :raises InvalidInput: the contract does not renew and is over, or as ``judge`` does.
    """
    arrives = on
    if clause.effect is NoticeEffect.RECEIPT:
        for _day in range(postal_days(channel, on=on)):
            arrives = workdays.on_or_after(arrives + ONE_DAY, clause.calendar_country).to
    judged = notice.judge(clause, sent_on=on, received_on=arrives, entitled=True, party=NoticeParty.VENDOR, kind=kind)
    return _inclusive(judged)


def _check_end(clause: NoticeClause, counted: date, last_day: date) -> None:
    """A day is an end of the contract if a notice on the last day that is in time for it brings it, as either kind."""
    brought = set()
    for kind in NoticeKind:
        judged = notice.judge(
            clause, sent_on=counted, received_on=counted, entitled=True, party=NoticeParty.VENDOR, kind=kind
        )
        brought.add(_inclusive(judged))
    if last_day not in brought:
        found = min(brought)
        raise InvalidInput(
            "last_day",
            "not_an_end",
            "no notice ends the contract on this day; the one that comes nearest ends it on %(nearest)s",
            {"nearest": found},
        )


def _inclusive(judged: notice.JudgedNotice) -> date:
    if judged.takes_effect_on is None:
        raise LookupError("an entitled notice takes effect")
    return judged.takes_effect_on
