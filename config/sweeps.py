"""The sweep registry: every scheduled job, once. It feeds beat, ``run_sweeps`` and the pages that show what is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from celery import Task
from django.db.models import QuerySet

from accounts import sweeps as accounts
from accounts import tasks as accounts_tasks
from accounts.operations.sweeping import Do, Following, by_change
from contracts import sweeps as contracts
from contracts import tasks as contracts_tasks
from contracts import upcoming
from retention import sweeps as retention
from retention import tasks as retention_tasks
from retention.operations import ledger_entries


class Due(Protocol):
    """The question of a sweep: what is due at the instant?"""

    def __call__(self, *, at: datetime) -> QuerySet[Any]: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """A scheduled job: what is due, when the next will be, what does it, its task, how often, to which queue."""

    name: str
    due: Due
    following: Following
    do: Do
    task: Task[..., None]
    every: timedelta
    queue: str


SECONDS = timedelta(seconds=1)
# In this order a simulated day is lived: what one sweep brings about, a later one finds.
SWEEPS: tuple[Sweep, ...] = (
    Sweep(
        "starts",
        contracts.starts_due,
        upcoming.start,
        contracts.start_all,
        contracts_tasks.sweep_starts,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "amendments",
        contracts.amendments_due,
        upcoming.amendment,
        contracts.amend_all,
        contracts_tasks.sweep_amendments,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "certainties",
        contracts.certainties_due,
        upcoming.certainty,
        contracts.make_all_certain,
        contracts_tasks.sweep_certainties,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "renewals",
        contracts.renewals_due,
        upcoming.renewal,
        contracts.renew_all,
        contracts_tasks.sweep_renewals,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "renewal_plans",
        contracts.plans_due,
        by_change,
        contracts.plan_all,
        contracts_tasks.sweep_renewal_plans,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "switches",
        contracts.switches_due,
        upcoming.switch,
        contracts.step_all_switches,
        contracts_tasks.sweep_switches,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "reminders",
        contracts.reminders_due,
        upcoming.reminder,
        contracts.remind_all,
        contracts_tasks.sweep_reminders,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "charges",
        contracts.charges_due,
        upcoming.charge,
        contracts.charge_all,
        contracts_tasks.sweep_charges,
        timedelta(minutes=10),
        "workflows",
    ),
    Sweep(
        "ends",
        contracts.ends_due,
        upcoming.end,
        contracts.end_all,
        contracts_tasks.sweep_ends,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "deadlines",
        contracts.deadlines_due,
        upcoming.deadline,
        contracts.refresh_all_deadlines,
        contracts_tasks.sweep_deadlines,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "resumptions",
        contracts.resumptions_due,
        upcoming.resumption,
        contracts.resume_all,
        contracts_tasks.sweep_resumptions,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "calendars",
        contracts.calendars_due,
        upcoming.calendar,
        contracts.refresh_all_calendars,
        contracts_tasks.sweep_calendars,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "offers",
        contracts.expiries_due,
        upcoming.expiry,
        contracts.expire_all,
        contracts_tasks.sweep_offers,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "uplifts",
        contracts.uplifts_due,
        upcoming.uplift,
        contracts.propose_all,
        contracts_tasks.sweep_uplifts,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "evaluations",
        contracts.evaluations_due,
        by_change,
        contracts.evaluate_all,
        contracts_tasks.sweep_evaluations,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "licences",
        accounts.alignments_due,
        accounts.alignment_following,
        accounts.align_all,
        accounts_tasks.sweep_licences,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "suspension_ends",
        accounts.suspension_ends_due,
        accounts.suspension_end_following,
        accounts.end_all_suspensions,
        accounts_tasks.sweep_suspension_ends,
        20 * SECONDS,
        "workflows",
    ),
    Sweep(
        "user_deletions",
        accounts.deletions_due,
        accounts.deletion_following,
        accounts.delete_all,
        accounts_tasks.sweep_user_deletions,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "access_rules",
        accounts.rules_due,
        accounts.rule_following,
        accounts.look_by_rules,
        accounts_tasks.sweep_access_rules,
        60 * SECONDS,
        "workflows",
    ),
    Sweep(
        "bulk_jobs",
        accounts.bulk_due,
        by_change,
        accounts.work_in_bulk,
        accounts_tasks.sweep_bulk_jobs,
        5 * SECONDS,
        "workflows",
    ),
    Sweep(
        "deleted_people",
        retention.deleted_people_due,
        by_change,
        retention.request_all_deleted,
        retention_tasks.sweep_deleted_people,
        60 * SECONDS,
        "erasure",
    ),
    Sweep(
        "returns",
        retention.returns_due,
        by_change,
        retention.cancel_all,
        retention_tasks.sweep_returns,
        20 * SECONDS,
        "erasure",
    ),
    Sweep(
        "reopenings",
        retention.reopenings_due,
        by_change,
        retention.reopen_all,
        retention_tasks.sweep_reopenings,
        60 * SECONDS,
        "erasure",
    ),
    Sweep(
        "departures",
        retention.departures_due,
        by_change,
        retention.open_all,
        retention_tasks.sweep_departures,
        20 * SECONDS,
        "erasure",
    ),
    Sweep(
        "switch_windows",
        retention.switches_due,
        by_change,
        retention.follow_switches,
        retention_tasks.sweep_switch_windows,
        20 * SECONDS,
        "erasure",
    ),
    Sweep(
        "plans",
        retention.plans_due,
        retention.plan_following,
        retention.plan_all,
        retention_tasks.sweep_plans,
        10 * SECONDS,
        "erasure",
    ),
    Sweep(
        "erasures",
        retention.runs_due,
        retention.run_following,
        retention.work_all,
        retention_tasks.sweep_erasures,
        10 * SECONDS,
        "erasure",
    ),
    Sweep(
        "vacuums",
        retention.vacuums_due,
        by_change,
        retention.vacuum_all,
        retention_tasks.sweep_vacuums,
        timedelta(minutes=5),
        "erasure",
    ),
    Sweep(
        "checks",
        retention.checks_due,
        retention.check_following,
        retention.check_all,
        retention_tasks.sweep_checks,
        60 * SECONDS,
        "erasure",
    ),
    Sweep(
        "completions",
        retention.completions_due,
        retention.completion_following,
        retention.complete_all,
        retention_tasks.sweep_completions,
        timedelta(minutes=10),
        "erasure",
    ),
    Sweep(
        "rewraps",
        retention.rewraps_due,
        retention.rewrap_following,
        retention.rewrap_all,
        retention_tasks.sweep_rewraps,
        20 * SECONDS,
        "erasure",
    ),
    Sweep(
        "ledger_pulse",
        retention.pulses_due,
        by_change,
        retention.beat,
        retention_tasks.sweep_ledger_pulse,
        60 * SECONDS,
        "erasure",
    ),
    Sweep(
        "ledger_entries",
        retention.entries_due,
        ledger_entries.following,
        retention.tend_entries,
        retention_tasks.sweep_ledger_entries,
        timedelta(minutes=10),
        "erasure",
    ),
    Sweep(
        "orphan_keys",
        retention.orphans_due,
        by_change,
        retention.destroy_orphans,
        retention_tasks.sweep_orphan_keys,
        timedelta(hours=1),
        "erasure",
    ),
    Sweep(
        "outbox",
        accounts.deliveries_due,
        accounts.delivery_following,
        accounts.deliver_all,
        accounts_tasks.sweep_outbox,
        5 * SECONDS,
        "delivery",
    ),
    Sweep(
        "webhook_fan_out",
        accounts.fan_outs_due,
        by_change,
        accounts.fan_out_all,
        accounts_tasks.sweep_webhook_fan_out,
        5 * SECONDS,
        "delivery",
    ),
    Sweep(
        "webhooks",
        accounts.calls_due,
        accounts.call_following,
        accounts.call_all,
        accounts_tasks.sweep_webhooks,
        5 * SECONDS,
        "delivery",
    ),
    Sweep(
        "idempotency_keys",
        accounts.keys_due,
        accounts.key_following,
        accounts.drop_keys,
        accounts_tasks.sweep_idempotency_keys,
        timedelta(minutes=10),
        "workflows",
    ),
    # Last: what the others wrote is chained in the same round.
    Sweep(
        "seals",
        accounts.seals_due,
        by_change,
        accounts.seal_all,
        accounts_tasks.sweep_seals,
        10 * SECONDS,
        "workflows",
    ),
    Sweep(
        "trail_heads",
        accounts.heads_due,
        accounts.head_following,
        accounts.export_heads,
        accounts_tasks.sweep_trail_heads,
        timedelta(minutes=10),
        "workflows",
    ),
)
