"""What web and workers look at before they serve: do the configured keys open what is stored?"""

import sys
import time

import structlog
from django.db import DatabaseError, connections
from django.utils import timezone

from retention.operations import key_checks

log = structlog.get_logger(__name__)
PATIENCE = 60.0


def refuse_wrong_keys(*, code: int = 1, patience: float = 0.0) -> None:
    """End the process if the keys are wrong, with a sentence for each fault and no traceback.

    Where the databases do not answer yet, or no migration has run, that is no fault of the keys: after ``patience``
    (seconds) the process goes on, and readiness (``/health/ready``) stays down until the keys were looked at.
    """
    until = time.monotonic() + patience
    while True:
        try:
            found = key_checks.faults(now=timezone.now(), note=True)
        except DatabaseError as error:
            if time.monotonic() < until:
                time.sleep(1)
                continue
            log.warning("keys.not_checked", error=type(error).__name__)
            found = []
        break
    connections.close_all()  # processes that are forked from this one make their own
    for fault in found:
        print(f"Terme cannot start: {fault}", file=sys.stderr, flush=True)
    if found:
        sys.exit(code)
