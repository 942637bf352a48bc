"""Until when a parcel waits at a place of issue: one rule for messages, the page and whoever asks after it."""

from datetime import date, timedelta

import pytest

from parcels.storage import STORAGE_DAYS, Stay, last_day

MONDAY, TERM = date(2026, 11, 16), timedelta(days=STORAGE_DAYS)
THERE = Stay("ПВЗ на Нахимова", MONDAY)


@pytest.mark.parametrize(
    ("stays", "promised", "last"),
    [
        ([], MONDAY, None),
        ([THERE], None, MONDAY + TERM),
        ([THERE], MONDAY - timedelta(days=3), MONDAY + TERM),
        ([THERE], MONDAY + timedelta(days=3), MONDAY + timedelta(days=3) + TERM),
        ([Stay("ПВЗ", MONDAY, "2026-11-20")], MONDAY, date(2026, 11, 20)),
        ([THERE, Stay(THERE.place, MONDAY + timedelta(days=5))], None, MONDAY + TERM),
        ([THERE, Stay("Почта 634050", MONDAY + timedelta(days=5))], None, MONDAY + timedelta(days=5) + TERM),
    ],
    ids=["nowhere", "from arrival", "came late", "came early", "told", "scanned again", "another place"],
)
def test_the_last_day_of_storage(stays: list[Stay], promised: date | None, last: date | None) -> None:
    assert last_day(stays, promised) == last
