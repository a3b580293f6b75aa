"""Midnight where clocks are changed at an odd time: in a zone of our own making, since no real one is that odd."""

from datetime import UTC, date, datetime
from io import BytesIO
from struct import pack
from zoneinfo import ZoneInfo

import pytest

from contracts.rules import periods

day = date.fromisoformat


def zone_by(rule):
    """Return a zone that follows a POSIX rule: a TZif file (RFC 9636) of no change but those of its last line."""
    counts = pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + pack(">lbb", 0, 0, 0) + b"ODD\0"
    return ZoneInfo.from_file(BytesIO(block + block + f"\n{rule}\n".encode()))


@pytest.mark.parametrize(
    ("at", "instant"),
    [
        pytest.param("23:10:07", "2026-03-29T23:10:07Z", id="from-23.10.07-to-00.10.07"),
        pytest.param("23:59:59", "2026-03-29T23:59:59Z", id="a-second-before-midnight"),
        pytest.param("23:00:01", "2026-03-29T23:00:01Z", id="to-a-second-after-midnight"),
        pytest.param("23:00:00", "2026-03-29T23:00:00Z", id="to-midnight"),
        pytest.param("22:59:59", "2026-03-29T23:00:00Z", id="to-a-second-before-midnight"),
        pytest.param("24:00:00", "2026-03-30T00:00:00Z", id="from-midnight"),
    ],
)
def test_midnight_is_exact_to_the_second_where_the_clocks_skip_it(at, instant):
    zone = zone_by(f"ODD0EVEN,M3.5.0/{at},M10.5.0")
    assert periods.midnight(day("2026-03-30"), zone) == datetime.fromisoformat(instant)
    assert periods.midnight(day("2026-03-29"), zone) == datetime(2026, 3, 29, tzinfo=UTC)
    assert periods.local_day(datetime.fromisoformat(instant), zone) == day("2026-03-30")
