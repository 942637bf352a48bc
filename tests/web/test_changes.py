"""What the recipient's page says of one tap, of reminders and of how often it can still be changed."""

import re
from datetime import timedelta

import pytest
import time_machine

from parcels import journal
from parcels.stages import Kind, Stage
from portal.ticking import sweep
from portal.transaction import transaction
from scheduling import booking
from tests.factories import NOW
from tests.web.test_tracking import Recipient, clock, h1, marina, record, text_of

__all__ = ["clock", "marina"]


def test_the_proposed_time_is_accepted_with_one_press(marina: Recipient) -> None:
    page = marina.look()
    assert "Привезти в сб, 21 ноября, с 10 до 14" in text_of(page)
    offered = re.findall(r'type="hidden"\s+name="slot"\s+value="([^"]+)"', page)
    marina.press("slot", slot=offered[0])
    assert h1(marina.look()) == "Привезём в субботу, 21 ноября, с 10 до 14"


def test_the_number_of_changes_left_is_shown_and_then_the_call_centre(marina: Recipient) -> None:
    page = text_of(marina.look())
    assert "можно поменять ещё 5 раз" in page
    assert "Осталось" in page
    for n, slot in enumerate(("23T10", "23T14", "24T10", "24T14", "25T10")):
        marina.look("/slot")
        assert marina.press("slot", slot=f"2026-11-{slot}:00").status_code == 200
        left = 4 - n
        assert (f"ещё {left} раз" in text_of(marina.look())) is bool(left)
    page = marina.look("/slot")
    assert 'name="slot"' not in page
    assert "Изменить<" not in page
    answer = marina.press("slot", slot="2026-11-26T10:00")
    assert answer.status_code == 409
    assert "пять раз" in answer.text
    assert h1(marina.look()) == "Привезём в среду, 25 ноября, с 10 до 14"


def test_not_now_but_remind_me(marina: Recipient, clock: time_machine.Traveller) -> None:
    page = marina.look()
    days = re.findall(r'name="on"\s+value="([^"]+)"', page)
    assert days == ["2026-11-21", "2026-11-24", "2026-11-28"]
    marina.press("remind", on=days[1])
    assert h1(marina.look()) == "Напомним во вторник, 24 ноября"
    assert "Если не выбрать до чт, 3 декабря, 18:00" in text_of(marina.look())
    assert marina.parcel.stage is Stage.POSTPONED
    clock.move_to(NOW.replace(day=24, hour=3))  # 10:00 in Tomsk
    for _late_hand_over_then_reminder in range(2):
        sweep(NOW.replace(day=24, hour=3))
    page = marina.look()
    assert h1(page) == "Вы просили напомнить: выберите время"
    assert "Напомнили, как вы просили" in page


@pytest.mark.parametrize("on", ["", "завтра", "2026-12-20", "2026-11-10"])
def test_a_day_that_cannot_be_is_refused(marina: Recipient, on: str) -> None:
    marina.look()
    assert marina.press("remind", on=on).status_code == 409
    assert marina.parcel.plan is None


def test_in_the_city_after_a_lost_slot_there_is_a_deadline_again(marina: Recipient) -> None:
    record(marina, Kind.ARRIVED)
    marina.look()
    marina.press("slot", slot="2026-11-23T14:00")
    with transaction() as session:
        parcel = journal.lock(session, marina.parcel_id)
        booking.withdraw(session, parcel, "manager:1", "blackout", NOW + timedelta(hours=18))
    page = text_of(marina.look())
    assert "курьеры не поедут" in page
    assert "Осталось 2 часа" in page
    assert "Если не выбрать до вт, 17 ноября, 10:00, позвоним" in page
    assert marina.parcel.next_action_at == NOW + timedelta(hours=20)
