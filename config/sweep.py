"""What a scheduled job is: the question what is due, what does it, how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from celery import Task
from django.db.models import QuerySet

from accounts.operations.sweeping import Do, Following


class Due(Protocol):
    """The question of a sweep: what is due at the instant?"""

    def __call__(self, *, at: datetime) -> QuerySet[Any]: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """A scheduled job: what is due, when the next will be, what does it, its task, how often, to which queue.

    ``back_to``: the first in order for which what it does may make something due; none is named where it may be any.
    """

    name: str
    due: Due
    following: Following
    do: Do
    task: Task[..., None]
    every: timedelta
    queue: str
    back_to: str = ""
