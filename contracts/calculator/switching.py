"""``switching``: every date that follows from a switching notice under the Data Act."""

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import switching
from contracts.rules.errors import InvalidInput

NOTICE_ON = Input("notice_on", forms.DAY, _("Day of the switching notice"))
NOTICE = Input("notice", forms.DURATION, _("Notice period for switching"), _("At most two months."))
COUNTRY = Input("country", forms.COUNTRY, _("Country of the working days"))
TOLD_ON = Input(
    "unfeasible_told_on",
    forms.DAY,
    _("Told on: not feasible in 30 days"),
    _("The day on which the vendor said so with its reasons; with the transition that it needs."),
    required=False,
)
TRANSITION = Input(
    "transition",
    forms.DURATION,
    _("Transition that is needed"),
    _("Counted from the end of the notice period, at most seven months."),
    required=False,
)
EXTEND_TO = Input(
    "extend_to", forms.DAY, _("Extended by the client to"), _("Last day of the transition."), required=False
)
COMPLETED_ON = Input("completed_on", forms.DAY, _("Switching completed on"), required=False)
ERASE_ONLY = Input(
    "erase_only",
    forms.TRUTH,
    _("Only erasure"),
    _("The client takes nothing along and waives its data."),
    required=False,
)
TERM_END = Input("term_end", forms.DAY, _("Last day of the term"), required=False)
OUTPUTS = ("notice_end", "transition_end", "retrieval_end", "erase_from", "contract_ends", "unfeasible_limit")


def _answer(given: Given) -> Answer:
    notice_on, notice = NOTICE_ON.of(given), NOTICE.of(given)
    found = switching.compute(
        switching.Request(
            notice_on,
            switching.notice_asked(notice.length, notice.unit, notice_on=notice_on),
            COUNTRY.of(given),
            unfeasible=_unfeasible(given),
            extend_to=EXTEND_TO.found(given),
            completed_on=COMPLETED_ON.found(given),
            erase_only=bool(ERASE_ONLY.found(given)),
            term_end=TERM_END.found(given),
        )
    )
    return Answer({name: getattr(found, name) for name in OUTPUTS}, found.explanation)


def _unfeasible(given: Given) -> switching.Unfeasible | None:
    told_on, transition = TOLD_ON.found(given), TRANSITION.found(given)
    if told_on is None and transition is None:
        return None
    if told_on is None:
        raise InvalidInput("unfeasible_told_on", "missing", "needed beside the transition")
    if transition is None:
        raise InvalidInput("transition", "missing", "needed beside the day on which it was told")
    return switching.Unfeasible(told_on, transition.length, transition.unit)


RULE = Rule(
    name="switching",
    title=_("Switching to another provider"),
    help=_("Every date that follows from a switching notice under the EU Data Act."),
    inputs=(
        NOTICE_ON,
        NOTICE,
        COUNTRY,
        TOLD_ON,
        TRANSITION,
        EXTEND_TO,
        COMPLETED_ON,
        ERASE_ONLY,
        TERM_END,
    ),
    outputs=OUTPUTS,
    answer=_answer,
    renames={"date": "notice_on", "calendar_country": "country"},
)
