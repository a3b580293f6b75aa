"""``last-notice-day``: until when a notice can be given so that a contract ends with its term."""

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.enums import GoverningLaw, NoticeEndOf
from contracts.rules import periods

TERM_END = Input("term_end", forms.DAY, _("Last day of the term"))
NOTICE = Input("notice", forms.DURATION, _("Notice period"))
LAW = Input("law", forms.choice(GoverningLaw, without=frozenset({GoverningLaw.OTHER})), _("Law of the contract"))
END_OF = Input(
    "end_of",
    forms.choice(NoticeEndOf),
    _("To the end of a"),
    _("Where the contract lets a notice take effect only at the end of a month or of a quarter."),
    required=False,
)
COUNTRY = Input(
    "country", forms.COUNTRY, _("Country of the working days"), _("Left out: the country of the law."), required=False
)


def _answer(given: Given) -> Answer:
    law, notice = LAW.of(given), NOTICE.of(given)
    found = periods.count_back(
        TERM_END.of(given),
        length=notice.length,
        unit=notice.unit,
        regime=periods.contract_regime(law),
        calendar_country=COUNTRY.found(given) or law.value,
        end_of=END_OF.found(given),
    )
    fields = {"nominal": found.nominal, "legal": found.legal, "internal": found.internal}
    return Answer(fields, found.explanation)


RULE = Rule(
    name="last-notice-day",
    title=_("Last day for notice"),
    help=_("Until when a notice can be given so that the contract ends with its term."),
    inputs=(TERM_END, NOTICE, LAW, END_OF, COUNTRY),
    outputs=("nominal", "legal", "internal"),
    answer=_answer,
    renames={"date": "notice", "length": "notice"},
)
