"""Which hits of the verifier an officer has accepted, on a ground: a kept text of the client may quote an address."""

from collections.abc import Mapping, Sequence
from typing import Any


def open_hits(hits: Sequence[Mapping[str, Any]], accepted: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the hits that nobody accepted. More of the same than was accepted is a hit again."""
    allowed = {(one["place"], one["kind"]): one["count"] for one in accepted}
    return [hit for hit in hits if hit["count"] > allowed.get((hit["place"], hit["kind"]), 0)]
