"""The report of a restore in words: what was replayed, what has to be entered again, what cannot be known."""

from typing import Any

from django.utils.translation import gettext as _

from retention import naming
from retention.enums import RestoreOutcome
from retention.models import Restore


def shown(restore: Restore) -> dict[str, Any]:
    """Return what the page of a restore shows, in the reader's language."""
    outcomes = [RestoreOutcome(one["outcome"]) for one in restore.replayed]
    return {
        "outcomes": [(one.label, outcomes.count(one)) for one in RestoreOutcome if one in outcomes],
        "facts": _facts(restore.report) if restore.report else [],
        "by_topic": sorted(restore.report.get("sent", {}).get("by_topic", {}).items()),
        "files": [
            (title, files["names"], files["count"] - len(files["names"])) for title, files in _files(restore.report)
        ],
        "unknown": [unknown()[code] for code in restore.report.get("cannot_be_known", []) if code in unknown()],
        "unfinished": restore.finished_at is None,
    }


def unknown() -> dict[str, str]:
    """Return what nobody can know after a restore, by code."""
    return {
        "events_after_last_head": _("How many events the trail had after the last head that was carried away."),
        "content_of_missing_events": _(
            "What the missing events said: a head counts them, and proves what is put back."
        ),
        "content_written_since": _("Content that the product sent since: have it send that again."),
        "people_added_since": _("People, contracts and notices that were entered since: enter them again."),
        "acts_that_told_nobody": _("Acts of which nobody was told, by mail or webhook."),
        "sent_after_ledgers_backup": _("What was sent between the ledger's own backup and the restore."),
    }


def _facts(report: dict[str, Any]) -> list[tuple[str, Any]]:
    trail, head = report["trail"], report["trail"]["exported_head"]
    return [
        (_("Known here until"), naming.instant(report["known_until"]) if report["known_until"] else "?"),
        (_("The trail ends at"), trail["ends_at"]),
        (
            _("Last exported head"),
            "" if head is None else f"{head['position']} ({naming.instant(head['exported_at'])})",
        ),
        (_("Events before that head which are missing"), trail["missing"]),
        (_("Mails that were sent since"), report.get("sent", {}).get("mails", 0)),
        (_("Webhooks that were sent since"), report.get("sent", {}).get("webhooks", 0)),
        (_("Rows whose key is gone"), report["unreadable"]["rows"]),
        *_others(report.get("others_content", [])),
    ]


def _others(runs: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Say what became of others' content that the ledger lists, where it lists any."""
    if not runs:
        return []
    return [
        (_("Rows of others that were erased again"), sum(one["erased"] for one in runs)),
        (_("Rows of others that had not come back"), sum(one["not_there"] for one in runs)),
        (_("Rows of others that stay: look at them"), sum(one["kept"] for one in runs)),
    ]


def _files(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if not report:
        return []
    found = [
        (_("Mails in files since"), report["mail_files"]),
        (_("Documents without their row"), report["files_without_row"]["documents"]),
        (_("Exports without their row"), report["files_without_row"]["exports"]),
    ]
    return [(title, files) for title, files in found if files["count"]]
