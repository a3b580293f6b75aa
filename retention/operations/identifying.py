"""By what the people of an erasure are known: their identifiers, now and before, and who has one of them now."""

from collections.abc import Iterable
from functools import cache, reduce
from itertools import batched
from operator import or_
from uuid import UUID

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, models, router
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from accounts import tenancy
from accounts.models import LicensedUser
from accounts.rules import profiles
from accounts.rules.licence_states import LIVE
from retention.models import RequestSubject
from retention.operations.sought import Returned
from retention.operations.stores.searched import exports_of
from retention.operations.stores.target import Target
from retention.rules.terms import Identifiers, as_sought, as_uuid, spelled

# What a person is known by, besides the opaque id and the other addresses of the profile.
NAMED = ("email", "external_id", "user_name", "provisioned_id")
ASKED_AT_ONCE = 5_000
# Whether an address of the profile is one of these.
IN_PROFILE = """EXISTS (
    SELECT FROM jsonb_array_elements(
        CASE jsonb_typeof(profile -> 'emails') WHEN 'array' THEN profile -> 'emails' ELSE '[]' END) AS one
    WHERE lower(one ->> 'value') = ANY(%s))"""


def identifiers_of(target: Target) -> Identifiers:
    """Return the identifiers of the people as they stand, and the ids of the organization's export files."""
    people = LicensedUser.objects.filter(organization=target.organization_id)
    if not target.whole:
        listed = RequestSubject.objects.filter(organization=target.organization_id, request=target.request_id)
        people = people.filter(pk__in=listed.values("licensed_user"))
    return identifiers_of_people(people, target)


def identifiers_of_people(people: QuerySet[LicensedUser], target: Target, *, uuids: Iterable[UUID] = ()) -> Identifiers:
    """Return the identifiers of these people, those they had before too, with opaque ids that are known beside them.

    An id that a client gave somebody, and that is the opaque id of something else here, means that other thing: it is
    not searched for.
    """
    emails, external_ids, ids, keys = set(), set(), set(uuids), set()
    known_as: list[tuple[str, str, str, str]] = []
    columns = (*NAMED, "public_id", "pk", "former_identifiers", "profile")
    for email, external_id, user_name, provisioned_id, public_id, pk, former, profile in people.values_list(
        *columns
    ).iterator():
        others = dict.fromkeys((*former, *(text for text in profiles.addresses(profile) if text != email)))
        ids.add(public_id)
        emails |= {text.lower() for text in (email, *others) if "@" in text}
        external_ids |= {text.lower() for text in (external_id, user_name, provisioned_id, *others) if text}
        if not target.whole:
            keys.add(pk)
            known_as.append((str(public_id), external_id, email, user_name))
            known_as += ((str(public_id), text, text if "@" in text else "", text) for text in others)
    external_ids -= emails
    claimed = _of_something_else(external_ids, ids)
    external_ids -= claimed
    named = [[("" if text.lower() in claimed else text) for text in one] for one in known_as]
    files = exports_of(target.organization_id, target.request_id).values_list("public_id", flat=True)
    return Identifiers(
        emails=frozenset(emails),
        external_ids=frozenset(external_ids),
        uuids=frozenset(ids),
        files=frozenset(files),
        people=frozenset(keys),
        known_as=tuple((one[0], one[1], one[2], one[3]) for one in named),
    )


def returned(organization_id: int, terms: Identifiers, *, whole: bool) -> list[Returned]:
    """Return who of the organization has an address or id of an erased person, but is somebody else by opaque id."""
    known = {term: as_sought(term) for term in terms.emails | terms.external_ids}
    people = LicensedUser.objects.filter(organization=organization_id)
    if not whole:
        # Few are sought among many; of a whole organization many, among the few who came back.
        called = sorted({one for term in known for one in spelled(term)})
        named = people.annotate(
            **{f"{name}_folded": Lower(name) for name in NAMED},
            in_profile=RawSQL(IN_PROFILE, [called], models.BooleanField()),
        )
        people = named.filter(reduce(or_, (Q(**{f"{name}_folded__in": called}) for name in NAMED), Q(in_profile=True)))
    found = []
    for person in people.only("pk", "public_id", "status", "profile", *NAMED).iterator():
        names = (*(getattr(person, name) for name in NAMED), *profiles.addresses(person.profile))
        called_now = {as_sought(name) for name in names}
        has = {term for term, form in known.items() if form in called_now}
        if has and person.public_id not in terms.uuids:
            found.append(Returned(person.pk, person.public_id.hex, frozenset(has), person.status in LIVE))
    return found


def of_living_others(organization_id: int, terms: Identifiers, *, whole: bool) -> tuple[Returned, ...]:
    """Return those of :func:`returned` who use the product: what is asked for by their names is theirs."""
    return tuple(one for one in returned(organization_id, terms, whole=whole) if one.lives)


def _of_something_else(texts: Iterable[str], own: set[UUID]) -> set[str]:
    """Return those of the texts that are opaque ids of rows here, of another person or of no person."""
    by_id: dict[UUID, set[str]] = {}
    for text in texts:
        found = as_uuid(text)
        if found is not None and found not in own:
            by_id.setdefault(found, set()).add(text)
    taken: set[UUID] = set()
    with tenancy.vendor():
        for some in batched(by_id, ASKED_AT_ONCE, strict=False):
            for model in _with_opaque_ids():
                taken |= set(model._default_manager.filter(public_id__in=some).values_list("public_id", flat=True))
    return {text for one in taken for text in by_id[one]}


@cache
def _with_opaque_ids() -> tuple[type[models.Model], ...]:
    ours = (
        model for name in ("accounts", "contracts", "retention") for model in apps.get_app_config(name).get_models()
    )
    named = (model for model in ours if any(one.name == "public_id" for one in model._meta.fields))
    return tuple(model for model in named if router.db_for_read(model) == DEFAULT_DB_ALIAS)
