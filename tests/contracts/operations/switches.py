"""What the tests of switching share: a case of the rulebook's example, its acts, and its proof."""

from datetime import date
from io import BytesIO

from accounts import tenancy
from accounts.enums import DocumentKind
from accounts.operations import documents
from contracts.enums import NoticeUnit, SwitchKind
from contracts.models import SwitchingCase
from contracts.operations import switching
from tests.contracts.agreements import a_signed_contract, at
from tests.contracts.operations.lives import MANAGER, fresh, live_until
from tests.retention.vaults import an_organization


def day(text):
    return None if text is None else date.fromisoformat(text)


def an_active_contract(organization=None, *, until="2026-12-01", **values):
    """Return a contract of the calendar year 2026, renewing yearly with three months' notice."""
    organization = organization or an_organization()
    contract = a_signed_contract(organization, starts_on=date(2026, 1, 1), **values)
    live_until(until)
    return fresh(contract)


def a_proof(organization, now="2026-12-01"):
    with tenancy.vendor():
        return documents.store(
            organization,
            BytesIO(b"%PDF letter"),
            kind=DocumentKind.NOTICE_PROOF,
            filename="letter.pdf",
            content_type="application/pdf",
            now=at(now),
            by=MANAGER,
        )


def opened(contract, *, received="2026-12-01", now=None, kind=SwitchKind.PROVIDER, **values):
    """Open a case as the staff do, recorded on the day of the notice unless said otherwise."""
    proof = values.pop("proof", None) or a_proof(contract.organization)
    with tenancy.vendor():
        return switching.open_case(
            contract,
            kind=kind,
            received_on=day(received),
            proof=proof,
            now=at(now or received),
            by=MANAGER,
            **values,
        )


def act(name, case, *, now, proof=True, **values):
    """Do an act as the staff do, with its proof."""
    extra = {"proof": a_proof(stored(case).organization)} if proof else {}
    with tenancy.vendor():
        return getattr(switching, name)(case, now=at(now), by=MANAGER, **extra, **values)


def tell_unfeasible(case, *, now="2026-12-10", length=5, unit=NoticeUnit.MONTHS, **values):
    return act("tell_unfeasible", case, now=now, length=length, unit=unit, reasons="The volume is 40 TB.", **values)


def stored(case):
    """Return the case as it is stored now."""
    with tenancy.vendor():
        return SwitchingCase.objects.select_related("organization", "contract").get(pk=case.pk)
