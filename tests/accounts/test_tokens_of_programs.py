"""Tokens that belong to an organization, and rotation: what programs may, who rotates, how long the old one opens."""

import threading
from datetime import timedelta

import psycopg
import pytest

from accounts import tenancy
from accounts.enums import Role
from accounts.errors import InvalidInput, Refused
from accounts.models import ApiToken, AuditEvent, Membership, Program, User
from accounts.operations import tokens
from accounts.rules.permissions import FOR_CLIENTS, FOR_PROGRAMS, MATRIX, Permission
from tests.accounts.parties import NOW, a_member, at_once
from tests.engines import owner_dsn
from tests.retention.vaults import an_organization

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
DAY = timedelta(days=1)
LATER = NOW + 30 * DAY
EVERYTHING = frozenset(Permission)


def issue(organization, *permissions, held=EVERYTHING, expires_at=LATER, name="sync"):
    with tenancy.vendor():
        return tokens.issue_to_program(
            organization,
            name=name,
            permissions=permissions,
            held=held,
            expires_at=expires_at,
            now=NOW,
            by="user:admin",
        )


def rotate(token, *, now=NOW + DAY, overlap=DAY, asking=None, held=EVERYTHING, expires_at=None):
    with tenancy.vendor():
        return tokens.rotate(
            token, asking=asking, held=held, overlap=overlap, expires_at=expires_at, now=now, by="user:admin"
        )


def found(text, *, at=NOW):
    with tenancy.vendor():
        return tokens.find(text.encode(), at=at)


def fresh(token):
    with tenancy.vendor():
        return ApiToken.objects.get(pk=token.pk)


def events(name):
    with tenancy.vendor():
        return list(AuditEvent.objects.filter(name=name).order_by("pk"))


def test_a_program_is_nobody_and_holds_what_its_token_holds():
    organization = an_organization()
    token, text = issue(organization, Permission.VIEW_CONTRACT)
    program = found(text).caller
    assert isinstance(program, Program)
    assert (program.organization_id, program.works_for_vendor) == (organization.pk, False)
    assert {p for p in Permission if program.has_perm(p)} == {Permission.VIEW_CONTRACT}
    assert program.actor == f"token:{token.series}"
    (event,) = events("token.issued")
    assert event.data == {"series": str(token.series), "permissions": ["view_contract"]}


def test_a_program_without_an_organization_is_the_vendors():
    _token, text = issue(None, Permission.VIEW_OPERATION)
    assert found(text).caller.works_for_vendor


@pytest.mark.parametrize("permission", list(Permission))
def test_what_a_person_must_do_no_program_may(permission):
    if permission in FOR_PROGRAMS:
        issue(None, permission)
        return
    with pytest.raises(Refused) as refused:
        issue(None, permission)
    assert refused.value.code == "not_for_programs"


def test_programs_neither_will_nor_approve_nor_open_nor_hand_out():
    """Written once more apart from the code: with one of these, one person could be two."""
    for stem in ("approve", "confirm", "sign", "give", "withdraw", "accept", "request", "authorise", "place", "end"):
        assert not [p for p in FOR_PROGRAMS if p.value.startswith(f"{stem}_")]
    assert not FOR_PROGRAMS & {
        Permission.MANAGE_TOKENS,
        Permission.MANAGE_MEMBERS,
        Permission.MANAGE_WEBHOOKS,
        Permission.MANAGE_IDENTITY_PROVIDERS,
        Permission.VIEW_CONTENT,
        Permission.EXPORT_CONTENT,
    }


@pytest.mark.parametrize("permission", sorted(FOR_PROGRAMS))
def test_a_clients_program_holds_a_clients_rights_at_most(permission):
    if permission in FOR_CLIENTS:
        issue(an_organization(), permission)
        return
    with pytest.raises(Refused) as refused:
        issue(an_organization(), permission)
    assert refused.value.code == "not_for_clients"


def test_nobody_issues_more_than_they_hold():
    held = MATRIX["client_administrator"]
    issue(an_organization(), Permission.PROVISION_USERS, held=held)
    with pytest.raises(Refused) as refused:
        issue(an_organization(), Permission.VIEW_DOCUMENT, held=held)
    assert refused.value.code == "permission_not_held"


def test_a_token_makes_no_personal_one_that_exceeds_itself():
    user = a_member(Role.ADMINISTRATOR)
    with tenancy.vendor(), pytest.raises(Refused) as refused:
        tokens.issue(
            User.objects.get(pk=user.pk),
            name="x",
            permissions=[Permission.VIEW_CONTRACT],
            held={Permission.MANAGE_TOKENS},
            expires_at=LATER,
            now=NOW,
            by=user.actor,
        )
    assert refused.value.code == "permission_not_held"


@pytest.mark.parametrize(
    ("permissions", "options", "faults"),
    [
        ([], {}, ["permissions"]),
        (["all"], {}, ["permissions"]),
        (["view_contract", "\x00"], {}, ["permissions"]),
        (["view_contract"], {"expires_at": NOW + timedelta(days=732)}, ["expires_at"]),
        (["x", "y"], {"name": ""}, ["name", "permissions", "permissions"]),
    ],
    ids=["none", "unknown", "null-byte", "three-years", "all-at-once"],
)
def test_bad_input_is_told_by_field(permissions, options, faults):
    with pytest.raises(InvalidInput) as refused:
        issue(None, *permissions, **options)
    assert [error.field for error in refused.value.errors] == faults
    with tenancy.vendor():
        assert not ApiToken.objects.exists()


def test_a_program_outlives_whoever_issued_it():
    organization = an_organization()
    user = a_member(Role.CLIENT_ADMINISTRATOR, organization)
    with tenancy.vendor():
        _token, text = tokens.issue_to_program(
            organization,
            name="x",
            permissions=["view_contract"],
            held=EVERYTHING,
            expires_at=LATER,
            now=NOW,
            by=user.actor,
        )
        Membership.objects.filter(user=user).delete()
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert found(text)


def test_the_old_token_opens_for_the_overlap_and_the_new_one_for_as_long_as_the_old_was_made_for():
    old, text = issue(an_organization(), Permission.VIEW_CONTRACT)
    new, next_text = rotate(old, now=NOW + 10 * DAY, overlap=2 * DAY)
    microsecond = timedelta(microseconds=1)
    assert found(text, at=NOW + 12 * DAY - microsecond) and found(text, at=NOW + 12 * DAY) is None
    assert found(next_text, at=NOW + 40 * DAY - microsecond) and found(next_text, at=NOW + 40 * DAY) is None
    assert (new.series, new.name, new.permissions) == (old.series, old.name, old.permissions)
    assert found(text, at=NOW + 10 * DAY).caller.actor == found(next_text, at=NOW + 10 * DAY).caller.actor
    (event,) = events("token.rotated")
    assert event.data == {"opens_until": (NOW + 12 * DAY).isoformat()}


def test_no_overlap_lengthens_the_old_one():
    old, _text = issue(None, Permission.VIEW_CONTRACT, expires_at=NOW + 2 * DAY)
    rotate(old, overlap=30 * DAY)
    assert fresh(old).expires_at == NOW + 2 * DAY


def test_without_overlap_the_old_one_is_revoked_at_once():
    old, text = issue(None, Permission.VIEW_CONTRACT)
    _new, next_text = rotate(old, now=NOW, overlap=timedelta(0))
    assert found(text) is None and found(next_text)


def test_a_rotated_one_is_still_revoked_at_once():
    old, text = issue(None, Permission.VIEW_CONTRACT)
    rotate(old)
    with tenancy.vendor():
        tokens.revoke(old, now=NOW + DAY, by="user:admin")
    assert found(text, at=NOW + DAY) is None


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        ("revoke", NOW + DAY, "token_revoked"),
        ("rotate", NOW + DAY, "token_rotated"),
        (None, LATER, "token_expired"),
    ],
)
def test_only_a_token_that_opens_is_rotated_and_once(before, now, code):
    old, _text = issue(None, Permission.VIEW_CONTRACT)
    if before == "revoke":
        with tenancy.vendor():
            tokens.revoke(old, now=NOW, by="user:admin")
    elif before == "rotate":
        rotate(old, overlap=10 * DAY)
    with pytest.raises(Refused) as refused:
        rotate(old, now=now)
    assert refused.value.code == code
    with tenancy.vendor():
        assert ApiToken.objects.count() == (2 if before == "rotate" else 1)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=30, seconds=1)])
def test_an_overlap_has_its_limits(overlap):
    old, _text = issue(None, Permission.VIEW_CONTRACT)
    with pytest.raises(InvalidInput) as refused:
        rotate(old, overlap=overlap)
    assert [error.field for error in refused.value.errors] == ["overlap_hours"]
    assert fresh(old).rotated_at is None


def test_nobody_rotates_another_persons_token_and_so_acts_for_them():
    owner, other = a_member(Role.CONTRACT_MANAGER), a_member(Role.ADMINISTRATOR)
    with tenancy.vendor():
        owner = User.objects.get(pk=owner.pk)
        old, _text = tokens.issue(
            owner, name="x", permissions=["confirm_end"], expires_at=LATER, now=NOW, by=owner.actor
        )
    with pytest.raises(Refused) as refused:
        rotate(old, asking=other)
    assert refused.value.code == "token_of_another"
    _new, text = rotate(old, asking=owner, held=MATRIX["contract_manager"])
    assert found(text).caller == owner


def test_nobody_rotates_what_holds_more_than_they_do():
    old, _text = issue(None, Permission.VIEW_TRAIL)
    with pytest.raises(Refused) as refused:
        rotate(old, held={Permission.MANAGE_TOKENS})
    assert refused.value.code == "permission_not_held"
    assert fresh(old).rotated_at is None


def test_of_two_rotations_at_once_one_is_refused():
    old, _text = issue(None, Permission.VIEW_CONTRACT)
    with psycopg.connect(owner_dsn("default")) as holder:
        holder.execute("SET ROLE terme_vendor")
        holder.execute("SELECT FROM accounts_apitoken WHERE id = %s FOR UPDATE", [old.pk])
        threading.Timer(1, holder.commit).start()  # all three have asked by then
        done = at_once(lambda: rotate(old), lambda: rotate(old), lambda: rotate(old))
    assert sorted(getattr(one, "code", "made") for one in done) == ["made", "token_rotated", "token_rotated"]
    with tenancy.vendor():
        assert ApiToken.objects.count() == 2
