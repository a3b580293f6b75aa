"""The words that retention stores: states of requests, runs and steps, kinds of content."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class VaultState(TextChoices):
    """Whether content may be written. *Destroying* is the fence that the saga commits before keys are destroyed."""

    OPEN = "open", _("Open")
    DESTROYING = "destroying", _("Being destroyed")
    DESTROYED = "destroyed", _("Destroyed")


class MessageRole(TextChoices):
    USER = "user", _("User")
    ASSISTANT = "assistant", _("Assistant")


class RequestOrigin(TextChoices):
    CONTRACT_END = "contract_end", _("End of the contract")
    CLIENT = "client", _("Instruction of the client")


class RequestStatus(TextChoices):
    """A request's way. Beside them stands ``blocked_by``, computed from holds and open contracts."""

    RECEIVED = "received", _("Received")
    CONFIRMED = "confirmed", _("End confirmed")
    APPROVED = "approved", _("Approved")
    DESTROYING = "destroying", _("Keys being destroyed")
    ERASING = "erasing", _("Being erased")
    ERASED = "erased", _("Erased")
    VERIFIED = "verified", _("Verified empty")
    CERTIFIED = "certified", _("Certified")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class Decision(TextChoices):
    """What was decided about the export, or about the archive, before anything is destroyed."""

    PENDING = "pending", _("Undecided")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")


class RunPhase(TextChoices):
    PLANNED = "planned", _("Planned")
    DESTROYING = "destroying", _("Keys being destroyed")
    KEYS_DESTROYED = "keys_destroyed", _("Keys destroyed")
    ERASED = "erased", _("Erased")
    VERIFIED = "verified", _("Verified empty")
    RESIDUE_FOUND = "residue_found", _("Residue found")
    CERTIFIED = "certified", _("Certified")


class StepStatus(TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")


class HoldGround(TextChoices):
    CLIENT_INSTRUCTION = "client_instruction", _("Instruction of the client")
    LAW = "law", _("Cited law")


class RotationState(TextChoices):
    """A job that wraps keys anew. What it did so far stays when it is stopped."""

    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    STOPPED = "stopped", _("Stopped")
