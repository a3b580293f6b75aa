"""Indexed prices: proposed before each renewal, flagged where a value is missing, applied by a person."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.models import Contract, Uplift
from contracts.operations import uplifts
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import TERMS, a_draft, a_signed_contract, at
from tests.contracts.indices import a_series, import_rows
from tests.contracts.operations.lives import IN_ORDER, at_once, fresh, give, live_until, trail, utc
from tests.retention.vaults import an_organization
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
BASE = "SYN,2024-10,242.60,2024-11-15"
SUMMER = "SYN,2025-07,245.60,2025-08-15"
# The last day for notice is 30 September: thirty days before it, the price is proposed.
DUE = at("2025-08-31")


def an_indexed_contract(**values):
    """Return an active contract of 10,000 a year that follows a series whose base is 242.60."""
    series = a_series()
    import_rows(BASE, now=at("2024-11-20"))
    named = {"annual_fee": Decimal(10000), "index_series": series}
    found = a_signed_contract(an_organization(), **{**named, **values})
    live_until("2025-01-02")
    return fresh(found)


def sweep(at_instant):
    """Run both sweeps; return how many were proposed and evaluated."""
    done = [work(at=at_instant, by=SYSTEM) for work in (sweeps.propose_all, sweeps.evaluate_all)]
    assert not any(one.refused for one in done), done
    return tuple(one.done for one in done)


def the_uplift():
    with tenancy.vendor():
        return Uplift.objects.select_related("contract").order_by("-pk").first()


def decide(act, now=DUE, by="user:manager"):
    uplift = the_uplift()
    with tenancy.vendor():
        return act(uplift, now=now, by=by)


def state():
    found = the_uplift()
    return None if found is None else (found.state, found.price_after)


def test_the_base_is_the_last_one_published_on_conclusion():
    contract = an_indexed_contract()
    assert (contract.index_base_period, contract.index_base_value) == (date(2024, 10, 1), Decimal("242.60"))


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"index_cap": Decimal(1)}, "index_cap", "without_series"),
        ({"index_fixed_part": Decimal("0.2")}, "index_fixed_part", "without_series"),
        ({"series": True, "index_fixed_part": Decimal("1.2")}, "index_fixed_part", "no_share"),
        ({"series": True, "index_fixed_part": Decimal("0.12345")}, "index_fixed_part", "too_many_decimals"),
        ({"series": True, "index_floor": Decimal(2), "index_cap": Decimal(1)}, "index_floor", "floor_above_cap"),
        ({"series": True, "index_cap": Decimal("NaN")}, "index_cap", "no_factor"),
        ({"series": True, "index_cap": Decimal("1.0000001")}, "index_cap", "too_many_decimals"),
        ({"series": True, "index_base_value": Decimal(100)}, "index_base_period", "without_period"),
        (
            {"series": True, "index_base_value": Decimal(0), "index_base_period": date(2024, 10, 1)},
            "index_base_value",
            "no_index_value",
        ),
        ({"series": True, "index_base_period": date(2024, 9, 1)}, "index_base_value", "unknown_value"),
        ({"series": True, "index_base_period": date(2024, 9, 2)}, "index_base_period", "not_a_period"),
        ({"series": True, "concluded_on": date(2024, 11, 14)}, "index_base_value", "unknown_value"),
    ],
)
def test_the_clause_is_checked(values, field, code):
    if values.pop("series", False):
        values["index_series"] = a_series()
        import_rows(BASE, now=at("2024-11-20"))
    with pytest.raises(InvalidInput) as raised:
        a_draft(an_organization(), **values)
    assert [(error.field, error.code) for error in raised.value.errors] == [(field, code)]


def test_it_is_proposed_before_the_last_day_for_notice_and_once():
    an_indexed_contract()
    import_rows(SUMMER, now=at("2025-08-20"))
    assert sweep(at("2025-08-30")) == (0, 0)
    assert sweep(DUE) == (1, 0)
    assert sweep(DUE) == (0, 0)
    found = the_uplift()
    assert (found.state, found.number, found.starts_on) == ("proposed", 2, date(2026, 1, 1))
    assert (found.price_before, found.price_after) == (Decimal("10000.00"), Decimal("10123.66"))
    assert (found.s0, found.s1, found.s1_period) == (Decimal("242.6"), Decimal("245.6"), date(2025, 7, 1))
    assert found.evidence["rule"] == "indexation"


@pytest.mark.parametrize(
    ("values", "price"),
    [
        pytest.param({"index_cap": Decimal("1.01")}, "10100.00", id="cap"),
        pytest.param({"index_floor": Decimal("1.02")}, "10200.00", id="floor"),
        pytest.param({"index_fixed_part": Decimal("0.15")}, "10105.11", id="fixed-part"),
    ],
)
def test_the_price_stays_within_what_the_stored_contract_agreed(values, price):
    an_indexed_contract(**values)
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(DUE)
    assert state() == ("proposed", Decimal(price))


@pytest.mark.parametrize(
    ("zone", "first_second"),
    [
        pytest.param("Pacific/Kiritimati", "2025-08-30 10:00", id="fourteen-hours-ahead"),
        pytest.param("Europe/Paris", "2025-08-30 22:00", id="two-hours-ahead"),
        pytest.param("America/Los_Angeles", "2025-08-31 07:00", id="seven-hours-behind"),
    ],
)
def test_it_is_proposed_from_midnight_in_the_contracts_zone(zone, first_second):
    an_indexed_contract(time_zone=zone)
    import_rows(SUMMER, now=at("2025-08-20"))
    assert sweep(utc(first_second) - timedelta(seconds=1)) == (0, 0)
    assert sweep(utc(first_second)) == (1, 0)
    assert state() == ("proposed", Decimal("10123.66"))


def test_the_day_of_the_evidence_is_that_of_the_contracts_zone():
    an_indexed_contract(time_zone="America/Los_Angeles")
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(utc("2025-09-02 06:00"))
    taken = next(step for step in the_uplift().evidence["steps"] if step["code"] == "index_value_taken")
    assert taken["params"]["on"] == "2025-09-01"


def test_a_value_that_is_published_on_a_day_that_has_not_reached_the_contract_yet_is_not_lost():
    an_indexed_contract(time_zone="America/Los_Angeles")
    assert sweep(utc("2025-09-02 06:00")) == (1, 0)
    import_rows("SYN,2025-07,245.60,2025-09-03", now=utc("2025-09-03 01:00"))
    assert sweep(utc("2025-09-03 01:01")) == (0, 1)
    assert state() == ("proposed", Decimal("10123.66"))


def test_a_missing_value_is_flagged_and_proposed_once_it_is_there():
    contract = an_indexed_contract()
    sweep(DUE)
    assert state() == ("flagged", None)
    with pytest.raises(Refused) as raised:
        decide(uplifts.apply)
    assert raised.value.code == "uplift_not_open"
    # Imported at the same instant as the sweep stands at: it is seen all the same.
    import_rows(SUMMER, now=DUE)
    assert sweep(DUE) == (0, 1)
    assert sweep(DUE) == (0, 0)
    assert state() == ("proposed", Decimal("10123.66"))
    assert fresh(contract).annual_fee == Decimal(10000)


def test_a_later_value_or_a_correction_is_proposed_anew_until_somebody_decides():
    an_indexed_contract()
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(DUE)
    import_rows("SYN,2025-08,250,2025-09-10", now=at("2025-09-11"))
    with pytest.raises(Refused) as raised:
        decide(uplifts.apply, now=at("2025-09-11"))
    assert raised.value.code == "uplift_outdated"
    assert sweep(at("2025-09-11")) == (0, 1)
    assert state() == ("proposed", Decimal("10305.03"))
    decide(uplifts.reject, now=at("2025-09-12"))
    import_rows("SYN,2025-08,251,2025-09-10", now=at("2025-09-13"))
    assert sweep(at("2025-09-13")) == (0, 0)
    assert state() == ("rejected", Decimal("10305.03"))


def test_applied_it_is_the_price_of_the_next_term_only_and_the_next_revision_starts_from_it():
    contract = an_indexed_contract()
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(DUE)
    applied = decide(uplifts.apply)
    assert (applied.state, applied.decided_by) == ("applied", "user:manager")
    assert fresh(contract).annual_fee == Decimal(10000)
    live_until("2026-01-02", order=(sweeps.amend_all, *IN_ORDER))
    with tenancy.vendor():
        fees = list(contract.terms.order_by("number").values_list("number", "fee"))
    assert fees == [(1, Decimal("10000.00")), (2, Decimal("10123.66"))]
    import_rows("SYN,2026-07,250.00,2026-08-15", now=at("2026-08-20"))
    sweep(at("2026-08-31"))
    second = the_uplift()
    assert (second.s0, second.price_before, second.price_after) == (
        Decimal("245.6"),
        Decimal("10123.66"),
        Decimal("10305.03"),
    )


@pytest.mark.parametrize(
    ("law", "values", "starts"),
    [
        pytest.param("no index", {"index_series": None}, 0, id="no-index"),
        pytest.param("ends", {"auto_renews": False}, 0, id="no-renewal"),
        pytest.param(
            "indefinite", {"first_term_months": 1, "notice_length": 0, "renewal_term_months": None}, 0, id="x"
        ),
    ],
)
def test_nothing_is_proposed_without_index_or_renewal(law, values, starts):
    an_indexed_contract(**values)
    assert sweep(DUE)[0] == starts


def test_under_notice_it_is_not_applied_and_it_lapses_when_nobody_decided():
    contract = an_indexed_contract()
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(DUE)
    give(contract, "2025-09-01")
    with pytest.raises(Refused) as raised:
        decide(uplifts.apply, now=at("2025-09-02"))
    assert raised.value.code == "uplift_not_open"
    live_until("2026-01-02")
    sweep(at("2026-01-02"))
    assert state()[0] == "lapsed"
    with pytest.raises(Refused):
        decide(uplifts.reject, now=at("2026-01-02"))


def test_two_people_apply_it_once():
    an_indexed_contract()
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(DUE)
    uplift = the_uplift()
    done, refused = at_once(lambda: uplifts.apply(uplift, now=DUE, by="user:one"))
    assert (done, refused) == (1, ["uplift_not_open"])
    assert trail(uplift)[0]["uplift.applied"] == 1


def test_two_sweeps_propose_once():
    contract = an_indexed_contract()
    done, refused = at_once(lambda: uplifts.propose(contract, now=DUE, by=SYSTEM))
    assert (done, refused) == (1, ["uplift_not_due"])


# The faces.


def test_by_rest():
    administrator = caller("administrator")
    home = walk.register(administrator, 1, "one")
    a_series()
    import_rows(BASE, now=at("2024-11-20"))
    body = {name: str(value) for name, value in TERMS.items()} | {"organization": home, "index_series": "SYN"}
    body |= {"index_cap": "1.01", "first_term_months": 12, "renewal_term_months": 12, "notice_length": 3}
    administrator("POST", "contracts", {**body, "index_series": "NONE"}, expect=400)
    wrong = administrator("POST", "contracts", {**body, "index_cap": "-1"}, expect=400)
    assert wrong["errors"][0]["attr"] == "index_cap"
    drafted = administrator("POST", "contracts", body, expect=201)
    assert (drafted["index_series"], drafted["index_base_value"]) == ("SYN", "242.60000000")
    administrator("POST", f"contracts/{drafted['public_id']}/sign")
    live_until("2025-01-02")
    sweep(DUE)
    finance = caller("finance")
    (found,) = finance("GET", f"uplifts?contract={drafted['public_id']}&state=flagged")["results"]
    finance("POST", f"uplifts/{found['public_id']}/reject", expect=403)
    caller("client_administrator", home)("GET", "uplifts", expect=403)
    manager = caller("contract_manager")
    manager("POST", f"uplifts/{found['public_id']}/apply", expect=409)
    assert manager("POST", f"uplifts/{found['public_id']}/reject")["state"] == "rejected"


def test_in_the_admin(client, monkeypatch):
    monkeypatch.setattr("accounts.operations.clock.instant", lambda: DUE)
    contract = an_indexed_contract()
    import_rows(SUMMER, now=at("2025-08-20"))
    sweep(DUE)
    client.force_login(a_member("contract_manager"), backend="config.backends.EmailBackend")
    uplift = the_uplift()
    table = {one.title: one for one in client.get(reverse("admin:index")).context["tables"]}["Prices to revise"]
    assert [row.cells[4] for row in table.rows] == ["10000.00 → 10123.66 EUR"]
    page = client.get(reverse("admin:contracts_uplift_change", args=[uplift.pk]))
    assert "The latest index value published until" in page.content.decode()
    address = reverse("admin:contracts_uplift_apply", args=[uplift.pk])
    assert client.post(address, {"confirmed": "yes"}).status_code == 302
    assert state()[0] == "applied"
    with tenancy.vendor():
        assert Contract.objects.get(pk=contract.pk).amendments.count() == 1
