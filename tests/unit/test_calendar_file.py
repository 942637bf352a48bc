"""A calendar file says what was typed, and cannot be made to say more."""

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from portal.calendar_file import escaped, folded


@given(st.text(alphabet="а,;\\\nn\r:BEGIN VEVENT\"'", max_size=200))
def test_what_is_typed_stays_the_value(text: str) -> None:
    file = folded(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:{escaped(text)}\nEND:VEVENT\nEND:VCALENDAR")
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    assert str(event["SUMMARY"]).strip() == text.replace("\r", "").strip()
    assert max(len(line.encode()) for line in file.split("\r\n")) <= 75
    assert file.endswith("END:VCALENDAR\r\n")
