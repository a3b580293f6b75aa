"""Choices that several faces offer, by name: parts of what is stored."""

from accounts.enums import LicenceAct, LicenceStatus, SuspensionReason

# What is asked for many people at once, or for one: not what only the system does.
BULK_ACTS = [
    (act.value, act.label)
    for act in (
        LicenceAct.SUSPEND,
        LicenceAct.REINSTATE,
        LicenceAct.RESTRICT,
        LicenceAct.LIFT,
        LicenceAct.SCHEDULE,
        LicenceAct.CANCEL,
    )
]
# The other reason is the system's own: no licence is in force.
SUSPENSIONS_BY_HAND = [
    (reason.value, reason.label) for reason in SuspensionReason if reason is not SuspensionReason.LICENCE_ENDED
]
# Whom a client's rule may touch.
RULE_STATUSES = [
    (status.value, status.label) for status in (LicenceStatus.ACTIVE, LicenceStatus.RESTRICTED, LicenceStatus.SUSPENDED)
]
