"""Erasure of one person out of a large tenant: the same comparisons as of a tenant.

One person is timed. Beside the reader many go, one after another: one alone is over before it has read much.
"""

from typing import Any

from accounts import tenancy
from accounts.models import LicensedUser
from benchmarks import erasure_world
from benchmarks.erasure_compared import Compared
from benchmarks.erasure_world import SIZES

BESIDE_THE_READER = 30


def measure(size: str) -> dict[str, Any]:
    """Erase one person in each way, and several beside the reader."""
    sizes = SIZES[size]
    (organization,) = erasure_world.load(sizes)
    with tenancy.vendor():
        everybody = list(LicensedUser.objects.filter(organization=organization).order_by("pk"))
    people = everybody[sizes.users // 2 :][:BESIDE_THE_READER]
    return Compared(organization, people, turns=5).measure(
        "erasure_person",
        size,
        rows_of_tenant=sizes.rows,
        rows_of_person=sizes.rows // sizes.users,
        people_beside_the_reader=len(people),
    )
