"""What the rules of switching, requests, breaches and reminders answer in codes, said in sentences."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STEPS: Mapping[str, Promise] = {
    "before_data_act": _("The Data Act applies from %(from)s; before that day the contract alone decides."),
    "notice_counted_as_two_months": _("The contract's notice for switching is longer than two months: two count."),
    "unfeasible_may_be_told_until": _(
        "That a transition of 30 days is not feasible may be said until %(on)s, the working day number %(days)s after "
        "the notice (%(country)s)."
    ),
    "transition_at_most": _("The transition lasts %(days)s calendar days at most, until %(to)s."),
    "transition_unfeasible": _(
        "It was said in time, on %(told_on)s, that this is not feasible: the transition lasts until %(to)s."
    ),
    "unfeasible_told_late": _(
        "It was said on %(told_on)s that this is not feasible: too late, the right to say so ended on %(until)s."
    ),
    "transition_extended": _("The client extended the transition to %(to)s, which it may do once."),
    "ends_with_completion": _("The contract ends with the completion of switching, on %(on)s."),
    "ends_with_transition": _("The contract ends when switching is completed: by the transition's end, %(on)s."),
    "goes_on_past_term": _("The term ends on %(term_end)s, but the contract goes on to the transition's end, %(to)s."),
    "retrieval_after_agreed_transition": _(
        "The retrieval period runs from the end of the agreed transition, %(after)s, even after an early completion."
    ),
    "erasure_once_completed": _("Erasure may begin on %(from)s, only if switching has been completed by then."),
    "erasure_after_retrieval": _("Switching is completed, so erasure may begin on %(from)s."),
    "erase_only": _(
        "Only erasure is asked for: the contract ends on %(on)s, nothing is retrieved, erasure may begin on %(from)s."
    ),
    "extension_told_in_time": _(
        "The extension was told on %(told_on)s, in time (until %(until)s): three months count from receipt."
    ),
    "extension_told_late": _("The extension was told on %(told_on)s, after %(until)s: it counts for nothing."),
    "clock_paused": _(
        "Asked on %(asked_on)s and answered on %(answered_on)s: the clock stood still for %(days)s days, to %(to)s."
    ),
    "pause_after_due": _("The question of %(asked_on)s came when the answer was due already, on %(due)s: no pause."),
    "earlier_of_two_instants": _("The clocks show this time twice; the earlier instant counts: %(at)s."),
    "reminder_window": _(
        "The renewal can be rejected until %(deadline)s, so the reminder is sent between %(opens)s and %(closes)s."
    ),
    "reminder_protects": _(
        "If it is missed, a consumer or a non-professional may leave at any time after the renewal, free of charge; "
        "what is prepaid is refunded pro rata."
    ),
    "reminder_in_window": _("The reminder was sent in its time, on %(on)s."),
    "reminder_out_of_window": _("The reminder of %(on)s was not sent between %(opens)s and %(closes)s."),
    "reminder_missing": _("No reminder was sent until %(closes)s."),
    "free_exit": _(
        "From %(from)s the client may leave at any time, free of charge; what is prepaid is refunded pro rata."
    ),
    "reminder_is_good_practice": _("For a company the reminder is good practice; missing it has no sanction."),
}
