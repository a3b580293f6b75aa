"""Who may end a contract on which ground, and which grounds take a proof."""

from collections.abc import Mapping

from contracts.enums import NoticeParty, TerminationGround

# Which side declares it; both may declare one for a grave cause, both together agree. A switch is the customer's.
DECLARED_BY: Mapping[TerminationGround, frozenset[NoticeParty]] = {
    TerminationGround.CONVENIENCE: frozenset({NoticeParty.CLIENT}),
    TerminationGround.VENDOR_BREACH: frozenset({NoticeParty.CLIENT}),
    TerminationGround.CLIENT_BREACH: frozenset({NoticeParty.VENDOR}),
    TerminationGround.AGREEMENT: frozenset(NoticeParty),
    TerminationGround.SWITCHING: frozenset({NoticeParty.CLIENT}),
    TerminationGround.IMMEDIATE: frozenset(NoticeParty),
}
# What takes the document that declares or agrees it, for the table too. A switch has the letter of its own case, or was
# declared here by a member of the client.
PROVED = frozenset(TerminationGround) - {TerminationGround.SWITCHING}


def may_declare(party: NoticeParty, ground: TerminationGround | None) -> bool:
    """Say whether a side can leave on a ground. Without one it leaves on notice, as either side may."""
    return ground is None or party in DECLARED_BY[ground]


def is_proved(ground: TerminationGround) -> bool:
    """Say whether a termination on a ground takes a proof, whoever records it."""
    return ground in PROVED
