"""What operators leave in the world that the admin shows: keys wrapped anew, a restore dealt with."""

from accounts import tenancy
from accounts.enums import SentKind
from accounts.models import LostMessage, OutboxMessage
from accounts.operations import sent
from retention.models import KeyEncryptionKey, KeyRotation, KeyRotationStep, Restore
from retention.operations import restore_report
from tests.contracts.agreements import at
from tests.retention.vaults import BEFORE

NOW = at("2026-02-05")


def keys_wrapped_anew():
    """Leave a key-encryption key and a rotation that is over."""
    with tenancy.vendor():
        KeyEncryptionKey.objects.create(version=1, check_value="0" * 16, first_seen_at=NOW)
        rotation = KeyRotation.objects.create(
            target_version=1, state="finished", started_at=NOW, started_by="user:one", finished_at=NOW
        )
        KeyRotationStep.objects.create(rotation=rotation, place="documents", total=3, done=3, finished_at=NOW)


def a_restore():
    """Leave a restore that was noticed and dealt with."""
    with tenancy.vendor():
        made = Restore.objects.create(
            kind="default", known_until=BEFORE, noticed_at=BEFORE, noticed_by="system", finished_at=BEFORE
        )
    made.replayed = [{"run": str(made.public_id), "outcome": "erased"}]
    made.report = restore_report.of(BEFORE, now=NOW)
    with tenancy.vendor():
        made.save()
        lost = OutboxMessage.objects.create(
            topic="contract.renewed",
            subject_type="Contract",
            subject_id=made.public_id,
            occurred_at=BEFORE,
            next_attempt_at=NOW,
            delivered_at=BEFORE,
            fanned_out_at=BEFORE,
        )
        LostMessage.objects.create(
            message=made.public_id,
            topic=lost.topic,
            meaning="0" * 64,
            matter="0" * 64,
            readers=["0" * 64],
            sent_at=NOW,
            lost_at=NOW,
        )
        OutboxMessage.objects.create(
            topic="contract.renewed",
            subject_type="Contract",
            subject_id=made.public_id,
            occurred_at=BEFORE,
            next_attempt_at=NOW,
            held_at=NOW,
        )
    sent.write(lost, SentKind.MAIL, "somebody", now=NOW)
