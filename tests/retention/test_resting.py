"""A retention rule that is enforced says why nothing goes by it: an erasure of everything, or a hold on everything."""

import io
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import tenancy
from retention.enums import HoldGround, RequestOrigin, VaultState
from retention.models import DeletionRequest, LegalHold, RetentionRule, Vault
from retention.operations import holds, lasting, requests
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.lasting import CLIENT, NOW, OFFICER, a_client, drafted, enforced

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def everything_is_asked_for(organization):
    with tenancy.vendor():
        return requests.open_request(organization, origin=RequestOrigin.CLIENT, now=NOW, by=CLIENT)


def held(organization):
    with tenancy.vendor():
        return holds.place(
            organization,
            ground=HoldGround.LAW,
            citation="Art. 145",
            review_on=date(2027, 1, 1),
            now=NOW,
            by=OFFICER,
        )


def told(rule):
    return caller("privacy_officer")("GET", f"retention-rules/{rule.public_id}")["resting"]


def facts(found):
    return {name: value for name, value in found.items() if value is not None}


def test_an_open_request_for_everything_is_named_until_it_is_given_up(client):
    organization = a_client()
    rule, other = enforced(organization), enforced(a_client())
    assert told(rule) is None
    request = everything_is_asked_for(organization)
    expected = {
        "why": "erasure_open",
        "since": NOW.isoformat(),
        "request": str(request.public_id),
        "erase_from": request.erase_from.isoformat(),
    }
    assert facts(told(rule)) == expected
    assert told(other) is None, "of its own client only"
    contact = caller("authorised_contact", str(organization.public_id))
    assert facts(contact("GET", f"retention-rules/{rule.public_id}")["resting"]) == expected
    client.force_login(a_member("authorised_contact", organization), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_retentionrule_change", args=[rule.pk])).content.decode()
    assert "Nothing goes by it now" in page and str(request.public_id) in page
    out = io.StringIO()
    call_command("retention_preview", "--rule", str(rule.public_id), stdout=out)
    assert f"Nothing goes now: erasure_open {request.public_id}" in out.getvalue()
    with tenancy.vendor():
        requests.cancel(request, now=NOW, by=CLIENT)
    assert told(rule) is None


def test_while_everything_is_being_erased_it_says_so():
    organization = a_client()
    rule, request = enforced(organization), everything_is_asked_for(organization)
    with tenancy.eraser(organization.pk):
        Vault.objects.filter(organization=organization).update(state=VaultState.DESTROYING, changed_at=NOW)
    expected = {"why": "erasing", "since": NOW.isoformat(), "request": str(request.public_id)}
    assert facts(told(rule)) == expected


def test_a_hold_on_everything_is_named_and_one_on_somebody_is_not(client):
    organization = a_client()
    rule, hold = enforced(organization), held(organization)
    expected = {"why": "legal_hold", "since": NOW.isoformat(), "hold": str(hold.public_id), "review_on": "2027-01-01"}
    assert facts(told(rule)) == expected
    with tenancy.vendor():
        LegalHold.objects.filter(pk=hold.pk).update(scope="department", department="Sales")
    assert told(rule) is None


def test_a_hold_that_is_released_keeps_no_rule_at_rest():
    organization = a_client()
    rule, hold = enforced(organization), held(organization)
    with tenancy.vendor():
        holds.release(hold, now=NOW, by=OFFICER)
    assert told(rule) is None


def test_a_draft_does_not_rest_and_its_preview_says_that_it_would(client):
    organization = a_client()
    rule, request = drafted(organization), everything_is_asked_for(organization)
    with tenancy.vendor():
        seen = lasting.preview(rule, now=NOW, by=OFFICER).preview
    assert told(rule) is None and seen["resting"]["why"] == "erasure_open"
    client.force_login(a_member("privacy_officer"), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_retentionrule_change", args=[rule.pk])).content.decode()
    assert "Nothing goes by it now" not in page and str(request.public_id) in page


@pytest.mark.parametrize("happens", [everything_is_asked_for, held, lambda organization: None])
def test_no_night_begins_exactly_where_it_says_that_none_does(happens):
    organization = a_client()
    rule, found = enforced(organization), happens(organization)
    said = told(rule)
    with tenancy.vendor():
        awake = RetentionRule.objects.awake().filter(pk=rule.pk).exists()
    assert awake == (said is None or said["why"] == "legal_hold"), found


def test_a_list_asks_once_for_all_its_rules():
    officer, counts = caller("privacy_officer"), []
    for _ in range(2):
        for _more in range(2):
            organization = a_client()
            enforced(organization)
            everything_is_asked_for(organization)
        with CaptureQueriesContext(connection) as asked:
            listed = officer("GET", "retention-rules")["results"]
        assert all(one["resting"]["why"] == "erasure_open" for one in listed)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    with tenancy.vendor():
        assert DeletionRequest.objects.count() == 4
