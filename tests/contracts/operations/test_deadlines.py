"""Stored deadlines: opened, met, reopened when their inputs change; late ones seen; the second sweep writes nothing."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts import tenancy
from accounts.errors import InvalidInput
from accounts.models import AuditDetail, AuditEvent
from accounts.operations.sweeping import SYSTEM
from contracts import explain, sweeps
from contracts.enums import GoverningLaw
from contracts.models import Contract, Deadline
from contracts.operations import deadlines, signing, stored
from tests.contracts.agreements import a_draft, a_signed_contract, at
from tests.contracts.operations.lives import IN_ORDER, MANAGER, at_once, fresh, give, live_until, utc, withdraw
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
ORDER = (*IN_ORDER, sweeps.refresh_all_deadlines)


def an_active_contract(**values):
    contract = a_signed_contract(an_organization(), **values)
    live_until("2025-01-02", ORDER)
    return contract


def refresh(instant):
    return sweeps.refresh_all_deadlines(at=at(instant) if isinstance(instant, str) else instant, by=SYSTEM)


def rows(contract, **wanted):
    """Return the rows of a contract as (kind, occurrence, last day, state)."""
    with tenancy.vendor():
        found = Deadline.objects.filter(contract=contract, **wanted).order_by("pk")
        return [(one.kind, one.occurrence, str(one.legal_on), state(one)) for one in found]


def state(one):
    if one.superseded_at is not None:
        return "superseded" if one.superseded_by else "withdrawn"
    return "met" if one.met_at else "open"


def standing(contract):
    return {(kind, number): (on, how) for kind, number, on, how in rows(contract, superseded_at__isnull=True)}


def the(contract, kind):
    with tenancy.vendor():
        return Deadline.objects.select_related("contract").standing().get(contract=contract, kind=kind)


def test_a_contract_that_starts_has_its_deadlines_with_rule_inputs_and_why():
    contract = an_active_contract()
    assert standing(contract) == {
        ("last_notice", 1): ("2025-09-30", "open"),
        ("renewal_certain", 2): ("2025-10-01", "open"),
        ("renewal", 2): ("2026-01-01", "open"),
    }
    found = the(contract, "last_notice")
    assert (found.rule, found.version, found.calendar_country) == ("fr_contract.back", 1, "FR")
    assert (str(found.nominal_on), str(found.internal_on)) == ("2025-09-30", "2025-09-30")
    assert found.inputs["last_day"] == "2025-12-31" and found.due_at == utc("2025-09-30 22:00")
    with translation.override("en"):
        assert explain.reasons(found.why)[0].startswith("3 months counted back")


def test_a_renewal_meets_them_and_opens_the_next():
    contract = an_active_contract()
    live_until("2025-10-02", ORDER)
    assert standing(contract)["last_notice", 1] == ("2025-09-30", "met")
    assert standing(contract)["renewal_certain", 2] == ("2025-10-01", "met")
    live_until("2026-01-02", ORDER)
    found = standing(contract)
    assert found["renewal", 2] == ("2026-01-01", "met")
    assert found["last_notice", 2] == ("2026-09-30", "open")
    with tenancy.vendor():
        met = Deadline.objects.get(contract=contract, kind="renewal", occurrence=2)
    assert (met.met_at, met.met_by) == (utc("2025-12-31 23:00"), SYSTEM)


def test_an_outage_of_years_leaves_nothing_open_behind():
    contract = an_active_contract()
    live_until("2029-03-01", ORDER)
    opened = [key for key, (_on, how) in standing(contract).items() if how == "open"]
    assert opened == [("last_notice", 5), ("renewal_certain", 6), ("renewal", 6)]


def test_a_notice_given_and_withdrawn_closes_and_reopens_with_the_old_rows_kept():
    contract = an_active_contract()
    give(contract, "2025-06-01")
    refresh("2025-06-02")
    assert standing(contract) == {
        ("contract_end", 0): ("2025-12-31", "open"),
        ("retrieval_end", 0): ("2026-01-30", "open"),
    }
    withdraw(contract, "2025-06-10")
    refresh("2025-06-11")
    assert standing(contract) == {
        ("last_notice", 1): ("2025-09-30", "open"),
        ("renewal_certain", 2): ("2025-10-01", "open"),
        ("renewal", 2): ("2026-01-01", "open"),
    }
    assert rows(contract, kind="last_notice") == [
        ("last_notice", 1, "2025-09-30", "withdrawn"),
        ("last_notice", 1, "2025-09-30", "open"),
    ]


def test_changed_inputs_supersede_and_name_the_successor():
    contract = an_active_contract()
    with tenancy.vendor():
        Contract.objects.filter(pk=contract.pk).update(notice_length=2)
        stored.deadlines_changed(contract)
    refresh("2025-02-01")
    old, new = rows(contract, kind="last_notice")
    assert (old, new) == (("last_notice", 1, "2025-09-30", "superseded"), ("last_notice", 1, "2025-10-31", "open"))
    with tenancy.vendor():
        first, second = Deadline.objects.filter(contract=contract, kind="last_notice").order_by("pk")
        assert (first.superseded_by, first.superseded_at) == (second.public_id, at("2025-02-01"))
        event = AuditEvent.objects.get(name="deadline.superseded", subject_id=first.public_id)
    assert event.data["was"] == "2025-09-30" and event.data["is"] == "2025-10-31"


def test_other_inputs_supersede_though_the_days_are_the_same():
    contract = an_active_contract()
    with tenancy.vendor():
        Contract.objects.filter(pk=contract.pk).update(notice_length=92, notice_unit="days")
        stored.deadlines_changed(contract)
    refresh("2025-02-01")
    assert rows(contract, kind="last_notice") == [
        ("last_notice", 1, "2025-09-30", "superseded"),
        ("last_notice", 1, "2025-09-30", "open"),
    ]
    assert the(contract, "last_notice").inputs["length"] == 92


def test_a_notice_recorded_late_undoes_a_renewal_that_was_met():
    contract = an_active_contract()
    live_until("2026-01-02", ORDER)
    given = give(contract, "2025-09-01", recorded="2026-01-03")
    refresh("2026-01-03")
    assert (given.judgment, standing(contract)["contract_end", 0]) == ("in_time", ("2025-12-31", "open"))
    live_until("2026-01-04", ORDER)
    assert standing(contract)["contract_end", 0] == ("2025-12-31", "met")


def test_a_renewal_that_was_undone_is_asked_again():
    contract = an_active_contract()
    live_until("2025-10-02", ORDER)
    with tenancy.vendor():
        contract.terms.filter(number=2).update(voided_at=at("2025-10-03"))
        stored.deadlines_changed(contract)
    refresh("2025-10-03")
    assert rows(contract, kind="renewal_certain") == [
        ("renewal_certain", 2, "2025-10-01", "superseded"),
        ("renewal_certain", 2, "2025-10-01", "open"),
    ]


def test_what_is_granted_passes_by_itself_and_what_we_owe_is_late():
    contract = an_active_contract()
    refresh("2025-10-05")  # the other sweeps stand still
    assert standing(contract)["last_notice", 1] == ("2025-09-30", "met")
    with tenancy.vendor():
        late = list(Deadline.objects.late(at=at("2025-10-05")).values_list("kind", flat=True))
    assert late == ["renewal_certain"]
    assert the(contract, "renewal_certain").is_late(at=at("2025-10-05"))
    assert not the(contract, "renewal").is_late(at=at("2025-10-05"))


def test_the_retrieval_period_passes():
    contract = an_active_contract(auto_renews=False)
    live_until("2026-01-31", ORDER)
    assert standing(contract) == {
        ("contract_end", 0): ("2025-12-31", "met"),
        ("retrieval_end", 0): ("2026-01-30", "met"),
    }
    with tenancy.vendor():
        assert Deadline.objects.get(kind="retrieval_end").met_at == utc("2026-01-30 23:00")


def test_a_draft_has_none_and_a_cancelled_contract_none_any_more():
    draft, signed = a_draft(an_organization()), a_signed_contract(an_organization())
    refresh("2024-12-03")
    with tenancy.vendor():
        signing.cancel(Contract.objects.get(pk=signed.pk), now=at("2024-12-05"), by=MANAGER)
    refresh("2024-12-06")
    assert rows(draft) == [] and standing(signed) == {}


def test_a_second_run_writes_nothing():
    an_active_contract()
    with tenancy.vendor():
        assert not sweeps.deadlines_due(at=at("2025-01-02")).exists()
        before = list(Deadline.objects.order_by("pk").values())
        Contract.objects.update(deadlines_stale=True)
    assert refresh("2025-03-01").done == 1
    assert refresh("2025-03-01").done == 0
    with tenancy.vendor():
        assert list(Deadline.objects.order_by("pk").values()) == before


def test_a_newer_list_of_holidays_that_moves_nothing_opens_nothing():
    contract = an_active_contract()
    with tenancy.vendor():
        found = Deadline.objects.get(kind="last_notice")
        Deadline.objects.filter(pk=found.pk).update(inputs={**found.inputs, "holidays": "0.1"})
        stored.deadlines_changed(contract)
    refresh("2025-03-01")
    assert the(contract, "last_notice").pk == found.pk


def test_two_workers_open_each_once():
    contract = a_signed_contract(an_organization())
    at_once(lambda: deadlines.refresh([contract.pk], now=at("2024-12-03"), by=SYSTEM))
    refresh("2024-12-03")
    assert len(rows(contract)) == 3


def test_one_contract_that_the_rules_refuse_holds_up_no_other():
    broken, fine = a_signed_contract(an_organization()), a_signed_contract(an_organization())
    with tenancy.vendor():
        Contract.objects.filter(pk=broken.pk).update(time_zone="Europe/Nowhere")
    swept = refresh("2024-12-03")
    assert (swept.done, swept.refused) == (1, {"error": 1})
    assert rows(broken) == [] and len(rows(fine)) == 3


def test_the_cost_is_constant_in_queries():
    def cost(count):
        for _one in range(count):
            a_signed_contract(an_organization())
        with CaptureQueriesContext(connection) as queries:
            assert refresh("2024-12-03").done == count
        return len(queries)

    assert cost(1) == cost(12)


def test_a_person_meets_one_with_a_reason_and_it_is_not_asked_again():
    contract = an_active_contract(governing_law=GoverningLaw.PL.value)
    found = the(contract, "renewal_certain")
    with tenancy.vendor():
        deadlines.meet(found, reason="Agreed with the client by phone.", now=at("2025-05-01"), by=MANAGER)
        stored.deadlines_changed(contract)
    refresh("2025-05-02")
    assert standing(contract)["renewal_certain", 2][1] == "met"
    with tenancy.vendor():
        event = AuditEvent.objects.get(name="deadline.met")
        assert "phone" not in str(event.data)
        assert AuditDetail.objects.get(event_id=event.pk).text == {"reason": "Agreed with the client by phone."}
        Contract.objects.filter(pk=contract.pk).update(notice_length=2)
        stored.deadlines_changed(contract)
    refresh("2025-05-03")
    assert standing(contract)["renewal_certain", 2][1] == "open"


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001, "a\x00b"], ids=["empty", "blank", "long", "control"])
def test_a_reason_is_a_line_of_text(reason):
    found = the(an_active_contract(), "renewal")
    with pytest.raises(InvalidInput), tenancy.vendor():
        deadlines.meet(found, reason=reason, now=at("2025-05-01"), by=MANAGER)


def test_two_people_meet_one_once():
    found = the(an_active_contract(), "renewal")
    done, refused = at_once(lambda: deadlines.meet(found, reason="Done.", now=at("2025-05-01"), by=MANAGER))
    assert (done, refused) == (1, ["deadline_closed"])


def test_a_client_sees_its_own_and_none_of_the_vendors_plans():
    mine, other = an_active_contract(), an_active_contract()
    with tenancy.vendor():
        row = the(mine, "renewal")
        Deadline.objects.filter(pk=row.pk).update(vendor_only=True)
    with tenancy.tenant(mine.organization_id):
        assert set(Deadline.objects.values_list("kind", flat=True)) == {"last_notice", "renewal_certain"}
        assert not Deadline.objects.filter(contract_id=other.pk).exists()


def test_what_is_stored_is_what_the_rules_say_all_along_a_life():
    contract = an_active_contract(starts_on=date(2024, 2, 29), concluded_on=date(2024, 1, 2))
    instant = at("2025-01-02")
    for week in range(120):
        instant += timedelta(days=7)
        live_until(instant, ORDER)
        if week == 70:
            give(contract, instant.date().isoformat())
        if week == 75:
            withdraw(contract, instant)
        refresh(instant)
        with tenancy.vendor():
            found = deadlines.SOURCES[0]([fresh(contract)])[contract.pk]
            wanted = {one.key for one in found if hasattr(one, "legal") and one.due_at > instant}
            stored_rows = Deadline.objects.open().filter(contract=contract)
            assert {(row.kind, row.subject_id, row.occurrence) for row in stored_rows} == wanted
