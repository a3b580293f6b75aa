"""The deadlines of what waits for a word: offers, quotes, prices, our own notices, the reminder of the Loi Chatel."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.enums import DeadlineKind, OfferState, OutgoingStatus, UpliftState
from contracts.rules import workdays
from contracts.rules.chatel import Window, protects
from contracts.rules.days import ONE_DAY
from contracts.rules.deadlines import CONTRACT, Met, Wanted
from contracts.rules.explanation import Explanation, Step
from contracts.rules.periods import local_day, midnight

VERSION = 1
OFFER, QUOTE, UPLIFT, OUTGOING = "renewal_offer", "quote", "uplift", "outgoing_notice"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose holidays count, and where the days are local."""

    country: str
    zone: str


def of_offer(
    place: Place, *, offer: UUID, number: int, state: OfferState, valid_until: date, closed_at: datetime | None
) -> list[Wanted | Met]:
    """Return the last day on which an offer that the client has can be accepted. A draft has none."""
    if state is OfferState.SENT:
        why = _validity("offer_validity", valid_until, "agreement", number=number)
        return [_wanted(place, DeadlineKind.OFFER_EXPIRY, OFFER, offer, number, valid_until, valid_until, why)]
    if state in (OfferState.ACCEPTED, OfferState.VOIDED, OfferState.EXPIRED) and closed_at is not None:
        return [Met(DeadlineKind.OFFER_EXPIRY, offer, number, closed_at)]
    return []


def of_quote(
    place: Place,
    *,
    quote: UUID,
    valid_until: date,
    exit_on: date,
    ends_on: date | None,
    accepted_at: datetime | None,
) -> list[Wanted | Met]:
    """Return the last day on which a quote that grants an exit can be accepted.

    It has none once the contract ends (``ends_on``, exclusive) on the quoted day, or before.
    """
    if accepted_at is not None:
        return [Met(DeadlineKind.QUOTE_EXPIRY, quote, 0, accepted_at)]
    if ends_on is not None and ends_on <= exit_on + ONE_DAY:
        return []
    why = _validity("quote_validity", valid_until, "early_termination_clause", exit_on=exit_on)
    return [_wanted(place, DeadlineKind.QUOTE_EXPIRY, QUOTE, quote, 0, valid_until, valid_until, why)]


def of_uplift(
    place: Place,
    *,
    uplift: UUID,
    number: int,
    state: UpliftState,
    starts_on: date,
    last_notice: date | None,
    decided_at: datetime | None,
) -> list[Wanted | Met]:
    """Return the last day on which the price of the term that begins on ``starts_on`` can be decided.

    We act while the client may still give notice: it should know the price that it does not leave.
    """
    kind = DeadlineKind.UPLIFT_PROPOSAL
    if decided_at is not None:
        return [Met(kind, uplift, number, decided_at)]
    if state not in (UpliftState.PROPOSED, UpliftState.FLAGGED):
        return []
    legal = starts_on - ONE_DAY
    known_by = legal if last_notice is None else min(last_notice, legal)
    steps = [Step("price_decided_before", {"number": number, "starts_on": starts_on})]
    if known_by < legal:
        steps.append(Step("price_known_before_notice", {"last_notice_on": known_by}))
    inputs = {"number": number, "starts_on": starts_on, "last_notice_on": last_notice}
    why = Explanation("price_decision", VERSION, inputs, tuple(steps), "indexation_clause")
    act_by = workdays.on_or_before(known_by, place.country).to
    return [_wanted(place, kind, UPLIFT, uplift, number, legal, act_by, why)]


def of_outgoing(
    place: Place,
    *,
    outgoing: UUID,
    status: OutgoingStatus,
    send_by: date,
    sent_on: date | None,
    why: Mapping[str, Any],
) -> list[Wanted | Met]:
    """Return the last day to send a notice of the vendor's own. One that was given up has none."""
    kind = DeadlineKind.SEND_BY
    if sent_on is not None:
        return [Met(kind, outgoing, 0, midnight(sent_on, place.zone))]
    if status not in (OutgoingStatus.DRAFT, OutgoingStatus.APPROVED):
        return []
    return [_wanted(place, kind, OUTGOING, outgoing, 0, send_by, send_by, Explanation.from_json(why))]


def of_reminder(
    place: Place, *, contract: UUID, number: int, window: Window, told: Collection[datetime]
) -> list[Wanted | Met]:
    """Return the last day on which the reminder of the Loi Chatel protects, of the term ``number``.

    ``told`` is when such reminders went out; what gives the client no free exit (:func:`chatel.protects`) meets it.
    """
    kind = DeadlineKind.CHATEL_REMINDER
    timely = [at for at in told if protects(window, local_day(at, place.zone))]
    if timely:
        return [Met(kind, contract, number, min(timely))]
    act_by = max(workdays.on_or_before(window.closes, place.country).to, window.opens)
    return [_wanted(place, kind, CONTRACT, contract, number, window.closes, act_by, window.explanation)]


def _validity(rule: str, valid_until: date, source: str, **inputs: Any) -> Explanation:
    step = Step("can_be_accepted_until", {"valid_until": valid_until})
    return Explanation(rule, VERSION, {**inputs, "valid_until": valid_until}, (step,), source)


def _wanted(
    place: Place,
    kind: DeadlineKind,
    subject_type: str,
    subject: UUID,
    occurrence: int,
    day: date,
    act_by: date,
    why: Explanation,
) -> Wanted:
    return Wanted(
        kind=kind,
        subject_type=subject_type,
        subject=subject,
        occurrence=occurrence,
        nominal=day,
        legal=day,
        internal=act_by,
        calendar_country=place.country,
        zone=place.zone,
        explanation=why,
    )
