"""An export says all that is held of a licensed user: no field and no table of theirs is left out in silence."""

from datetime import timedelta

import pytest
from django.apps import apps

from accounts import tenancy
from accounts.enums import SuspensionReason
from accounts.models import (
    BulkItem,
    LicensedUser,
    LicensedUserChange,
    ProvisionedMembership,
    RuleExemption,
    RuleFinding,
)
from accounts.operations import access, users
from retention import sweeps
from retention.enums import RequestKind
from retention.models import ContextItem, Conversation, Diagnostic, Export, LegalHold, Message, RequestSubject
from retention.operations import exported_people
from tests.accounts.rule_constraints import a_rule
from tests.retention.test_exports import fetch, lines_of, opened
from tests.retention.under_contract import CLIENT, NOW, a_client, asked, person

# What is Terme's own: keys, counters, who of the staff or which program acted.
OWN = {
    LicensedUser: {"id", "public_id", "organization", "external_id", "status_by", "processing_request", "version"},
    LicensedUserChange: {"id", "public_id", "organization", "licensed_user", "source", "by"},
    RuleFinding: {"id", "public_id", "organization", "licensed_user"},
    RuleExemption: {"id", "public_id", "organization", "licensed_user", "created_by"},
}
SAID = {
    LicensedUser: exported_people.FIELDS,
    LicensedUserChange: exported_people.CHANGE,
    RuleFinding: exported_people.FINDING,
    RuleExemption: ("rule", "created_at"),
}


@pytest.mark.parametrize("model", SAID, ids=lambda model: model.__name__)
def test_every_field_is_exported_or_named_as_termes_own(model):
    assert {field.name for field in model._meta.concrete_fields} == {*SAID[model], *OWN[model]}


def test_every_table_of_a_person_is_exported_or_is_no_data_of_theirs():
    content = {Message, Conversation, ContextItem, Diagnostic}
    groups, named_as_left_out, vendors = {ProvisionedMembership}, {BulkItem}, {RequestSubject, LegalHold}
    found = {
        model
        for model in apps.get_models()
        if any(field.related_model is LicensedUser for field in model._meta.concrete_fields)
    }
    assert found == content | groups | named_as_left_out | vendors | (SAID.keys() - {LicensedUser})


@pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
def test_what_was_done_to_somebody_and_what_they_were_called_is_in_their_export():
    client = a_client()
    ann, ben = person(client, "ann-1"), person(client, "ben-1")
    with tenancy.tenant(client.pk):
        users.put(client, [users.Person("ann-1", "ann.new@client.example", "Ann New")], now=NOW, by=CLIENT)
        for one, reason in ((ann, SuspensionReason.CLIENT_DECISION), (ben, SuspensionReason.PROVISIONING)):
            access.suspend(one, reason=reason, until=NOW + timedelta(days=9), now=NOW, by="user:staff")
        own = {"organization": client, "rule": a_rule(client, name="Idle"), "licensed_user": ann}
        RuleFinding.objects.create(**own, enforced=False, found_at=NOW, acts_at=NOW + timedelta(days=14))
        RuleExemption.objects.create(**own, created_at=NOW, created_by="user:staff")
    request = asked(client, "ann-1", kind=RequestKind.EXPORT)
    sweeps.carry_out_all(at=NOW, by="system")
    with tenancy.vendor():
        export = Export.objects.get(request=request)
    data = opened(fetch(export))["licensed_users.jsonl"]
    (said,) = lines_of(data)
    assert said["email"] == "ann.new@client.example" and "ann-1@client.example" in said["former_identifiers"]
    assert (said["status"], said["suspension_reason"]) == ("suspended", "client_decision")
    assert said["suspended_until"] == (NOW + timedelta(days=9)).isoformat()
    (suspended,) = [one for one in said["changes"] if one["act"] == "suspend"]
    assert (suspended["occurred_at"], suspended["suspension_reason"]) == (NOW.isoformat(), "client_decision")
    assert [(one["rule"], one["state"]) for one in said["findings"]] == [("Idle", "open")]
    assert said["exemptions"] == [{"rule": "Idle", "created_at": NOW.isoformat()}]
    assert b"provisioning" not in data and b"user:staff" not in data, "a colleague's, and who of the staff acted"
