"""Renewal of many contracts at once: SQL writes what the rules planned, the same rows as the one-item operation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from contracts.enums import ContractStatus
from contracts.operations import stored
from contracts.rules.money import WHOLE_UNITS
from contracts.rules.vat import MEMBER_STATES

# Small enough that a transaction holds its locks for less than a tenth of a second, large enough that commits are few.
CHUNK = 100
_CLAUSES = ", ".join(f"'{name}', c.{name}" for name in stored.CLAUSES)
_DUE = "c.status = '{status}' AND c.{instant} <= %(at)s"
# A plan is used only if it is of the next term and all that it was made from still stands, no end takes off any of the
# new term, and no payment waits for it, which is not free: until when it is then paid, the one-item operation computes.
_PLANNED = f"""
    c.planned_for = c.term_number + 1 AND p.number = c.term_number + 1
    AND p.starts_at = c.renews_at AND lower(p.days) = c.term_ends_on
    AND p.fee = c.annual_fee AND p.currency = c.currency AND c.ends_on IS NULL AND p.ends_on IS NULL
    AND p.clauses = jsonb_build_object({_CLAUSES}) AND c.annual_fee > 0 AND c.paid_ahead = 0
    AND NOT EXISTS (
        SELECT FROM contracts_amendment a WHERE a.contract_id = c.id AND a.applied_at IS NULL AND a.voided_at IS NULL
            AND a.applies_at <= c.{{instant}}
    )
"""
_MATCHED = "contracts_renewalplan p ON p.organization_id = c.organization_id AND p.contract_id = c.id"
# The next chunk is cut off the index by what is due alone; only then is it asked which of it is planned. Asked at once,
# every chunk would read and sort all that is due.
_WINDOW = """
looked_at AS MATERIALIZED (
    SELECT c.id, c.{instant} AS due_at FROM contracts_contract c
    WHERE {due} AND (c.{instant}, c.id) > (%(after)s, %(after_id)s) {among}
    ORDER BY c.{instant}, c.id LIMIT %(limit)s
)
"""
_CHOSEN = f"""
{_WINDOW}, chosen AS MATERIALIZED (
    SELECT c.id, c.organization_id, c.public_id, c.starts_on AS anchor, c.term_ends_on, c.certain_at, c.renews_at,
        p.number, p.days, p.fee, p.currency, p.clauses, p.news_from, p.ends_on, p.ends_at, p.following_last_notice_on,
        p.following_last_notice_why, p.following_certain_at, p.following_renews_at, p.following_reminder_at
    FROM looked_at w JOIN contracts_contract c ON c.id = w.id JOIN {_MATCHED}
    WHERE {{due}} AND {_PLANNED} AND NOT c.id = ANY(%(without)s)
    ORDER BY c.{{instant}}, c.id
    FOR NO KEY UPDATE OF c SKIP LOCKED
)
"""
# An instant as Python writes it, in UTC.
_ISO = (
    "to_char({0} AT TIME ZONE 'UTC', CASE WHEN extract(microseconds FROM {0})::bigint %% 1000000 = 0 "
    "THEN 'YYYY-MM-DD\"T\"HH24:MI:SS' ELSE 'YYYY-MM-DD\"T\"HH24:MI:SS.US' END) || '+00:00'"
)
_NEW_TERMS = """
    INSERT INTO contracts_term
        (organization_id, public_id, contract_id, number, days, fee, currency, clauses, certain_at, started_at)
    SELECT organization_id, gen_random_uuid(), id, number, days, fee, currency, clauses,
        coalesce(certain_at, renews_at), {started_at}
"""
_FACT_OF_CERTAINTY = f"""
    SELECT d.organization_id, d.public_id, d.id, d.{{instant}} AS due_at, 1 AS step,
        'contract.renewal_certain' AS name, d.news_from, coalesce(d.certain_at, d.renews_at) AS happened_at,
        jsonb_build_object('number', d.number, 'certain_at', {_ISO.format("coalesce(d.certain_at, d.renews_at)")})
            AS data
    FROM chosen d
"""
_TRAIL = """
audited AS (
    INSERT INTO accounts_auditevent
        (public_id, organization_id, name, subject_type, subject_id, actor, data, detail_digest, occurred_at)
    SELECT gen_random_uuid(), organization_id, name, 'Contract', public_id, %(by)s, data, '', %(at)s
    FROM facts ORDER BY due_at, id, step
), announced AS (
    INSERT INTO accounts_outboxmessage
        (public_id, organization_id, topic, subject_type, subject_id, payload, occurred_at, next_attempt_at, attempts,
         last_error)
    SELECT gen_random_uuid(), organization_id, name, 'Contract', public_id, data, %(at)s, %(at)s, 0, ''
    FROM facts WHERE news_from IS NULL OR happened_at >= news_from ORDER BY due_at, id, step
)
SELECT w.due_at, w.id, (SELECT count(*) FROM chosen) FROM looked_at w ORDER BY w.due_at DESC, w.id DESC LIMIT 1
"""
_CERTAIN = f"""
WITH {_CHOSEN}, made AS (
    {_NEW_TERMS.format(started_at="NULL")} FROM chosen
), moved AS (
    UPDATE contracts_contract c SET certain_at = NULL, next_reminder_at = NULL, deadlines_stale = true
    FROM chosen d WHERE c.id = d.id
), facts AS ({_FACT_OF_CERTAINTY.format(instant="certain_at")}), {_TRAIL}
"""
# The same line as statements.charge_term writes: the annual fee by months, a year of it for an indefinite term.
_MONTHS = "((extract(year FROM {1}) - extract(year FROM {0})) * 12 + extract(month FROM {1}) - extract(month FROM {0}))"
_YEAR_ON = f"(d.anchor + make_interval(months => {_MONTHS.format('d.anchor', 'lower(d.days)')}::int + 12))::date"
_FEES = f"""
    INSERT INTO contracts_statementline
        (organization_id, public_id, contract_id, term_id, kind, starts_on, ends_on, due_on, amount, currency, vat,
        seats, why, recorded_by, recorded_at)
    SELECT d.organization_id, gen_random_uuid(), d.id, t.id, 'fee', lower(d.days), e.ends_on, lower(d.days),
        round(d.fee * {_MONTHS.format("lower(d.days)", "e.ends_on")} / 12,
            CASE WHEN d.currency = ANY(%(whole)s) THEN 0 ELSE 2 END),
        d.currency,
        CASE WHEN o.country = %(vendor)s THEN 'standard'
            WHEN %(vendor)s = ANY(%(union)s) AND o.country = ANY(%(union)s) THEN 'reverse_charge'
            ELSE 'outside_eu' END,
        (d.clauses ->> 'seats')::int, '{{}}', %(by)s, %(at)s
    FROM chosen d
    JOIN (SELECT contract_id, id FROM started UNION ALL SELECT contract_id, id FROM made) t ON t.contract_id = d.id
    JOIN accounts_organization o ON o.id = d.organization_id
    CROSS JOIN LATERAL (SELECT coalesce(upper(d.days), {_YEAR_ON}) AS ends_on) e
"""
_RENEW = f"""
WITH {_CHOSEN}, started AS (
    UPDATE contracts_term t SET started_at = d.renews_at FROM chosen d
    WHERE t.organization_id = d.organization_id AND t.contract_id = d.id AND t.number = d.number
        AND t.voided_at IS NULL
    RETURNING t.contract_id, t.id
), made AS (
    {_NEW_TERMS.format(started_at="renews_at")}
    FROM chosen WHERE id NOT IN (SELECT contract_id FROM started) RETURNING contract_id, id
), charged AS ({_FEES}), moved AS (
    UPDATE contracts_contract c SET term_number = d.number, term_ends_on = upper(d.days),
        last_notice_on = d.following_last_notice_on, last_notice_why = d.following_last_notice_why,
        certain_at = d.following_certain_at, renews_at = d.following_renews_at,
        next_reminder_at = d.following_reminder_at, ends_on = d.ends_on, ends_at = d.ends_at, deadlines_stale = true
    FROM chosen d WHERE c.id = d.id
), facts AS (
    {_FACT_OF_CERTAINTY.format(instant="renews_at")} WHERE d.id NOT IN (SELECT contract_id FROM started)
    UNION ALL
    SELECT organization_id, public_id, id, renews_at, 2, 'contract.renewed', news_from, renews_at,
        jsonb_build_object('number', number, 'starts_on', to_char(term_ends_on, 'YYYY-MM-DD'))
    FROM chosen
), {_TRAIL}
"""
_READY = f"""
WITH {_WINDOW}
SELECT w.due_at, w.id, p.id IS NOT NULL AND ({_PLANNED}) AND NOT c.id = ANY(%(without)s)
FROM looked_at w JOIN contracts_contract c ON c.id = w.id LEFT JOIN {_MATCHED} ORDER BY w.due_at, w.id
"""
_LEFT_OVER = f"""
SELECT c.id FROM contracts_contract c LEFT JOIN {_MATCHED} WHERE {{due}} AND ({_PLANNED}) IS NOT TRUE
    AND NOT c.id = ANY(%(without)s)
ORDER BY c.{{instant}}, c.id LIMIT %(limit)s
"""


type Mark = tuple[datetime, int]
"""How far the contracts that are due were looked at: by their instants, then by their keys."""
START: Mark = (datetime.min.replace(tzinfo=UTC), 0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """How many were done, and the last that was looked at; nothing where nothing was due."""

    done: int = 0
    last: Mark | None = None


@dataclass(frozen=True, slots=True)
class SetWise:
    """One of the two sweeps: the column that says when a contract is due, and the statement that does a chunk."""

    instant: str
    statement: str

    def write(
        self,
        *,
        at: datetime,
        by: str,
        after: Mark = START,
        without: Sequence[int] = (),
        among: Sequence[int] | None = None,
    ) -> Chunk:
        """Do what is planned of the next contracts due after ``after``, in the caller's transaction.

        What another worker holds is skipped. ``without`` leaves some out, ``among`` restricts it to some.

        :raises django.db.IntegrityError: one of the rows is refused, and with it the chunk.
        """
        with connection.cursor() as cursor:
            cursor.execute(self._filled(self.statement, among), self._values(at, without, among, after) | {"by": by})
            found = cursor.fetchone()
        return Chunk() if found is None else Chunk(last=(found[0], found[1]), done=found[2])

    def ready(self, *, at: datetime, after: Mark = START, without: Sequence[int] = ()) -> tuple[list[int], Mark | None]:
        """Return the contracts of the next chunk, without taking them, and the last that was looked at."""
        with connection.cursor() as cursor:
            cursor.execute(self.ready_query, self._values(at, without, None, after))
            rows = cursor.fetchall()
        return [key for _instant, key, planned in rows if planned], (rows[-1][0], rows[-1][1]) if rows else None

    def left_over(self, *, at: datetime, without: Sequence[int] = ()) -> list[int]:
        """Return what is due and has no plan that could be used, a chunk of it: each goes through the one-item way."""
        with connection.cursor() as cursor:
            cursor.execute(self.left_over_query, self._values(at, without, None, START))
            return [row[0] for row in cursor.fetchall()]

    @property
    def ready_query(self) -> str:
        """The query that finds what is due and planned."""
        return self._filled(_READY, None)

    @property
    def left_over_query(self) -> str:
        """The query that finds what is due and has no plan that could be used."""
        return self._filled(_LEFT_OVER, None)

    @property
    def _due(self) -> str:
        return _DUE.format(status=ContractStatus.ACTIVE.value, instant=self.instant)

    def _filled(self, statement: str, among: Sequence[int] | None) -> str:
        chosen = "" if among is None else "AND c.id = ANY(%(among)s)"
        return statement.replace("{due}", self._due).replace("{instant}", self.instant).replace("{among}", chosen)

    def _values(self, at: datetime, without: Sequence[int], among: Sequence[int] | None, after: Mark) -> dict[str, Any]:
        taxed = {"vendor": settings.VENDOR_COUNTRY, "union": sorted(MEMBER_STATES), "whole": sorted(WHOLE_UNITS)}
        place = {"after": after[0], "after_id": after[1], "limit": CHUNK}
        return {"at": at, "without": list(without), "among": list(among or ()), **place, **taxed}


CERTAINTY = SetWise("certain_at", _CERTAIN)
RENEWAL = SetWise("renews_at", _RENEW)
