"""A time on the clinic's wall, placed in the clinic's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from patients.web import instant

NEW_YORK, ZURICH = ZoneInfo("America/New_York"), ZoneInfo("Europe/Zurich")
TOKYO, LORD_HOWE = ZoneInfo("Asia/Tokyo"), ZoneInfo("Australia/Lord_Howe")
ZONES = st.sampled_from([NEW_YORK, ZURICH, TOKYO, LORD_HOWE])


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "text", "fold", "utc"),
    [
        (NEW_YORK, "2026-11-01 01:30", "0", "2026-11-01 05:30"),
        (NEW_YORK, "2026-11-01 01:30", "1", "2026-11-01 06:30"),
        (ZURICH, "2026-10-25 02:30", "0", "2026-10-25 00:30"),
        (ZURICH, "2026-10-25 02:30", "1", "2026-10-25 01:30"),
        (ZURICH, "2026-03-29 03:00", "", "2026-03-29 01:00"),
        (LORD_HOWE, "2026-04-05 01:45", "1", "2026-04-04 15:15"),
        (TOKYO, "2026-03-29 02:30", "", "2026-03-28 17:30"),
        (TOKYO, "2026-12-31 23:30", "", "2026-12-31 14:30"),
    ],
)
def test_a_wall_time_is_one_instant(
    zone: ZoneInfo, text: str, fold: str, utc: str
) -> None:
    assert instant(wall(text), zone, fold) == wall(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (NEW_YORK, "2026-03-08 02:30"),
        (ZURICH, "2026-03-29 02:00"),
        (ZURICH, "2026-03-29 02:59"),
        (LORD_HOWE, "2026-10-04 02:15"),
    ],
)
def test_a_time_the_clocks_jump_over_is_refused(zone: ZoneInfo, text: str) -> None:
    with pytest.raises(ValidationError, match="does not exist"):
        instant(wall(text), zone, "")


@pytest.mark.parametrize(
    ("zone", "text"), [(NEW_YORK, "2026-11-01 01:00"), (LORD_HOWE, "2026-04-05 01:30")]
)
def test_a_time_that_comes_twice_is_asked_about(zone: ZoneInfo, text: str) -> None:
    with pytest.raises(ValidationError, match="occurs twice"):
        instant(wall(text), zone, "")


@given(st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31)), ZONES)  # noqa: DTZ001 - a wall has no zone
def test_an_instant_reads_back_as_the_wall_time_or_is_refused(
    local: datetime, zone: ZoneInfo
) -> None:
    try:
        placed = instant(local, zone, "1")
    except ValidationError:
        round_trip = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        assert round_trip.replace(tzinfo=None) != local
    else:
        assert placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
