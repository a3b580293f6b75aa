"""Why the cost of leaving, or the day until which a contract binds, steps: the codes of the rule in sentences."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contracts.rules.whatif import Reason

REASONS: Mapping[Reason, Promise] = {
    Reason.FIRST_DAY: _("the first day looked at"),
    Reason.NEW_TERM: _("a new term binds"),
    Reason.END_PASSED: _("an end that was open has passed"),
    Reason.COMMITMENT_OVER: _("the minimum commitment is over"),
    Reason.FREE_TO_LEAVE: _("free to leave"),
    Reason.SWITCHING_NOTICE_OVER: _("the switching notice is over"),
    Reason.SWITCHING_FREE: _("switching is free of charge from here on"),
    Reason.OTHER_WAY_CHEAPER: _("another way out is cheaper from here on"),
}


def reason(code: Reason) -> str:
    """Return the sentence of a code, in the reader's language."""
    return str(REASONS[code])
