"""Adding and changing through the admin: the operation's faults stand beside the fields, refusals above them."""

import pytest
from django.urls import reverse

from accounts import tenancy
from accounts.models import AuditEvent, LicensedUser, Organization, User
from contracts.models import Contract
from retention.models import DeletionRequest, LegalHold
from tests.contracts.agreements import a_signed_contract, at
from tests.retention.test_life import a_leaving_client, live_until
from tests.retention.vaults import an_organization, people_of

pytestmark = pytest.mark.django_db(databases=["default", "ledger"])
CLIENT = {
    "name": "Société Générale de Test & Co",
    "country": "FR",
    "registration_number": "123",
    "time_zone": "Europe/Paris",
    "language": "fr",
    "legal_category": "company",
}
DRAFT = {
    "reference": "C-1",
    "concluded_on": "2024-12-01",
    "starts_on": "2025-01-01",
    "time_zone": "",
    "governing_law": "FR",
    "first_term_months": "12",
    "minimum_commitment_months": "0",
    "renewal_term_months": "12",
    "auto_renews": "on",
    "notice_length": "3",
    "notice_unit": "months",
    "notice_effect": "receipt",
    "annual_fee": "12000.00",
    "currency": "EUR",
    "billing_interval": "year",
    "billing_timing": "advance",
    "paid_until": "",
    "switching_notice_months": "2",
    "retrieval_days": "30",
    "end_choice": "delete",
}


def add(client, model, **data):
    return client.post(reverse(f"admin:{model}_add"), {**data, "confirmed": "yes"})


def count(model):
    with tenancy.vendor():
        return model._default_manager.count()


def test_an_organization_is_registered_and_changed(sign_in):
    client = sign_in("contract_manager")
    assert add(client, "accounts_organization", **CLIENT).status_code == 302
    with tenancy.vendor():
        organization = Organization.objects.get()
        assert AuditEvent.objects.latest("pk").actor == f"user:{client.user.public_id}"
    edit = reverse("admin:accounts_organization_edit", args=[organization.pk])
    assert 'value="Société Générale de Test &amp; Co"' in client.get(edit).content.decode()
    changed = {**CLIENT, "name": "Shorter", "country": "DE"}
    assert client.post(edit, {**changed, "confirmed": "yes"}).status_code == 302
    with tenancy.vendor():
        organization.refresh_from_db()
    assert (organization.name, organization.country) == ("Shorter", "FR")
    taken = add(client, "accounts_organization", **CLIENT)
    assert taken.status_code == 200
    assert "An organization with this country and registration number exists." in taken.content.decode()
    assert count(Organization) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("name", "<b>Bold</b>", id="html"),
        pytest.param("name", "a\x00b", id="nul"),
        pytest.param("name", "a\u202eb", id="direction"),
        pytest.param("name", "", id="empty"),
        pytest.param("name", "x" * 201, id="too-long"),
        pytest.param("country", "fr", id="country"),
        pytest.param("time_zone", "Mars/Olympus", id="zone"),
        pytest.param("legal_category", "cartel", id="category"),
        pytest.param("registration_number", "1" * 41, id="number"),
    ],
)
def test_faults_of_an_organization_stand_beside_their_field(field, value, sign_in):
    answer = add(sign_in("administrator"), "accounts_organization", **{**CLIENT, field: value})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert count(Organization) == 0


def test_a_contract_is_drafted(sign_in):
    organization = an_organization()
    drafted = {**DRAFT, "organization": organization.pk, "features": "reports, chat chat"}
    answer = add(sign_in("contract_manager"), "contracts_contract", **drafted)
    assert answer.status_code == 302
    with tenancy.vendor():
        contract = Contract.objects.get()
    assert contract.features == ["chat", "reports"]
    assert (contract.status, contract.time_zone, contract.organization_id) == ("draft", "Europe/Paris", organization.pk)
    again = add(sign_in("contract_manager"), "contracts_contract", **DRAFT, organization=organization.pk)
    assert "A contract with this reference exists." in again.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", "<i>C</i>"),
        ("starts_on", "1900-01-01"),
        ("starts_on", "9999-12-31"),
        ("currency", "XXZ"),
        ("annual_fee", "-1"),
        ("notice_length", "13"),
        ("notice_length", "99999999"),
        ("first_term_months", "0"),
        ("first_term_months", "32767"),
        ("time_zone", "localtime"),
        ("governing_law", "MARS"),
        ("retrieval_days", "4000"),
        ("features", "chat <b>"),
        ("features", "a\x00"),
    ],
)
def test_faults_of_a_draft_stand_beside_their_field(field, value, sign_in):
    organization = an_organization()
    answer = add(
        sign_in("contract_manager"), "contracts_contract", **{**DRAFT, field: value}, organization=organization.pk
    )
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert count(Contract) == 0


def test_licensed_users_are_added_and_changed_in_ones_own_organization_only(sign_in):
    mine, other = an_organization(name="Mine"), an_organization(name="Other")
    client = sign_in("client_administrator", mine)
    person = {"external_id": "ann", "email": "ann@client.example", "display_name": "Ann"}
    form = client.get(reverse("admin:accounts_licenseduser_add")).content.decode()
    assert "Mine" in form and "Other" not in form
    refused = add(client, "accounts_licenseduser", **person, organization=other.pk)
    assert refused.context["form"].errors["organization"] and count(LicensedUser) == 0
    assert add(client, "accounts_licenseduser", **person, organization=mine.pk).status_code == 302
    with tenancy.vendor():
        ann = LicensedUser.objects.get()
    edit = reverse("admin:accounts_licenseduser_edit", args=[ann.pk])
    changed = {"email": "ann@new.example", "display_name": "Ann B.", "department": "R&D", "confirmed": "yes"}
    assert client.post(edit, changed).status_code == 302
    wrong = client.post(edit, {**changed, "email": "nobody", "display_name": "<script>"})
    assert list(wrong.context["form"].errors) == ["email"]
    html = client.post(edit, {**changed, "display_name": "<script>"})
    assert list(html.context["form"].errors) == ["display_name"]
    with tenancy.vendor():
        ann.refresh_from_db()
    assert (ann.external_id, ann.email, ann.department) == ("ann", "ann@new.example", "R&D")


def test_members_are_added(sign_in):
    organization = an_organization()
    client = sign_in("administrator")
    member = {"email": "new@client.example", "name": "New", "language": "pl", "role": "client_finance"}
    wrong = add(client, "accounts_user", **member)
    assert wrong.context["form"].errors["role"]
    weak = add(client, "accounts_user", **member, organization=organization.pk, password="qwerty123")
    assert weak.context["form"].errors["password"] and "qwerty123" not in weak.content.decode()
    assert add(client, "accounts_user", **member, organization=organization.pk).status_code == 302
    with tenancy.vendor():
        assert not User.objects.get(email="new@client.example").has_usable_password()
    again = add(client, "accounts_membership", **member, organization=organization.pk)
    assert "This person has this role already." in again.content.decode()


@pytest.mark.parametrize(
    ("language", "ahead", "unknown", "released"),
    [
        pytest.param(
            "fr",
            "La date de réexamen doit être à venir.",
            "Aucun utilisateur sous licence n'a cet identifiant externe.",
            "Le gel est déjà levé.",
            id="fr",
        ),
        pytest.param(
            "pl",
            "Data przeglądu musi być w przyszłości.",
            "Żaden licencjonowany użytkownik nie ma tego identyfikatora zewnętrznego.",
            "Wstrzymanie już uchylono.",
            id="pl",
        ),
    ],
)
def test_faults_and_refusals_are_said_in_the_readers_language(sign_in, language, ahead, unknown, released):
    client, organization = sign_in("privacy_officer"), an_organization()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    hold = {"organization": organization.pk, "ground": "law", "citation": "Art. 145", "review_on": "2020-01-01"}
    assert add(client, "retention_legalhold", **hold).context["form"].errors["review_on"] == [ahead]
    hold["review_on"] = "2099-01-01"
    nobody = add(client, "retention_legalhold", **hold, person="nobody")
    assert nobody.context["form"].errors["person"] == [unknown]
    assert add(client, "retention_legalhold", **hold).status_code == 302
    with tenancy.vendor():
        made = LegalHold.objects.get()
    page = reverse("admin:retention_legalhold_release", args=[made.pk])
    assert client.post(page, {"confirmed": "yes"}).status_code == 302
    assert released in client.post(page, {"confirmed": "yes"}, follow=True).content.decode()


def test_who_acted_is_named_as_far_as_the_reader_sees_them(sign_in):
    officer, organization = sign_in("privacy_officer"), an_organization()
    hold = {"organization": organization.pk, "ground": "law", "citation": "Art. 145", "review_on": "2099-01-01"}
    assert add(officer, "retention_legalhold", **hold).status_code == 302
    with tenancy.vendor():
        page = reverse("admin:retention_legalhold_change", args=[LegalHold.objects.get().pk])
    name, client = str(officer.user), sign_in("client_privacy_officer", organization)
    shown = [one.get(page).content.decode().partition('id="legalhold_form"')[2] for one in (officer, client)]
    assert name in shown[0] and "somebody of the vendor" in shown[1] and name not in shown[1]
    assert [officer.user.actor in one for one in shown] == [False, False]


def test_a_hold_is_placed_on_an_organization(sign_in):
    organization = an_organization()
    hold = {"organization": organization.pk, "ground": "law", "citation": "Art. 145", "review_on": "2099-01-01"}
    client = sign_in("privacy_officer")
    assert add(client, "retention_legalhold", **{**hold, "citation": "<b>"}).context["form"].errors["citation"]
    assert add(client, "retention_legalhold", **hold).status_code == 302
    assert count(LegalHold) == 1


def test_a_client_asks_for_deletion_and_is_refused_while_its_contract_runs(sign_in):
    organization = an_organization()
    a_signed_contract(organization)
    live_until(at("2025-01-02"))
    client = sign_in("client_privacy_officer", organization)
    refused = add(client, "retention_deletionrequest", organization=organization.pk)
    assert "A contract of this organization is signed or active." in refused.content.decode()
    left = a_leaving_client()
    with tenancy.vendor():
        Contract.objects.filter(organization=left).update(
            status="ended", ended_at=at("2026-01-01"), renews_at=None, certain_at=None
        )
    answer = add(sign_in("client_privacy_officer", left), "retention_deletionrequest", organization=left.pk)
    assert answer.status_code == 302
    with tenancy.vendor():
        assert DeletionRequest.objects.get().origin == "client"


def test_a_name_is_escaped_wherever_it_is_shown(sign_in):
    organization = an_organization(name="<script>alert(1)</script>")
    (ann,) = people_of(organization, "ann")
    with tenancy.vendor():
        LicensedUser.objects.update(display_name="<img src=x onerror=alert(2)>")
    signed = a_signed_contract(organization)
    client = sign_in("administrator")
    pages = [
        reverse("admin:index"),
        reverse("admin:accounts_organization_changelist"),
        reverse("admin:accounts_organization_change", args=[organization.pk]),
        reverse("admin:accounts_organization_edit", args=[organization.pk]),
        reverse("admin:accounts_licenseduser_changelist"),
        reverse("admin:accounts_licenseduser_change", args=[ann.pk]),
        reverse("admin:accounts_licenseduser_suspend", args=[ann.pk]),
        reverse("admin:contracts_contract_changelist"),
        reverse("admin:contracts_contract_change", args=[signed.pk]),
        reverse("admin:contracts_contract_cancel", args=[signed.pk]),
        reverse("admin:contracts_contract_add"),
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert "<script>alert(1)" not in text and "<img src=x" not in text, page
    ticked = {"action": "suspend_selected", "_selected_action": [ann.pk], "reason": "client_rule", "confirmed": "yes"}
    text = client.post(reverse("admin:accounts_licenseduser_changelist"), ticked, follow=True).content.decode()
    assert "<img src=x" not in text


def test_nothing_is_written_to_djangos_own_admin_log(sign_in):
    from django.contrib.admin.models import LogEntry

    add(sign_in("administrator"), "accounts_organization", **CLIENT)
    assert count(LogEntry) == 0


def test_a_client_changes_its_own_password_and_the_trail_says_so(sign_in):
    organization = an_organization()
    client = sign_in("client_finance", organization)
    with tenancy.vendor():
        client.user.set_password("an old long passphrase")
        client.user.save(update_fields=["password"])
    client.force_login(client.user, backend="config.backends.EmailBackend")
    form = {
        "oldpassword": "an old long passphrase",
        "password1": "a new long passphrase",
        "password2": "a new long passphrase",
    }
    page = client.get(reverse("admin:password_change"))["Location"]
    wrong = client.post(page, {**form, "oldpassword": "x"})
    assert wrong.status_code == 200
    assert client.post(page, form).status_code == 302
    with tenancy.vendor():
        assert User.objects.get(pk=client.user.pk).check_password("a new long passphrase")
        assert AuditEvent.objects.filter(name="user.password_changed").count() == 1
