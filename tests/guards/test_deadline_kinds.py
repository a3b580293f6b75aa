"""Every kind of deadline is stored by something, and explained."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import tenancy
from accounts.enums import Role
from contracts import explain, sweeps
from contracts.enums import DeadlineKind, NoticeChannel, NoticeKind, TerminationGround
from contracts.models import Contract, Deadline
from contracts.operations import outgoing, quotes, stored
from tests.accounts.parties import a_member
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations import switches
from tests.contracts.operations.lives import IN_ORDER, MANAGER, fresh, give, live_until
from tests.contracts.prices import an_offer, an_uplift
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOW = "2025-05-02"


def a_world_in_which_everything_is_due():
    association = an_organization(legal_category="association")
    a_member(Role.AUTHORISED_CONTACT, association)
    waiting = a_signed_contract(association, reference="W-1")
    leaving, switching = (a_signed_contract(an_organization(), reference=reference) for reference in ("L-1", "S-1"))
    live_until("2025-01-02")
    give(leaving, "2025-04-01")
    switches.opened(fresh(switching), received="2025-01-10", proof=switches.a_proof(fresh(switching).organization))
    live_until("2025-01-11", (sweeps.refresh_all_deadlines,))
    live_until("2025-05-01", (*IN_ORDER[:1], sweeps.step_all_switches, sweeps.refresh_all_deadlines))
    with tenancy.vendor():
        contract = Contract.objects.select_related("organization").get(pk=waiting.pk)
        an_offer(contract, sent_at=at(NOW), state="sent", sent_by="user:one")
        an_uplift(contract)
        outgoing.draft(
            contract,
            kind=NoticeKind.NON_RENEWAL,
            channel=NoticeChannel.LETTER,
            last_day=date(2025, 12, 31),
            now=at(NOW),
            by=MANAGER,
        )
        quotes.make(
            contract,
            exit_on=date(2025, 6, 30),
            ground=TerminationGround.AGREEMENT,
            agreed=Decimal(100),
            now=at(NOW),
            by=MANAGER,
        )
        stored.deadlines_changed(contract)
    live_until(NOW, (sweeps.refresh_all_deadlines,))


def test_every_kind_is_stored_by_something_and_explained():
    a_world_in_which_everything_is_due()
    with tenancy.vendor():
        rows = list(Deadline.objects.all())
    missing = {kind.value for kind in DeadlineKind} - {row.kind for row in rows}
    assert not missing, f"{sorted(missing)}: add a source in contracts/operations/deadlines.py, or delete the kind"
    for row in rows:
        said = explain.reasons(row.why)
        assert len(said) > 1, f"{row.kind}: a step with a sentence, and the source"
