"""Nights of retention rules in stores beyond the vault: asked outside of any transaction, each call with its journal.

One row for each store that a rule reaches, beside the vault's night, so that a store that fails holds up no other. A
lease says who asks a store. Whom nothing may be taken from is read anew before each call, behind the vault's fence.
"""

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import structlog
from django.db import connection
from django.db.models import F, Q, QuerySet

from accounts import tenancy
from accounts.errors import Refused
from accounts.models import LicensedUser, Organization
from accounts.operations import audit, clock
from accounts.operations.sweeping import Swept, earliest
from accounts.rules import profiles
from retention.connectors.protocol import (
    Connector,
    Older,
    Person,
    Progress,
    StoreError,
    StoreMisconfigured,
    StoreUnavailable,
    Target,
)
from retention.enums import BeyondState, HoldScope, StoreFault, StoreKind, VaultState
from retention.models import ExternalStore, LegalHold, NightBeyond, RetentionNight, RetentionRule
from retention.operations import external, identifying, lasting, outside, reach
from retention.operations.chunks import share_fence
from retention.operations.stores import Target as Whole
from retention.operations.stores.aged import SPARED

log = structlog.get_logger(__name__)
AT_ONCE = 1_000
MOST_SPARED = 5_000
# Longer than one call of any store may take.
LEASE = timedelta(minutes=15)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=1)
# Where nothing goes tonight, and nothing is wrong with the store: something is kept that cannot be told apart there, or
# the store knows no such client.
PASSED_OVER = frozenset(
    {
        StoreFault.HELD,
        StoreFault.CANNOT_SPARE,
        StoreFault.UNNAMED_PERSON,
        StoreFault.UNNAMED_TENANT,
        StoreFault.UNSAFE_NAME,
        StoreFault.NOT_BY_AGE,
    }
)


class NotDue(Refused):
    """The night in this store is over, the rule is not enforced any more, or another worker asks the store."""

    code = "retention_night_not_due"


def begin(night: RetentionNight, *, now: datetime) -> None:
    """Let a night act in every store that its rule reaches; one that is opened again acts there again.

    Where the night before is interrupted in a database or a bucket, this one goes on where that one stood: else the far
    end of what takes longer than a day would never be reached. In the transaction that begins the night, whose caller
    has the rule's row.
    """
    with tenancy.vendor():
        earlier = NightBeyond.objects.filter(night__rule=night.rule_id, state=BeyondState.RUNNING)
        stood = _stood(earlier.exclude(night=night))
        earlier.exclude(night=night).update(state=BeyondState.INTERRUPTED, finished_at=now, cursor="")
        rows = NightBeyond.objects.filter(night=night)
        rows.exclude(state=BeyondState.RUNNING).update(
            state=BeyondState.RUNNING,
            why="",
            cursor="",
            again_at=None,
            finished_at=None,
            opened_again=F("opened_again") + 1,
        )
        known = set(rows.values_list("store", flat=True))
        NightBeyond.objects.bulk_create(
            NightBeyond(
                organization_id=night.organization_id,
                night=night,
                store=one["store"],
                cursor=stood.get(one["store"], ""),
                started_at=now,
            )
            for one in reach.of(night.rule.category)
            if one["reached"] and one["store"] not in known
        )


def _stood(rows: QuerySet[NightBeyond]) -> dict[str, str]:
    """Return where walks through databases and buckets stand, by store. A service's is the address of a request."""
    walked = ExternalStore.objects.filter(kind__in=[StoreKind.POSTGRESQL, StoreKind.S3]).values("code")
    return dict(rows.filter(store__in=walked).order_by("pk").values_list("store", "cursor"))


def due(*, at: datetime) -> QuerySet[NightBeyond]:
    """Return the stores that are to be asked now. In the vendor's scope."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
    waits = Q(again_at__isnull=True) | Q(again_at__lte=at)
    return _running().filter(free, waits, started_at__lte=at).order_by("pk")


def following(*, after: datetime) -> datetime | None:
    """Return when the next store may be asked again, or a worker that was killed has lost it."""
    instants = [earliest(_running(), field, after=after) for field in ("again_at", "leased_until")]
    return min((instant for instant in instants if instant is not None), default=None)


def work_all(*, at: datetime, by: str) -> Swept:
    """Ask every store that is due, one after the other. In rehearsed time none is asked: what goes there is gone."""
    swept = Swept()
    if not clock.is_real(at):
        return swept
    with tenancy.vendor():
        found = list(due(at=at))
    for row in found:
        try:
            swept.done += work(row, now=at, by=by)
        except Refused as error:
            swept.refuse(error.code)
    return swept


def work(row: NightBeyond, *, now: datetime, by: str, budget: timedelta | None = None) -> bool:
    """Take a night as far as it goes in one store; return whether it is over. Killed at any instant, the next goes on.

    With a ``budget`` it stops in time. What fails is noted, and tried again later, each time later, until the next
    night interrupts it.

    :raises NotDue: there is nothing to do now, another worker does it, or the instant is not about this one.
    """
    if not clock.is_real(now):
        raise NotDue("Stores beyond the vault are asked in real time only.")
    turn = _Turn(row, now, by=by, until=None if budget is None else now + budget)
    turn.claim()
    try:
        return turn.go_on()
    finally:
        turn.give_back()


def _running() -> QuerySet[NightBeyond]:
    return NightBeyond.objects.filter(
        state=BeyondState.RUNNING, night__rule__in=RetentionRule.objects.awake().values("pk")
    )


class _Turn:
    """One worker's turn on a night in one store."""

    def __init__(self, row: NightBeyond, now: datetime, *, by: str, until: datetime | None) -> None:
        self.pk, self.organization_id, self.code = row.pk, row.organization_id, row.store
        self.started_at, self.began = now, time.monotonic()
        self.by, self.until, self.lease = by, until, uuid4()
        self.waits = False
        self.named: frozenset[str] | None = None

    def now(self) -> datetime:
        """Return the caller's instant, plus the time that has passed since."""
        return self.started_at + timedelta(seconds=time.monotonic() - self.began)

    def claim(self) -> None:
        """Take the store for this night. :raises NotDue: another worker has it, or it is not to be asked."""
        with tenancy.vendor():
            found = due(at=self.started_at).filter(pk=self.pk)
            if not found.update(lease=self.lease, leased_until=self.started_at + LEASE):
                raise NotDue("This store is not to be asked now, or another worker asks it.")

    def give_back(self) -> None:
        with tenancy.vendor():
            NightBeyond.objects.filter(pk=self.pk, lease=self.lease).update(lease=None, leased_until=None)

    def go_on(self) -> bool:
        try:
            with tenancy.vendor():
                store = outside.working(self.code)
            with closing(external.connector_for(store, now=self.now())) as connector:
                while not (over := self._chunk(store, connector)) and not self.waits and not self._is_over():
                    pass
                return over
        except StoreError as error:
            return self._refused(error)
        except Exception as error:
            if isinstance(error, Refused):
                raise  # nothing failed: it is over
            if type(error).__name__ == "SoftTimeLimitExceeded":
                with suppress(NotDue):
                    self._refused(StoreUnavailable(StoreFault.TIMEOUT))
                raise
            log.warning("retention_night.store_failed", store=self.code, error=type(error).__name__)
            return self._refused(StoreUnavailable(StoreFault.FAILED))

    def _is_over(self) -> bool:
        return self.until is not None and self.now() >= self.until

    def _chunk(self, store: ExternalStore, connector: Connector) -> bool:
        row, target, older = self._asked(store)
        progress = connector.erase_older(
            target, older, run=_run_of(row), checkpoint=row.cursor, limit=AT_ONCE, now=self.now()
        )
        return self._write_down(progress)

    def _asked(self, store: ExternalStore) -> tuple[NightBeyond, Target, Older]:
        """Say what goes, as things stand now. :raises StoreMisconfigured: a hold keeps everything."""
        with tenancy.vendor():
            row = self._mine()
            rule = row.night.rule
            if not RetentionRule.objects.awake().filter(pk=rule.pk).exists():
                raise NotDue("The rule is not enforced, or everything of the organization is left to an erasure.")
            if share_fence(self.organization_id) not in (None, VaultState.OPEN):
                raise NotDue("Everything of the organization is being erased.")
            held = LegalHold.objects.filter(organization=self.organization_id, scope=HoldScope.ORGANIZATION)
            if held.in_force().exists():
                raise StoreMisconfigured(StoreFault.HELD)
            spared = self._spared()
            row.spared = len({one.public_id for one in spared})
            row.leased_until = self.now() + LEASE
            row.save(update_fields=["spared", "leased_until"])
            organization = Organization.objects.get(pk=self.organization_id)
            terms = self._names() if store.kind == StoreKind.HTTP else frozenset()
            older = Older(rule.category, self._cutoff(row), spared)
        return row, external.target_of(organization, terms=terms), older

    def _cutoff(self, row: NightBeyond) -> datetime:
        """Return before what it goes: a length that was made longer since the night began counts at once."""
        begun: datetime = row.night.cutoff
        return min(begun, lasting.cutoff_of(row.night.rule, now=self.now()).before)

    def _names(self) -> frozenset[str]:
        """Return what nothing may say that is kept of a service's answers: by what people are known."""
        if self.named is None:
            found = identifying.identifiers_of(Whole(self.organization_id))
            self.named = frozenset({*found.emails, *found.uuid_texts()})
        return self.named

    def _spared(self) -> tuple[Person, ...]:
        """Return of whom nothing may be taken now, under every name. :raises StoreMisconfigured: there are too many."""
        with connection.cursor() as cursor:
            cursor.execute(SPARED, {"organization": self.organization_id})
            keys = {row[0] for row in cursor.fetchall()}
        if len(keys) > MOST_SPARED:
            raise StoreMisconfigured(StoreFault.CANNOT_SPARE)
        people = LicensedUser.objects.filter(organization=self.organization_id, pk__in=keys).order_by("pk")
        return tuple(one for user in people for one in _as_known(user))

    def _write_down(self, progress: Progress) -> bool:
        """Write down what a call did; say whether the night is over there. What went counts, whoever has the store now.

        :raises NotDue: another worker has it: how far it is, that one says.
        """
        now = self.now()
        with tenancy.vendor():
            NightBeyond.objects.filter(pk=self.pk).update(erased=F("erased") + progress.erased)
        with tenancy.vendor():
            row = self._mine()
            row.cursor, row.again_at, row.failures, row.why = progress.checkpoint, progress.ask_again_at, 0, ""
            row.save(update_fields=["cursor", "again_at", "failures", "why"])
            if progress.finished:
                self._finish(row, BeyondState.DONE, now=now)
        self.waits = progress.ask_again_at is not None
        return progress.finished

    def _refused(self, error: StoreError) -> bool:
        """Pass the store over tonight, or note the failure and when it is tried again; say whether it is over."""
        now = self.now()
        with tenancy.vendor():
            row = self._mine()
            row.why = error.fault.value
            if error.fault in PASSED_OVER:
                row.save(update_fields=["why"])
                self._finish(row, BeyondState.SKIPPED, now=now)
                return True
            if error.from_the_front:
                row.cursor = ""
            row.failures += 1
            wait = now + min(FIRST_WAIT * 2 ** min(row.failures - 1, 10), LONGEST_WAIT)
            asked = error.retry_at if isinstance(error, StoreUnavailable) else None
            row.again_at = max(wait, asked) if asked else wait
            row.save(update_fields=["why", "cursor", "failures", "again_at"])
        return False

    def _finish(self, row: NightBeyond, state: BeyondState, *, now: datetime) -> None:
        row.state, row.finished_at, row.again_at, row.cursor = state, now, None, ""
        row.save(update_fields=["state", "finished_at", "again_at", "cursor"])
        data = {
            "rule": str(row.night.rule.public_id),
            "store": row.store,
            "cutoff": self._cutoff(row).isoformat(),
            "erased": row.erased,
            "spared": row.spared,
            "why": row.why,
        }
        audit.record(f"retention_night.beyond_{state.value}", row, by=self.by, at=now, data=data)

    def _mine(self) -> NightBeyond:
        """Lock the row. :raises NotDue: it is over, or another worker has it."""
        rows = NightBeyond.objects.select_for_update(of=("self",), no_key=True).select_related("night__rule")
        found = rows.filter(pk=self.pk, lease=self.lease, state=BeyondState.RUNNING).first()
        if found is None:
            raise NotDue("The night in this store is over, or another worker has it.")
        return found


def _run_of(row: NightBeyond) -> UUID:
    """Return a night's id for a store: another one each time it is opened again. Under one id services repeat."""
    return uuid5(row.public_id, str(row.opened_again)) if row.opened_again else row.public_id


def _as_known(user: LicensedUser) -> Iterator[Person]:
    """Yield somebody once under each name, of now and of before: by none of them may anything go."""
    others = dict.fromkeys(text for text in (*user.former_identifiers, *profiles.addresses(user.profile)) if text)
    texts = (user.email, user.user_name, user.provisioned_id, *others)
    emails = tuple(dict.fromkeys(text for text in texts if "@" in text))
    yield Person(user.public_id, user.external_id, emails, user.user_name)
    for text in others:
        yield Person(user.public_id, text, emails, text)
