"""An example that breaks each constraint of stored deadlines, and only it."""

import uuid
from datetime import date

from contracts.models import Deadline
from tests.contracts.agreements import at
from tests.contracts.copies import copy


def _deadlines(found):
    return Deadline.objects.filter(contract=found, kind="last_notice")


def deadline(**values):
    return lambda found: _deadlines(found).update(**values)


EXAMPLES = {
    "contracts_deadline_public_id_key": copy(
        _deadlines, kind="send_by", public_id=lambda found: _deadlines(found).get().public_id
    ),
    "deadline_standing_once": copy(_deadlines),
    "deadline_kind_known": deadline(kind="whim"),
    "deadline_acted_on_in_time": deadline(internal_on=date(2100, 1, 1)),
    "deadline_met_by_somebody": deadline(met_at=at("2025-06-01")),
    "deadline_superseded_at_an_instant": deadline(superseded_by=uuid.uuid4()),
}
