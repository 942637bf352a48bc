"""What counts as an unusual silence: learned from parcels that arrived, else from the matrix."""

from datetime import UTC, datetime, timedelta

from scheduling.silences import ENOUGH, LEAST, allowed, longest, name_of, usual

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOMSK = name_of(314, "Томская обл.")


def test_the_longest_silence_lies_between_two_scans_however_they_came() -> None:
    assert longest([START + 30 * HOUR, START, START + 10 * HOUR]) == 20 * HOUR
    assert longest([START]) == timedelta()


def test_a_way_says_what_is_usual_once_enough_parcels_have_gone_it() -> None:
    found = [(TOMSK, n * HOUR) for n in range(1, ENOUGH + 1)]
    assert usual(found) == {TOMSK: ENOUGH, "": ENOUGH}
    assert usual(found[:-1]) == {}
    assert set(usual([*found, (name_of(314, "Якутия"), 900 * HOUR)])) == {TOMSK, ""}


def test_one_in_twenty_was_silent_for_longer_than_usual() -> None:
    silences = [(TOMSK, 10 * HOUR)] * 97 + [(TOMSK, 500 * HOUR)] * 3
    assert usual(silences)[TOMSK] == 10


def test_without_a_record_the_whole_lane_may_be_silent_and_without_a_lane_nobody_can_say() -> None:
    assert allowed({}, 314, "Томская обл.", 5) == timedelta(days=7) + LEAST
    assert allowed({}, 314, "Томская обл.", None) is None
    assert allowed({"": 50.0}, 314, "Томская обл.", 5) == 50 * HOUR
    assert allowed({TOMSK: 30.0, "": 50.0}, 314, "Томская обл.", 5) == 30 * HOUR
    assert allowed({TOMSK: 2.0}, 314, "Томская обл.", 5) == LEAST
