"""What the rules answer in codes, said in sentences of the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import formats, translation
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.errors import FieldError, InvalidInput, labelled, phrase
from contracts import explain_exit, explain_money, explain_notices, labels
from contracts.enums import NoticeUnit
from contracts.rules import errors
from contracts.rules.validation import Problem


def _n(text: str) -> str:
    """Mark a text for the catalogues. Django's own ``gettext_noop`` asks for settings, which the calculator has not."""
    return text


PROBLEMS: Mapping[str, str] = {
    "unknown_time_zone": _n("Unknown time zone; write a name such as Europe/Paris."),
    "unknown_currency": _n("Unknown currency; write three letters such as EUR."),
    "not_a_number": _n("This is not an amount."),
    "too_many_decimals": _n("More decimals than the currency has."),
    "negative": _n("This must not be negative."),
    "too_short": _n("At least %(least)s; this is %(found)s."),
    "too_long": _n("At most %(allowed)s; this is %(found)s."),
    "too_early": _n("Not before %(earliest)s."),
    "ends_before_it_starts": _n("The end is before the start, %(starts_on)s."),
    "longer_than_term": _n("The notice period is longer than the term of %(months)s months."),
    "unusually_short": _n("Unusually short: %(found)s months; %(usual)s is the practical minimum."),
    "no_share": _n("A share between 0 and 1; this is %(found)s."),
    "without_rate": _n("A cap needs an early-exit fee."),
    "not_disclosed_before": _n(
        "The early-exit fee was not disclosed before the contract was concluded, %(concluded_on)s."
    ),
    "without_series": _n("Name the index series first."),
    "no_factor": _n("A factor between 0 and %(allowed)s, such as 1.03."),
    "floor_above_cap": _n("The floor, %(floor)s, is above the cap, %(cap)s."),
    "no_index_value": _n("An index value is above zero."),
    "without_period": _n("Say of which period the base value is."),
    "outlasts_first_term": _n("The minimum commitment outlasts the first term."),
}


def problem(found: Problem) -> FieldError:
    """Say what is wrong with a contract's field."""
    text = PROBLEMS.get(found.code)
    if text is None:
        return FieldError(found.field, found.code, found.code.replace("_", " "))
    return FieldError(found.field, found.code, phrase(text, **found.params))


def bad_input(error: errors.InvalidInput, *, field: str | None = None) -> InvalidInput:
    """Return what a rule cannot work with as bad input of the field: its own, or what the caller calls it."""
    return InvalidInput([FieldError(field or error.field, error.code, said(error))])


def said(error: errors.InvalidInput) -> str:
    """Return what a rule says no with, so that pages can say it in the reader's language."""
    if "%(" not in error.template:
        return error.detail
    return phrase(error.template, **{name: _labelled(name, value) for name, value in error.params.items()})


# Whose words stand in the sentences of rules, by the name of their place.
_WORDS: Mapping[str, Mapping[str, object]] = {
    "clause": labels.CLAUSE,
    "effect": labels.NOTICE_EFFECT,
    "periodicity": labels.INDEX_PERIODICITY,
}


def _labelled(name: str, value: object) -> object:
    label = _WORDS.get(name, {}).get(str(value))
    return value if label is None else labelled(str(value), label)


# One sentence for each step that the rules take (contracts/rules); an unknown one is said in its code's own words.
STEPS: Mapping[str, Promise] = {
    "counted_from_end_of": _(
        "A notice takes effect at the end of a %(end_of)s only; the last such day until %(last_day)s is %(on)s."
    ),
    "counted_back": _("%(period)s counted back from the last day, %(last_day)s, lead to %(to)s."),
    "greatest_day_in_time": _("A notice on %(on)s is still in time: the period then reaches %(reaches)s."),
    "not_moved": _("No weekend or public holiday moves this day."),
    "disputed_reading_moves": _(
        "On a reading that is disputed, the day moves forward from %(from)s to %(to)s, because nobody works before."
    ),
    "internal_pulled_back": _("To be safe, act by %(to)s: %(from)s is no working day."),
    "event_day_not_counted": _("The day of the event, %(on)s, is not counted."),
    "counted_forward": _("%(period)s counted forward lead to %(to)s."),
    "clamped_to_month_end": _("The month has no day %(wanted_day)s, so %(to)s counts."),
    "moved_forward": _("%(from)s is no working day, so the period ends on %(to)s."),
    "two_working_days_at_least": _("The period holds two working days at least: %(first)s and %(second)s."),
    "latest_reading_granted": _("The reading most favourable to the client is granted: %(on)s."),
    "elapsed_hours": _("%(to)s is %(hours)s elapsed hours after %(from)s, whatever the clocks do."),
    "counted_from_anchor": _(
        "Term %(number)s is counted from the contract's first day: %(starts_on)s to %(last_day)s."
    ),
    "begins_counted_from_anchor": _(
        "The beginning of term %(number)s is counted from the contract's first day: %(starts_on)s."
    ),
    "indefinite_without_renewal_term": _("No length is agreed for a renewal, so the term is indefinite."),
    "counts_from": _("What counts is the %(effect)s of the notice: %(on)s."),
    "notice_expires": _("%(period)s from %(from)s end on %(on)s."),
    "effective_at_end_of": _("It takes effect at the end of a %(end_of)s only: %(on)s."),
    "sender_not_entitled": _("The sender is not entitled; given by somebody who is, it would end on %(would_end_on)s."),
    "ends_without_notice": _("The contract ends by itself on %(last_day)s."),
    "in_time_under_disputed_reading": _(
        "The strict last day was %(legal)s; on the reading most favourable to the client it is %(until)s."
    ),
    "in_time_for_term": _("It is in time for term %(number)s: the last day is %(last_day)s."),
    "held_by_commitment": _("The minimum commitment lasts until %(committed_until)s."),
    "late_for_term": _("It is too late for term %(number)s, whose last day is %(last_day)s."),
    "ends_indefinite_term": _("The indefinite term ends on %(last_day)s."),
    "takes_effect_at_end_of_term": _("It takes effect at the end of term %(number)s, on %(last_day)s."),
    "given_before_exit_right_opens": _(
        "It was given before the right to leave opens: the contract starts on %(starts_on)s, "
        "and the commitment lasts until %(committed_until)s."
    ),
    "renewal_certain_on": _("The renewal to term %(number)s is certain from %(on)s: no notice can prevent it then."),
    "can_be_accepted_until": _("It can be accepted until %(valid_until)s, that day included."),
    "price_decided_before": _("The price of term %(number)s is decided before it begins, on %(starts_on)s."),
    "price_known_before_notice": _("The client should know it before its last day for notice, %(last_notice_on)s."),
    "contract_ends_on": _("The contract's last day is %(last_day)s."),
    "mid_term_exit": _("The contract may be left within a term; the last day is %(last_day)s."),
    # Around the steps of a rule: which it was, what else it could be, and where it stands written.
    "rule_applied": _("Rule %(rule)s, version %(version)s."),
    "other_reading": _("On another reading it is %(on)s."),
    "source": _("Source: %(source)s."),
    **explain_exit.STEPS,
    **explain_notices.STEPS,
    "renewal_stayed": _(
        "Both sides stayed the renewal: until %(until)s either may still give notice for the running term."
    ),
    "in_time_under_stay": _(
        "Both sides stayed the renewal until %(until)s: it is in time for the running term, and the last day is "
        "%(last_day)s."
    ),
    **explain_money.STEPS,
}
# Parameters that are words, by their name.
WORDS: Mapping[str, Mapping[str, Promise]] = {
    "channel": explain_notices.CHANNELS,
    "kind": explain_notices.KINDS,
    "effect": {"sending": _("sending"), "receipt": _("receipt")},
    "end_of": {
        "month": pgettext_lazy("at the end of a …", "month"),
        "quarter": pgettext_lazy("at the end of a …", "quarter"),
    },
}


def reasons(explanation: Mapping[str, Any], *, steps: Mapping[str, Promise] = STEPS) -> list[str]:
    """Say why a date is what it is: a sentence for each step of a stored explanation, the date under another reading
    where there is one, and its source last.

    Nothing explained (an empty mapping) gives no sentence. ``steps``: the sentences of another app's rules.
    """
    found = [sentence(step, steps=steps) for step in explanation.get("steps", ())]
    if other := explanation.get("other_reading"):
        found.append(sentence({"code": "other_reading", "params": {"on": other}}))
    if source := explanation.get("source"):
        found.append(sentence({"code": "source", "params": {"source": source}}))
    return found


def told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calculator's answer with a sentence beside each step, in English whatever the reader's language.

    Programs get the same answer from every face; people read the sentences in their own language on the page.
    """
    with translation.override("en"):
        steps = [{**step, "text": sentence(step)} for step in answer["explanation"]]
    return {**answer, "explanation": steps}


def sentence(step: Mapping[str, Any], *, steps: Mapping[str, Promise] = STEPS) -> str:
    """Say one step in the reader's language; an unknown one in its code's own words."""
    code, params = step["code"], step.get("params", {})
    text = steps.get(code)
    if text is None:
        return str(code).replace("_", " ")
    said = {name: _said(name, value) for name, value in params.items()}
    if "length" in params and "unit" in params:
        said["period"] = _period(int(params["length"]), str(params["unit"]))
    return str(text) % said


def _said(name: str, value: object) -> str:
    """Say a step's parameter: a day or an instant in the reader's form, a word in the reader's language."""
    if value is None:
        return gettext("no day")
    if name == "source":
        return explain_money.source(str(value))
    if name in WORDS:
        return str(WORDS[name].get(str(value), value))
    if not isinstance(value, str):
        return str(value)
    if (money := explain_money.said(name, value)) is not None:
        return money
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return formats.date_format(at, "DATE_FORMAT" if len(value) == len("2026-01-31") else "DATETIME_FORMAT")


def _period(length: int, unit: str) -> str:
    if unit == NoticeUnit.DAYS:
        text = ngettext("%(count)d day", "%(count)d days", length)
    elif unit == NoticeUnit.WEEKS:
        text = ngettext("%(count)d week", "%(count)d weeks", length)
    else:
        text = ngettext("%(count)d month", "%(count)d months", length)
    return text % {"count": length}
