"""Client organizations: created and changed by the vendor."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.enums import Language, LegalCategory
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import Organization
from accounts.operations import audit, outbox
from accounts.rules import checks

FIELDS = ("name", "country", "time_zone", "language", "legal_category", "registration_number")


def check(values: dict[str, str]) -> list[FieldError]:
    """Return every fault of an organization's fields."""
    return [
        *checks.text("name", values["name"]),
        *checks.country("country", values["country"]),
        *checks.time_zone("time_zone", values["time_zone"]),
        *checks.one_of("language", values["language"], Language.values),
        *checks.one_of("legal_category", values["legal_category"], LegalCategory.values),
        *checks.text("registration_number", values["registration_number"], longest=40),
    ]


@transaction.atomic
def create(*, now: datetime, by: str, **values: str) -> Organization:
    """Register a client; ``values`` are :data:`FIELDS`.

    :raises InvalidInput: a field is wrong.
    :raises Refused: the registration number is taken in that country.
    """
    if faults := check(values):
        raise InvalidInput(faults)
    organization = Organization(**values, created_at=now)
    try:
        with transaction.atomic():
            organization.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            "An organization with this country and registration number exists.", code="organization_exists"
        ) from error
    audit.record(
        "organization.created",
        organization,
        by=by,
        at=now,
        data={"country": organization.country, "legal_category": organization.legal_category},
    )
    outbox.publish("organization.created", organization, at=now)
    return organization


@transaction.atomic
def change(organization: Organization, *, now: datetime, by: str, **values: str) -> Organization:
    """Change some of :data:`FIELDS`; the identity (country, registration number) stays. No change writes nothing.

    :raises InvalidInput: a field is wrong, is part of the identity, or is none of those.
    """
    if strange := sorted(values.keys() - set(FIELDS)):
        raise InvalidInput([FieldError(name, "unknown_field", "This cannot be changed here.") for name in strange])
    locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    wrong = [f for f in ("country", "registration_number") if f in values and values[f] != getattr(locked, f)]
    if wrong:
        raise InvalidInput(
            [FieldError(f, "identity", "The identity of an organization does not change.") for f in wrong]
        )
    changed = {name: value for name, value in values.items() if getattr(locked, name) != value}
    if faults := check({name: values.get(name, getattr(locked, name)) for name in FIELDS}):
        raise InvalidInput(faults)
    if changed:
        for name, value in changed.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(changed))
        audit.record("organization.changed", locked, by=by, at=now, data={"fields": sorted(changed)})
        outbox.publish("organization.changed", locked, at=now)
    return locked
