"""``chatel``: when the reminder before a tacit renewal is sent."""

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import chatel

TERM_END = Input("term_end", forms.DAY, _("Last day of the term"))
NOTICE = Input("notice", forms.DURATION, _("Notice period"))


def _answer(given: Given) -> Answer:
    notice = NOTICE.of(given)
    found = chatel.window(TERM_END.of(given), length=notice.length, unit=notice.unit)
    return Answer({"window_opens": found.opens, "window_closes": found.closes}, found.explanation)


RULE = Rule(
    name="chatel",
    title=_("Reminder before a tacit renewal (loi Chatel)"),
    help=_("When a consumer or a non-professional is reminded that a renewal can be rejected."),
    inputs=(TERM_END, NOTICE),
    outputs=("window_opens", "window_closes"),
    answer=_answer,
    renames={"date": "notice", "length": "notice"},
)
