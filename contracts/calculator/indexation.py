"""``indexation``: the price that follows an index."""

from decimal import Decimal

from contracts.calculator import forms
from contracts.calculator.amounts import CURRENCY, money_of, written
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import indexation

PRICE = Input("price", forms.NUMBER, _("Price before the revision"))
S0 = Input("s0", forms.NUMBER, _("Index at signature or at the last revision"))
S1 = Input(
    "s1",
    forms.NUMBER,
    _("Index last published on the revision date"),
    _("Left out: the price stays as it is, and is flagged."),
    required=False,
)
SHARE = Input("a", forms.NUMBER, _("Fixed share"), _("Between 0 and 1; left out: 0."), required=False)
FLOOR = Input("floor", forms.NUMBER, _("Floor of the factor"), _("1.00 is no decrease."), required=False)
CAP = Input("cap", forms.NUMBER, _("Cap of the factor"), _("1.03 is three per cent more."), required=False)
LINK = Input("link", forms.NUMBER, _("Link coefficient"), _("From a new index series to the old one."), required=False)


def _answer(given: Given) -> Answer:
    share = SHARE.found(given)
    found = indexation.revise(
        money_of(PRICE, given),
        s0=S0.of(given),
        s1=S1.found(given),
        fixed_share=Decimal(0) if share is None else share,
        floor=FLOOR.found(given),
        cap=CAP.found(given),
        link=LINK.found(given),
    )
    fields = {"price": written(found.price), "factor": f"{found.factor:f}", "flagged": found.flagged}
    return Answer(fields, found.explanation)


RULE = Rule(
    name="indexation",
    title=_("Indexation"),
    help=_("The price that follows an index, between a floor and a cap."),
    inputs=(PRICE, S0, S1, SHARE, FLOOR, CAP, LINK, CURRENCY),
    outputs=("price", "factor", "flagged"),
    answer=_answer,
)
