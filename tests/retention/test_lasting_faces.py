"""Retention rules by REST, in the browser and by command: who may what, bad input by field, two at once."""

import json
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts import tenancy
from accounts.errors import Refused
from retention.models import RetentionNight, RetentionRule
from retention.operations import lasting
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.lasting import NOW, OFFICER, a_client, a_night, drafted, enforced, left

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
NOBODY = "00000000-0000-4000-8000-000000000000"


def body(client_, /, **values):
    return {
        "organization": str(client_.public_id),
        "category": "conversations",
        "amount": 30,
        "unit": "days",
        **values,
    }


def test_by_rest_the_client_drafts_the_officer_looks_and_enforces_and_the_client_ends_it():
    organization = a_client()
    contact, officer = caller("authorised_contact", str(organization.public_id)), caller("privacy_officer")
    made = contact("POST", "retention-rules", body(organization), expect=201)
    path = f"retention-rules/{made['public_id']}"
    assert (made["state"], made["proof"], made["preview"]) == ("drafted", None, None)
    assert officer("POST", f"{path}/enforce", expect=409)["code"] == "preview_stale"
    seen = officer("POST", f"{path}/preview")["preview"]
    assert seen["stores"]["messages"] == 7 and seen["people"] == 3, "all of it is older by now"
    assert contact("POST", f"{path}/enforce", expect=403)["code"] == "permission_denied"
    assert officer("POST", f"{path}/enforce")["state"] == "enforced"
    with tenancy.vendor():
        rule = RetentionRule.objects.get()
    assert officer("POST", f"{path}/end", expect=409)["code"] == "proof_needed"
    night = a_night(rule, rule.next_at)
    (told,) = contact("GET", f"retention-nights?rule={made['public_id']}")["results"]
    assert told["erased"] == night.erased == {"messages": 7, "conversations": 4} and told["left"] == {}
    assert contact("GET", f"retention-nights/{told['public_id']}")["category"] == "conversations"
    assert contact("POST", f"{path}/end")["ended_because"] == "ended"
    assert contact("POST", f"{path}/end", expect=409)["code"] == "retention_rule_not_in_that_state"
    assert contact("GET", "retention-rules?state=enforced")["results"] == []


def test_staff_draft_with_a_proof_only_and_a_neighbour_sees_nothing():
    organization, neighbour = a_client(), a_client()
    officer = caller("privacy_officer")
    assert officer("POST", "retention-rules", body(organization), expect=409)["code"] == "proof_needed"
    rule = enforced(organization)
    other = caller("client_privacy_officer", str(neighbour.public_id))
    assert other("GET", "retention-rules")["results"] == other("GET", "retention-nights")["results"] == []
    for verb in ("preview", "end"):
        other("POST", f"retention-rules/{rule.public_id}/{verb}", expect=404)
    (wrong,) = other("POST", "retention-rules", body(organization), expect=400)["errors"]
    assert (wrong["attr"], wrong["code"]) == ("organization", "unknown_organization")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"organization": NOBODY}, "organization", id="no-organization"),
        pytest.param({"category": "letters"}, "category", id="no-category"),
        pytest.param({"category": "context\x00"}, "category", id="nul"),
        pytest.param({"amount": 0}, "amount", id="no-length"),
        pytest.param({"amount": 1.5}, "amount", id="half-a-day"),
        pytest.param({"amount": 10**30}, "amount", id="longer-than-the-calendar"),
        pytest.param({"amount": 1201, "unit": "months"}, "amount", id="over-a-hundred-years"),
        pytest.param({"unit": "weeks"}, "unit", id="weeks"),
        pytest.param({"proof": "a text"}, "proof", id="a-text-for-a-file"),
    ],
)
def test_bad_input_by_rest_is_named_by_its_field(values, field):
    organization = a_client()
    contact = caller("client_privacy_officer", str(organization.public_id))
    errors = contact("POST", "retention-rules", body(organization, **values), expect=400)["errors"]
    assert [error["attr"] for error in errors] == [field]


def test_two_rules_of_a_category_enforced_at_once_leave_one():
    organization = a_client()
    rules = [drafted(organization, amount=amount) for amount in (30, 60)]
    for rule in rules:
        with tenancy.vendor():
            lasting.preview(rule, now=NOW, by=OFFICER)

    def enforce(rule):
        with tenancy.vendor():
            lasting.enforce(rule, now=NOW, by=OFFICER)

    def again():
        with pytest.raises(Refused):
            enforce(rules[0])

    at_once(lambda: enforce(rules[0]), lambda: enforce(rules[1]))
    with tenancy.vendor():
        assert RetentionRule.objects.enforced().count() == 1
        assert RetentionRule.objects.filter(ended_because="replaced").count() == 1
    again()


@pytest.fixture
def sign_in():
    """Return a browser in which a new member of this role is signed in."""

    def make(role, organization=None):
        browser = Client(raise_request_exception=True)
        browser.force_login(a_member(role, organization), backend="config.backends.EmailBackend")
        return browser

    return make


def test_in_the_browser_a_rule_goes_its_way_and_its_pages_say_why(sign_in):
    organization = a_client()
    officer, colleague = sign_in("privacy_officer"), sign_in("privacy_officer")
    add = reverse("admin:retention_retentionrule_add")
    typed = {"organization": organization.pk, "category": "conversations", "amount": 30, "unit": "days"}
    page = officer.post(add, {**typed, "confirmed": "yes"})
    assert b"This field is required" in page.content, "the instruction is on paper"
    proof = SimpleUploadedFile("i.pdf", b"%PDF-1.7 please", "application/pdf")
    contact = a_member("authorised_contact", organization).email
    made = officer.post(add, {**typed, "proof": proof, "sender": contact, "confirmed": "yes"})
    assert made.status_code == 302
    with tenancy.vendor():
        rule = RetentionRule.objects.select_related("proof").get()
    assert rule.proof is not None
    url = reverse("admin:retention_retentionrule_change", args=[rule.pk])
    base = url.removesuffix("change/")
    officer.post(f"{base}preview-it/", {"confirmed": "yes"})
    shown = officer.get(url).content.decode()
    assert "What it would have erased" in shown and "The client&#x27;s rule keeps it for 30 days" in shown
    officer.post(f"{base}enforce/", {"confirmed": "yes"})
    with tenancy.vendor():
        assert RetentionRule.objects.get().state == "previewed", "who drafted it does not enforce it"
    colleague.post(f"{base}enforce/", {"confirmed": "yes"})
    with tenancy.vendor():
        rule = RetentionRule.objects.get()
    assert rule.state == "enforced"
    night = a_night(rule, rule.next_at)
    assert left(organization)["messages"] == set()
    told = officer.get(reverse("admin:retention_retentionnight_change", args=[night.pk])).content.decode()
    assert "What the night erased" in told and "The longest counts" in told
    assert "The last nights" in officer.get(url).content.decode()
    needs = colleague.post(f"{base}end/", {"confirmed": "yes"})
    assert b"This field is required" in needs.content
    own = sign_in("client_administrator", organization)
    assert own.post(f"{base}end/", {"confirmed": "yes"}).status_code == 302
    with tenancy.vendor():
        assert RetentionRule.objects.get().state == "ended"


def told(**options):
    out = StringIO()
    call_command("retention_preview", format="json", stdout=out, **options)
    return json.loads(out.getvalue())


def test_the_command_tells_what_would_go_and_changes_nothing():
    organization = a_client()
    rule = drafted(organization)
    (found,) = told(organization=organization.public_id)
    assert found["stores"] == {"messages": 7, "conversations": 4} and found["state"] == "drafted"
    assert [one["rule"] for one in told(rule=rule.public_id)] == [found["rule"]]
    with tenancy.vendor():
        assert RetentionRule.objects.get().preview is None and not RetentionNight.objects.exists()
    for option in ("organization", "rule"):
        with pytest.raises(CommandError) as caught:
            told(**{option: NOBODY})
        assert caught.value.returncode == 2
    out = StringIO()
    call_command("retention_preview", stdout=out)
    assert "messages 7, conversations 4" in out.getvalue()
    assert left(organization)["messages"]


@pytest.mark.parametrize(
    ("language", "amount", "unit", "said"),
    [
        ("en", 1, "months", "Conversations and messages: 1 month"),
        ("fr", 30, "days", "Conversations et messages : 30 jours"),
        ("pl", 5, "months", "Rozmowy i wiadomości: 5 miesięcy"),
    ],
)
def test_a_rule_is_named_by_a_length_as_people_say_it(language, amount, unit, said):
    with override(language):
        assert str(RetentionRule(category="conversations", amount=amount, unit=unit)) == said
