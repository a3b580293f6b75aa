"""``early-termination``: what remains of a term's fee after an exit, and the penalty."""

from contracts.calculator import forms
from contracts.calculator.amounts import CURRENCY, money_found, money_of, written
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import leaving
from contracts.rules.days import ONE_DAY
from contracts.rules.terms import Term

TERM_START = Input("term_start", forms.DAY, _("First day of the term"))
TERM_END = Input("term_end", forms.DAY, _("Last day of the term"))
FEE = Input("fee", forms.NUMBER, _("Fee of the term"), _("Before VAT."))
EXIT_ON = Input("exit_on", forms.DAY, _("Last day of service"))
RATE = Input("rate", forms.SHARE, _("Rate of the penalty"))
CAP = Input("cap", forms.NUMBER, _("Cap of the penalty"), required=False)


def _answer(given: Given) -> Answer:
    found = leaving.leave(
        Term(1, TERM_START.of(given), TERM_END.of(given) + ONE_DAY),
        fee=money_of(FEE, given),
        exit_on=EXIT_ON.of(given),
        rate=RATE.of(given),
        cap=money_found(CAP, given),
    )
    fields = {
        "remaining_days": found.remaining_days,
        "remaining": written(found.remaining),
        "penalty": written(found.penalty),
    }
    return Answer(fields, found.explanation)


RULE = Rule(
    name="early-termination",
    title=_("Early termination"),
    help=_("What remains of a term's fee after the last day of service, and the penalty; before VAT."),
    inputs=(TERM_START, TERM_END, FEE, EXIT_ON, RATE, CAP, CURRENCY),
    outputs=("remaining_days", "remaining", "penalty"),
    answer=_answer,
)
