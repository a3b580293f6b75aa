"""Bulk work: one act to thousands of people, a chunk in a transaction; whom it could not change is listed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.enums import BulkState, ItemState, LicenceStatus
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import BulkItem, BulkJob, LicensedUser, LicensedUserChange, Organization
from accounts.operations import access, audit, outbox, states
from accounts.rules.licence_states import LICENCE_ENDED, UNDO, Act, Wish

CHUNK = 500
LARGEST = 50_000
ACTS = (Act.SUSPEND, Act.REINSTATE, Act.RESTRICT, Act.LIFT, Act.SCHEDULE, Act.CANCEL)
CHANGED_SINCE = "changed_since"


class NoUndo(Refused):
    """The job is not finished, has been taken back, or its act has no way back."""

    code = "bulk_job_has_no_undo"


class NothingToDo(Refused):
    """The job is finished, or another worker has it."""

    code = "bulk_job_nothing_to_do"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is meant: external ids, or public ids, or all people of some statuses and departments."""

    external_ids: Sequence[str] = ()
    public_ids: Sequence[UUID] = ()
    statuses: Sequence[str] = ()
    departments: Sequence[str] = ()


@transaction.atomic
def request(
    organization: Organization,
    act: Act,
    chosen: Chosen,
    *,
    now: datetime,
    by: str,
    reason: str = "",
    until: datetime | None = None,
    features: Sequence[str] | None = None,
    note: str = "",
) -> BulkJob:
    """Make a job of an act to many people. Nothing is changed yet; a worker begins within seconds.

    :raises InvalidInput: somebody named is unknown (each is named by row), nobody or more than 50,000 are meant, or the
        act cannot be asked for like this. Then there is no job.
    :raises OrganizationClosed: its data are being erased, or are erased.
    """
    if act not in ACTS:
        raise InvalidInput(
            [FieldError("act", "unknown", phrase("One of: %(known)s.", known=", ".join(one.value for one in ACTS)))]
        )
    states.take_turns(organization)
    wish = access.wish(act, organization, now=now, reason=reason, until=until, features=features, note=note)
    keys = _keys(organization, act, chosen)
    job = BulkJob.objects.create(
        organization=organization,
        act=act.value,
        reason=wish.reason,
        until=wish.until,
        features=list(wish.features) if act is Act.RESTRICT else None,
        note=note,
        total=len(keys),
        requested_by=by,
        created_at=now,
    )
    BulkItem.objects.bulk_create(
        [BulkItem(organization=organization, job=job, licensed_user_id=key) for key in keys], batch_size=2000
    )
    audit.record("bulk_job.requested", job, by=by, at=now, data={"act": act.value, "users": len(keys)})
    return job


@transaction.atomic
def undo(job: BulkJob, *, now: datetime, by: str) -> BulkJob:
    """Make a job that takes another one back: for those whom it changed and nobody has changed since.

    :raises NoUndo: it is not finished, was taken back already, or its act has no way back.
    """
    locked = BulkJob.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
    states.take_turns(locked.organization)
    back = UNDO.get(Act(locked.act))
    if back is None or locked.state != BulkState.FINISHED or BulkJob.objects.filter(undo_of=locked).exists():
        raise NoUndo("The job is not finished, was taken back already, or its act has no way back.")
    items = locked.items.filter(state=ItemState.DONE)
    found = BulkJob.objects.create(
        organization_id=locked.organization_id,
        act=back.value,
        undo_of=locked,
        total=items.count(),
        requested_by=by,
        created_at=now,
    )
    BulkItem.objects.bulk_create(
        [
            BulkItem(
                organization_id=locked.organization_id,
                job=found,
                licensed_user_id=item.licensed_user_id,
                before_reason=item.before_reason,
                before_until=item.before_until,
                before_features=item.before_features,
            )
            for item in items.order_by("pk").iterator(chunk_size=2000)
        ],
        batch_size=2000,
    )
    data = {"act": back.value, "users": found.total, "undo_of": str(locked.public_id)}
    audit.record("bulk_job.requested", found, by=by, at=now, data=data)
    return found


@transaction.atomic
def work(job: BulkJob, *, now: datetime, by: str) -> BulkJob:
    """Do the next chunk of a job, in the name of who asked for it.

    State, history, trail and the items' outcome commit together: a killed worker's chunk is done again as a whole.

    :raises NothingToDo: it is finished, or with another worker.
    """
    rows = BulkJob.objects.exclude(state=BulkState.FINISHED)
    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).select_related("organization", "undo_of")
    locked = rows.filter(pk=job.pk).first()
    if locked is None:
        raise NothingToDo("The job is finished, or another worker has it.")
    items = list(locked.items.filter(state=ItemState.WAITING).order_by("pk")[:CHUNK])
    done, refused = _do(locked, items, now=now)
    locked.done += done
    locked.refused += refused
    locked.state = BulkState.WORKING
    if len(items) < CHUNK:
        locked.state, locked.finished_at = BulkState.FINISHED, now
        data = {"act": locked.act, "done": locked.done, "refused": locked.refused}
        audit.record("bulk_job.finished", locked, by=by, at=now, data=data)
        outbox.publish("bulk_job.finished", locked, at=now, payload=data)
    locked.save(update_fields=["done", "refused", "state", "finished_at"])
    return locked


def _do(job: BulkJob, items: Sequence[BulkItem], *, now: datetime) -> tuple[int, int]:
    """Do the act to the items' people; note what came of it. Return how many were done, and how many not."""
    states.take_turns(job.organization)
    codes: dict[int, str] = {}
    standings: dict[int, Any] = {}
    keys = {item.licensed_user_id for item in items}
    states.hold(job.organization, keys)
    untouched = _untouched_since(job, keys)
    for wish, some in _wishes(job, [item for item in items if item.licensed_user_id in untouched], now=now).items():
        moved = states.move(
            job.organization,
            [item.licensed_user_id for item in some],
            wish,
            now=now,
            by=job.requested_by,
            source=job.public_id,
            waits=job.undo_of is not None or wish.act is Act.CANCEL,
            note=job.note,
        )
        codes |= moved.refused
        standings |= moved.done
    for item in items:
        before = standings.get(item.licensed_user_id)
        if before is None:
            item.state = ItemState.REFUSED
            # Somebody who is not there any more was erased meanwhile.
            item.code = codes.get(item.licensed_user_id, CHANGED_SINCE)
            continue
        item.state = ItemState.DONE
        item.before_reason, item.before_until = before.suspension_reason, before.suspended_until
        item.before_features = None if before.features is None else list(before.features)
    fields = ["state", "code", "before_reason", "before_until", "before_features"]
    BulkItem.objects.bulk_update(items, fields, batch_size=500)
    return len(standings), len(items) - len(standings)


def _wishes(job: BulkJob, items: Sequence[BulkItem], *, now: datetime) -> dict[Wish, list[BulkItem]]:
    """Return the people by what is asked for them: taking back gives each what they had before."""
    act = Act(job.act)
    found: dict[Wish, list[BulkItem]] = defaultdict(list)
    if job.undo_of is None:
        asked = access.wish(
            act,
            job.organization,
            now=min(now, job.created_at),
            reason=job.reason,
            until=job.until,
            features=job.features,
        )
        found[asked].extend(items)
        return found
    for item in items:
        found[_back(act, item, now=now)].append(item)
    return found


def _back(act: Act, item: BulkItem, *, now: datetime) -> Wish:
    """Return what gives a person back what they had: whom a suspension kept out, and still would, it does again."""
    over = item.before_until is not None and item.before_until <= now
    kept_out = act is Act.REINSTATE and not over and item.before_reason not in ("", LICENCE_ENDED)
    if kept_out or act is Act.SUSPEND:  # one whose end is past is refused: the person would be in by now
        return Wish(Act.SUSPEND, reason=item.before_reason, until=item.before_until, instead=True)
    if act is Act.RESTRICT:
        return Wish(act, features=tuple(item.before_features or ()))
    return Wish(act)


def _untouched_since(job: BulkJob, keys: set[int]) -> set[int]:
    """Return those whom nobody has changed since the job that is taken back; all, if none is."""
    if job.undo_of is None:
        return keys
    last: dict[int, UUID | None] = {}
    changes = LicensedUserChange.objects.filter(organization=job.organization, licensed_user__in=keys)
    for person, source in changes.order_by("occurred_at", "pk").values_list("licensed_user_id", "source"):
        last[person] = source
    return {key for key in keys if last.get(key) == job.undo_of.public_id}


def _keys(organization: Organization, act: Act, chosen: Chosen) -> list[int]:
    """Return who is meant. Ids and departments name the living; only a deletion that is taken back, who is to go."""
    ways = [chosen.external_ids, chosen.public_ids, [*chosen.statuses, *chosen.departments]]
    if sum(bool(way) for way in ways) != 1:
        message = phrase("Name people by external_ids, or by public_ids, or by statuses and departments.")
        raise InvalidInput([FieldError("external_ids", "choose_one", message)])
    people = LicensedUser.objects.filter(organization=organization)
    named = people.filter(status=LicenceStatus.SCHEDULED) if act is Act.CANCEL else people.live()
    if chosen.external_ids:
        found = _named(named, "external_id", chosen.external_ids)
    elif chosen.public_ids:
        found = _named(people, "public_id", chosen.public_ids)
    else:
        people = people.filter(status__in=chosen.statuses) if chosen.statuses else named
        if chosen.departments:
            people = people.filter(department__in=chosen.departments)
        found = list(people.order_by("pk").values_list("pk", flat=True)[: LARGEST + 1])
    if not found:
        raise InvalidInput([FieldError("statuses", "nobody", "Nobody is meant.")])
    if len(found) > LARGEST:
        raise InvalidInput(
            [FieldError("external_ids", "too_many", phrase("At most %(most)s people in one job.", most=LARGEST))]
        )
    return found


def _named(people: QuerySet[LicensedUser], name: str, wanted: Sequence[Any]) -> list[int]:
    """Return the keys of people by their ids, each once; of several who go by one id the last one's.

    :raises InvalidInput: somebody is unknown, or too many.
    """
    field = f"{name}s"
    if len(wanted) > LARGEST:
        raise InvalidInput([FieldError(field, "too_many", phrase("At most %(most)s people in one job.", most=LARGEST))])
    rows = people.filter(**{f"{name}__in": set(wanted)}).order_by("pk")
    known: dict[Any, int] = dict(rows.values_list(name, "pk"))
    faults = [
        FieldError(
            field, "unknown_person", phrase("%(name)s: nobody is licensed under this id.", name=repr(str(one))), row
        )
        for row, one in enumerate(wanted, start=1)
        if one not in known
    ]
    if faults:
        raise InvalidInput(faults[:100])
    return sorted({known[one] for one in wanted})
