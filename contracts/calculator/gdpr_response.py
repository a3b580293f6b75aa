"""``gdpr-response``: by when a data subject's request is answered."""

from contracts.calculator import forms
from contracts.calculator.answer import Answer
from contracts.calculator.rule import Given, Input, Rule
from contracts.calculator.words import gettext_noop as _
from contracts.rules import gdpr

RECEIVED_ON = Input("received_on", forms.DAY, _("Day of receipt"))
COUNTRY = Input("country", forms.COUNTRY, _("Country of the working days"), _("Of whoever answers: the controller."))
TOLD_ON = Input(
    "extension_told_on",
    forms.DAY,
    _("Extension told on"),
    _("The day on which the person was told of the extension and its reasons."),
    required=False,
)
PAUSED = Input(
    "paused",
    forms.DAY_RANGES,
    _("Paused"),
    _("From the day on which more was asked about the identity to the day of the answer."),
    required=False,
)


def _answer(given: Given) -> Answer:
    pauses = [gdpr.Pause(one.start, one.end) for one in PAUSED.found(given) or ()]
    found = gdpr.response_due(
        RECEIVED_ON.of(given),
        country=COUNTRY.of(given),
        extension_told_on=TOLD_ON.found(given),
        pauses=pauses,
    )
    fields = {"nominal": found.nominal, "legal": found.legal, "internal": found.internal}
    return Answer(fields, found.explanation)


RULE = Rule(
    name="gdpr-response",
    title=_("Answer to a data subject"),
    help=_("By when a request of a data subject is answered (GDPR, Article 12)."),
    inputs=(RECEIVED_ON, COUNTRY, TOLD_ON, PAUSED),
    outputs=("nominal", "legal", "internal"),
    answer=_answer,
    renames={"date": "received_on"},
)
