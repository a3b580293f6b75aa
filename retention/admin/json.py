"""JSON as people read it: indented, in its own order."""

import json
from typing import Any


def pretty(value: Any) -> str:
    """Return the text of a JSON value, indented."""
    return json.dumps(value, indent=2, ensure_ascii=False)
