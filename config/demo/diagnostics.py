"""The demo's diagnostics: six types, how often each occurs, and the small numbers each carries."""

from random import Random

ONBOARDING_DAYS = 90

_TYPES = ("usage", "quality", "adoption", "latency", "onboarding", "security")
_EARLY = (25, 12, 10, 8, 43, 2)
_LATER = (52, 20, 14, 8, 4, 2)

# The fields of each type's payload, with the least and the greatest value.
_FIELDS: dict[str, dict[str, tuple[int, int]]] = {
    "usage": {"questions": (1, 60), "days_active": (1, 22), "documents": (0, 30)},
    "quality": {"answers_rated": (1, 25), "helpful_percent": (40, 100), "corrections": (0, 6)},
    "adoption": {"features_used": (1, 9), "shared_items": (0, 12), "score": (10, 100)},
    "latency": {"median_ms": (350, 4200), "slow_answers": (0, 14)},
    "onboarding": {"steps_done": (1, 8), "steps_total": (8, 8), "minutes": (5, 95)},
    "security": {"blocked_uploads": (0, 4), "sign_ins_refused": (0, 5)},
}


def diagnostic(random: Random, *, days: int) -> tuple[str, dict[str, int]]:
    """Return a type and a payload for somebody whose organization began ``days`` ago."""
    kind = random.choices(_TYPES, _EARLY if days < ONBOARDING_DAYS else _LATER)[0]
    return kind, {name: random.randint(least, most) for name, (least, most) in _FIELDS[kind].items()}
