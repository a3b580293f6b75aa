"""Which stores beyond the vault a retention rule reaches, and that its page, its preview and REST say so."""

import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts import tenancy
from retention.models import RetentionRule
from retention.operations import external, lasting
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.retention.connectors.configured import NOW as ADDED
from tests.retention.connectors.configured import a_store, paper
from tests.retention.lasting import NOW, OFFICER, a_client, drafted

BY_AGE = {"settings": {"url": "http://127.0.0.1:9/erase", "by_age": ["conversations"], "spares": True}}
pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)


def test_a_rule_says_everywhere_which_stores_it_does_not_reach(client, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    organization = a_client()
    a_store()
    paper()
    off = paper(code="old-paper")
    with tenancy.vendor():
        external.switch(off, on=False, now=ADDED, by=OFFICER)
    rule = drafted(organization)
    with tenancy.vendor():
        lasting.preview(rule, now=NOW, by=OFFICER)
        seen = RetentionRule.objects.get(pk=rule.pk).preview
    expected = [
        {"store": "product", "reached": False, "spares": False, "why": "not_by_age", "fault": "", "tested_at": None},
        {"store": "paper", "reached": False, "spares": False, "why": "by_hand", "fault": "", "tested_at": None},
    ]
    assert seen["beyond"] == expected
    told = caller("authorised_contact", str(organization.public_id))("GET", f"retention-rules/{rule.public_id}")
    assert told["beyond"] == expected
    out = io.StringIO()
    call_command("retention_preview", stdout=out)
    assert "Not reached: product, paper." in out.getvalue()
    client.force_login(a_member("authorised_contact", organization), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_retentionrule_change", args=[rule.pk])).content.decode()
    assert "no rule of this category reaches it" in page and "emptied by hand" in page and "old-paper" not in page


def test_a_store_whose_last_test_failed_is_reached_and_says_so(client, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    organization, store = a_client(), a_store(**BY_AGE)
    with tenancy.vendor():
        tested = external.test(store, now=ADDED, by=OFFICER)
    assert tested.check_faults, "nobody answers at that address"
    rule = drafted(organization)
    with tenancy.vendor():
        (seen,) = lasting.preview(rule, now=NOW, by=OFFICER).preview["beyond"]
    at = ADDED.isoformat()
    expected = {
        "store": "product",
        "reached": True,
        "spares": True,
        "why": "",
        "fault": "connection_failed",
        "tested_at": at,
    }
    assert seen == expected
    told = caller("authorised_contact", str(organization.public_id))("GET", f"retention-rules/{rule.public_id}")
    assert told["beyond"] == [expected]
    out = io.StringIO()
    call_command("retention_preview", stdout=out)
    assert f"Connection failed: product ({at})." in out.getvalue()
    client.force_login(a_member("authorised_contact", organization), backend="config.backends.EmailBackend")
    page = client.get(reverse("admin:retention_retentionrule_change", args=[rule.pk])).content.decode()
    assert "its last connection test failed (" in page
