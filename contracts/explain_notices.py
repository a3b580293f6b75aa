"""What the rules about reminders, sending and reading a notice answer in codes, said in the reader's language."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHANNELS: Mapping[str, Promise] = {
    "letter": _("letter"),
    "registered_letter": _("registered letter"),
    "email": _("e-mail"),
    "portal": _("portal"),
    "hand": _("by hand"),
}
KINDS: Mapping[str, Promise] = {
    "non_renewal": _("non-renewal notice"),
    "termination": _("notice of termination"),
    "switching": _("switching"),
    "erasure_only": _("erasure only"),
    "unclear": _("unclear"),
}
STEPS: Mapping[str, Promise] = {
    "reminder_planned": _("%(lead)s days before %(last_notice_on)s a reminder is due, on %(on)s."),
    "reminder_before_term": _("The reminder %(lead)s days before falls on %(on)s, before the term: it is skipped."),
    "leaves_free_of_charge": _("So the last day is %(last_day)s, free of charge."),
    "vendor_counts_early": _("The vendor's own notice is held to the earliest reading: %(on)s."),
    "must_be_received_by": _("Receipt counts, so it must have arrived on a working day (%(country)s): %(on)s."),
    "postal_time": _("The way (%(channel)s) takes %(days)s working days, so it is sent on %(on)s at the latest."),
    "sending_counts": _("Sending counts; the last working day for it is %(on)s (%(country)s)."),
    "matched_reference": _("It names the contract's reference, %(reference)s."),
    "matched_number": _("It holds the registration number, %(number)s."),
    "matched_name": _("It holds the name, %(name)s."),
    "phrase_found": _("“%(phrase)s” says: %(kind)s (weight %(weight)s)."),
    "phrase_negated": _("“%(phrase)s” is negated, so it counts for nothing."),
    "classified": _("Suggested: %(kind)s. A person decides."),
    "nothing_to_remind_of": _("No day is the last one for notice, so there is nothing to remind of."),
}
