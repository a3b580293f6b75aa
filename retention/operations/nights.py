"""The nights of retention rules: what is older than the cutoff goes, in small transactions with their own journal.

Content falls due by the client's rule, so no request, certificate or key is involved: the people stay, and with them
their keys. Several workers at once take turns, chunk by chunk, by the lock on the rule.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from accounts import tenancy
from accounts.errors import Refused
from accounts.operations import audit
from contracts.rules.periods import local_day
from retention.enums import NightState, RuleState, VaultState
from retention.models import RetentionNight, RetentionRule
from retention.operations import chunks, lasting, nights_beyond
from retention.operations.chunks import Pace
from retention.operations.stores.aged import OF_CATEGORY, Aged, AgedChunk, Reached
from retention.rules import lasting as rules

log = structlog.get_logger(__name__)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


class NotDue(Refused):
    """The rule is not enforced, its night is over, or the organization's content is left to an erasure."""

    code = "retention_night_not_due"


def work(rule: RetentionRule, *, now: datetime, by: str, budget: timedelta | None = None) -> bool:
    """Take a rule's night as far as it goes; return whether it is over. Killed at any instant, the next call goes on.

    With a ``budget`` it stops in time. A failure is noted on the night, which is tried again later, each time later.

    :raises NotDue: there is nothing to do for this rule now.
    """
    turn = _Turn(rule, now, by=by, until=None if budget is None else now + budget)
    turn.begin()
    try:
        while not turn.one_chunk():
            if turn.is_over():
                return False
    except Exception as error:
        if isinstance(error, Refused) or type(error).__name__ == "SoftTimeLimitExceeded":
            raise  # nothing failed: the rule ended meanwhile, or the worker's time is up
        log.warning("retention_night.failed", error=type(error).__name__)
        turn.note_failure(error)
        return False
    return True


class _Turn:
    """One worker's turn on a rule's night."""

    def __init__(self, rule: RetentionRule, now: datetime, *, by: str, until: datetime | None) -> None:
        self.rule_id, self.organization_id = rule.pk, rule.organization_id
        self.started_at, self.began = now, time.monotonic()
        self.by = by
        self.until = until
        self.stores = {store.name: store for store in OF_CATEGORY[rule.category]}
        self.paces: dict[str, Pace] = {}

    def now(self) -> datetime:
        """Return the caller's instant, plus the time that has passed since."""
        return self.started_at + timedelta(seconds=time.monotonic() - self.began)

    def is_over(self) -> bool:
        return self.until is not None and self.now() >= self.until

    def begin(self) -> None:
        """Begin the night, go on with the one that runs, or open it again: a hold was released, a worker was killed.

        A night of an earlier day that was not finished is interrupted: this one takes what it left.
        """
        with tenancy.eraser(self.organization_id):
            rule = self._rule(awake=True)
            found = lasting.cutoff_of(rule, now=self.started_at)
            on = local_day(self.started_at, rule.organization.time_zone)
            nights = RetentionNight.objects.filter(rule=rule)
            if nights.filter(on__gt=on).exists():
                raise NotDue("A later night has begun: this call waited.")
            nights.filter(state=NightState.RUNNING, on__lt=on).update(
                state=NightState.INTERRUPTED, finished_at=self.started_at
            )
            night, opened = nights.filter(on=on).first(), False
            if night is None:
                night = RetentionNight(organization_id=self.organization_id, rule=rule, on=on, cutoff=found.before)
                night.started_at = self.started_at
            if night.state != NightState.RUNNING or night.pk is None:
                night.state, night.finished_at = NightState.RUNNING, None
                night.store, night.checkpoint_at, night.checkpoint = next(iter(self.stores)), None, 0
                night.left = {}
                opened = True
            # A length that was made longer since counts at once; one that was made shorter, from the next night on.
            if found.before <= night.cutoff:
                night.cutoff, night.winner, night.why = found.before, found.winner, found.explanation.to_json()
            night.save()
            if opened:
                nights_beyond.begin(night, now=self.started_at)

    def one_chunk(self) -> bool:
        """Erase one chunk and write its journal, in one transaction. Return whether the night is over."""
        began = time.monotonic()
        with tenancy.eraser(self.organization_id):
            rule = self._rule()
            night = RetentionNight.objects.filter(rule=rule, state=NightState.RUNNING).first()
            if night is None:
                return True  # another worker finished it
            store = self.stores[night.store]
            pace = self.paces.setdefault(
                store.name, Pace(settings.ERASURE_CHUNK_ROWS, settings.ERASURE_CHUNK_MILLISECONDS)
            )
            # Alone, where a writer could else add to what is found empty.
            state = (chunks.take_fence if store.emptied else chunks.share_fence)(self.organization_id)
            if state not in (None, VaultState.OPEN):
                return self._finish(rule, night, state=NightState.INTERRUPTED)
            chunk = store.erase(
                self.organization_id,
                before=night.cutoff,
                after=Reached(night.checkpoint_at, night.checkpoint),
                limit=pace.rows,
            )
            over = self._write_down(rule, night, store, chunk)
            if not over:
                chunks.commit_without_waiting()
            rows = pace.rows
        seconds = time.monotonic() - began
        if chunk.full:
            pace.note(seconds, rows)
        chunks.rest(chunk.erased, seconds)
        return over

    def _write_down(self, rule: RetentionRule, night: RetentionNight, store: Aged, chunk: AgedChunk) -> bool:
        night.erased[store.name] = night.erased.get(store.name, 0) + chunk.erased
        for reason, count in chunk.left.items():
            reasons = night.left.setdefault(store.name, {})
            reasons[reason] = reasons.get(reason, 0) + count
        night.checkpoint_at, night.checkpoint = chunk.reached.at, chunk.reached.key
        night.failures, night.last_error = 0, ""
        if chunk.finished:
            names = list(self.stores)
            following = names[names.index(store.name) + 1 :]
            if not following:
                return self._finish(rule, night, state=NightState.DONE)
            night.store, night.checkpoint_at, night.checkpoint = following[0], None, 0
        night.save()
        return False

    def _finish(self, rule: RetentionRule, night: RetentionNight, *, state: NightState) -> bool:
        now = self.now()
        night.state, night.finished_at = state, now
        night.save()
        rule.next_at = rules.night_after(night.on, rule.organization.time_zone)
        rule.save(update_fields=["next_at"])
        data = {
            "rule": str(rule.public_id),
            "cutoff": night.cutoff.isoformat(),
            "winner": night.winner,
            "erased": night.erased,
            "left": night.left,
        }
        audit.record(f"retention_night.{state.value}", night, by=self.by, at=now, data=data)
        return True

    def note_failure(self, error: Exception) -> None:
        """Write down what failed, and when the night is tried again."""
        with tenancy.eraser(self.organization_id):
            rule = self._rule()
            night = RetentionNight.objects.filter(rule=rule, state=NightState.RUNNING).first()
            if night is None:
                return
            night.failures += 1
            night.last_error = type(error).__name__
            night.save(update_fields=["failures", "last_error"])
            rule.next_at = self.now() + min(FIRST_WAIT * 2 ** min(night.failures - 1, 10), LONGEST_WAIT)
            rule.save(update_fields=["next_at"])

    def _rule(self, *, awake: bool = False) -> RetentionRule:
        """Lock the rule: one chunk at a time, and none once it ended. :raises NotDue: it is not to be worked on."""
        rows = RetentionRule.objects.filter(pk=self.rule_id, state=RuleState.ENFORCED)
        found = rows.select_for_update(of=("self",), no_key=True).select_related("organization").first()
        if found is not None and awake:
            due = RetentionRule.objects.due_for_a_night(at=self.started_at).filter(pk=self.rule_id)
            found = found if due.exists() else None
        if found is None:
            raise NotDue("The rule is not enforced, its night is over, or everything is being erased.")
        return found
