"""A slot's key is read exactly as it is written, and nothing else is taken for one."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.choosing import day_in, slot_in
from scheduling.policy import Reason, Refusal
from scheduling.slots import key_of

DAYS, CLOCKS = st.dates(), st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(day=DAYS, clock=CLOCKS)
def test_what_is_written_is_read(day: date, clock: time) -> None:
    assert slot_in(key_of(day, clock)) == (day, clock)
    assert day_in(day.isoformat()) == day


NO_KEYS = (
    *("", "T", "2026-11-26", "2026-11-26T", "2026-11-26T14", "2026-11-26T14:00:00", "2026-11-26T14:00+03:00"),
    *("20261126T14:00", "2026-W48-4T14:00", "2026-11-31T14:00", "2026-11-26T24:00", "2026-11-26 14:00"),
)


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        slot_in(text)
    assert caught.value.reason is Reason.NOT_A_DATE
