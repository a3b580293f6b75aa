"""The engine does what the forecast said: lived in jumps, with notices, terminations, switches, stays, amendments."""

import uuid
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent
from accounts.operations.sweeping import SYSTEM
from contracts import sweeps
from contracts.enums import NoticeKind, NoticeParty, SwitchChoice, SwitchKind, TerminationGround
from contracts.models import Amendment, Contract, SwitchingCase, Termination
from contracts.operations import amendments, foreseeing, lives, stays, switching, terminations
from contracts.rules import errors, schedule
from contracts.rules.days import ONE_DAY
from contracts.rules.forecast import EventKind
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, fresh, give, withdraw
from tests.contracts.operations.switches import a_proof
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
EVERY = (
    sweeps.start_all,
    sweeps.amend_all,
    sweeps.make_all_certain,
    sweeps.renew_all,
    sweeps.plan_all,
    sweeps.step_all_switches,
    sweeps.end_all,
)
STARTS = st.sampled_from([date(2024, 1, 31), date(2024, 2, 29), date(2024, 6, 15), date(2024, 12, 31)])
CLAUSES = {
    "notice_length": st.integers(0, 4),
    "notice_unit": st.sampled_from(["months", "weeks", "days"]),
    "notice_end_of": st.sampled_from(["", "", "month", "quarter"]),
    "renewal_term_months": st.sampled_from([6, 12, 18, None]),
    "minimum_commitment_months": st.sampled_from([0, 0, 18]),
    "mid_term_exit": st.booleans(),
    "auto_renews": st.sampled_from([True, True, True, False]),
    "governing_law": st.sampled_from(["FR", "PL", "DE"]),
}
GROUNDS = [ground for ground in TerminationGround if ground is not TerminationGround.SWITCHING]


def live(instant):
    for _round in range(12):
        swept = [sweep(at=instant, by=SYSTEM) for sweep in EVERY]
        assert not any(one.refused for one in swept), swept
        if not any(one.done for one in swept):
            return
    raise AssertionError("the sweeps find work for ever")


class Engine(RuleBasedStateMachine):
    """One contract through some years: what people do, and quiet stretches that must be as they were forecast."""

    @initialize(
        starts_on=STARTS,
        first=st.sampled_from([6, 12, 24]),
        zone=st.sampled_from(["Europe/Paris", "Europe/Warsaw"]),
        clauses=st.fixed_dictionaries(CLAUSES),
    )
    def agree(self, starts_on, first, zone, clauses):
        self.contract = None
        self.contract = a_signed_contract(
            an_organization(time_zone=zone),
            concluded_on=date(2023, 12, 1),
            starts_on=starts_on,
            first_term_months=first,
            early_exit_rate=Decimal("0.5"),
            **clauses,
        )
        self.proof = a_proof(self.contract.organization, now="2024-12-02")
        self.today = date(2024, 12, 2)
        live(at(self.today))

    @invariant()
    def know_one_end(self):
        """The engine, the forecast and the deadlines know one end, and one next term."""
        contract = fresh(self.contract)
        if contract.status not in ("signed", "active"):
            return
        with tenancy.vendor():
            state = foreseeing.state_of(contract, now=at(self.today))
            life = lives.lives_of([contract])[contract.pk]
        for end in ((state.ends_on, state.prolongs), (life.ends_on, life.prolongs)):
            found = schedule.compute(
                state.clause,
                number=contract.term_number,
                zone=contract.time_zone,
                notice_ends_on=end[0],
                prolongs=end[1],
                certain=state.certain,
            )
            assert found.ends_on == contract.ends_on
            assert not state.started or found.renews_at == contract.renews_at

    @rule(days=st.integers(1, 700), jumps=st.integers(1, 4))
    def quiet(self, days, jumps):
        """Nobody does anything for a while; the sweeps run daily around what is due, or are down in between."""
        live(at(self.today))
        until = self.today + timedelta(days=days)
        contract = fresh(self.contract)
        with tenancy.vendor():
            said = sorted(said_of(contract, foreseeing.events_of(contract, now=at(self.today), until=until)))
            before = AuditEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        for jump in range(1, jumps + 1):
            live(at(self.today + timedelta(days=days * jump // jumps)))
        with tenancy.vendor():
            assert sorted(lived_of(contract, after=before)) == said
        self.today = until

    @rule(party=st.sampled_from(NoticeParty), kind=st.sampled_from(NoticeKind))
    def notice(self, party, kind):
        with suppress(Refused, InvalidInput):
            give(self.contract, self.today.isoformat(), party=party, kind=kind)

    @precondition(lambda self: self.contract is not None and fresh(self.contract).ends_on is not None)
    @rule()
    def withdraw(self):
        with suppress(Refused):
            withdraw(fresh(self.contract), at(self.today))

    @rule(after=st.integers(0, 500), ground=st.sampled_from(GROUNDS), party=st.sampled_from(NoticeParty))
    def terminate(self, after, ground, party):
        with suppress(Refused, InvalidInput), tenancy.vendor():
            terminations.terminate(
                fresh(self.contract),
                ground=ground,
                party=party,
                declared_on=self.today,
                last_day=self.today + timedelta(days=after),
                proof=self.proof,
                now=at(self.today),
                by=MANAGER,
            )

    @precondition(lambda self: self.last(Termination) is not None)
    @rule()
    def revert(self):
        with suppress(Refused), tenancy.vendor():
            terminations.revert(self.last(Termination), proof=self.proof, now=at(self.today), by=MANAGER)

    @rule(before=st.integers(0, 40), kind=st.sampled_from(SwitchKind))
    def switch(self, before, kind):
        received_on = self.today - timedelta(days=before)
        with suppress(Refused, InvalidInput), tenancy.vendor():
            switching.open_case(fresh(self.contract), kind=kind, received_on=received_on, **self.proved())

    @precondition(lambda self: self.last(SwitchingCase) is not None)
    @rule(
        act=st.sampled_from(["extend", "complete", "withdraw", "choose"]),
        choice=st.sampled_from(SwitchChoice),
        days=st.integers(1, 200),
    )
    def go_on(self, act, choice, days):
        until = self.today + timedelta(days=days)
        what = {
            "extend": {"until": until, "on": self.today},
            "complete": {"completed_on": self.today},
            "withdraw": {"on": self.today},
            "choose": {"choice": choice, "on": self.today, "until": until},
        }[act]
        with suppress(Refused, InvalidInput), tenancy.vendor():
            getattr(switching, act)(self.last(SwitchingCase), **what, **self.proved())

    @rule(days=st.integers(0, 400))
    def stay(self, days):
        with suppress(Refused, InvalidInput), tenancy.vendor():
            stays.agree(fresh(self.contract), until=self.today + timedelta(days=days), **self.proved())

    def last(self, model):
        """Return the latest of the contract's rows, if it has one."""
        if self.contract is None:
            return None
        with tenancy.vendor():
            return model.objects.filter(contract=self.contract).order_by("pk").last()

    def proved(self):
        return {"proof": self.proof, "now": at(self.today), "by": MANAGER}

    @rule(
        after=st.integers(-60, 500),
        name=st.sampled_from(sorted(CLAUSES)),
        fee=st.none() | st.integers(1, 9),
        data=st.data(),
    )
    def amend(self, after, name, fee, data):
        values = {name: data.draw(CLAUSES[name])} | ({} if fee is None else {"annual_fee": Decimal(fee * 1000)})
        with suppress(Refused, InvalidInput, errors.InvalidInput), tenancy.vendor():
            amendments.record(
                fresh(self.contract),
                values=values,
                agreed_on=self.today,
                valid_from=self.today + timedelta(days=after),
                source=uuid.uuid4(),
                now=at(self.today),
                by=MANAGER,
            )

    def teardown(self):
        """What is left must not be lived on by the next example's sweeps."""
        with tenancy.vendor():
            Amendment.objects.filter(applied_at__isnull=True).update(voided_at=at(date(2024, 1, 1)))
            Contract.objects.exclude(status="ended").update(
                status="cancelled", renews_at=None, certain_at=None, next_reminder_at=None
            )


def said_of(contract, events):
    """Return the forecast's words about what the engine itself does."""
    for event in events:
        match event.kind:
            case EventKind.STARTS:
                yield "started", event.on.isoformat()
            case EventKind.AMENDED:
                yield "amended", event.on.isoformat()
            case EventKind.RENEWAL_CERTAIN:
                yield "certain", event.params["number"], event.at.isoformat()
            case EventKind.RENEWS:
                yield "renewed", event.params["number"], event.on.isoformat(), str(event.amount)
            case EventKind.ENDS:
                yield "ended", (event.on + ONE_DAY).isoformat()


def lived_of(contract, *, after):
    """Return what the trail says was done."""
    fees = dict(contract.terms.filter(voided_at=None).values_list("number", "fee"))
    days = {str(one.public_id): one.valid_from for one in contract.amendments.all()}
    for event in AuditEvent.objects.filter(subject_id=contract.public_id, pk__gt=after):
        data = event.data
        match event.name:
            case "contract.started":
                yield "started", data["starts_on"]
            case "contract.amendment_applied":
                yield "amended", days[data["amendment"]].isoformat()
            case "contract.renewal_certain":
                yield "certain", data["number"], data["certain_at"]
            case "contract.renewed":
                yield "renewed", data["number"], data["starts_on"], str(fees[data["number"]])
            case "contract.ended":
                yield "ended", data["ended_on"]


def test_what_happens_is_what_the_forecast_said():
    run_state_machine_as_test(
        Engine,
        settings=settings(
            max_examples=25,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
