"""A settlement is found by what people write, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal import places
from portal.places import UnknownPlace, find_settlement
from portal.transaction import transaction
from scheduling import matrix, zones
from scheduling.matrix import LaneRow


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with transaction() as session:
        places.load(session)
        yield session


def test_loading_twice_changes_nothing(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(Settlement)) == 3584
    assert places.load(session) == 0


def test_loading_repairs_what_differs(session: Session) -> None:
    session.get_one(Settlement, places.CHELYABINSK).zone = "Europe/Moscow"
    assert places.load(session) == 1
    assert session.get_one(Settlement, places.CHELYABINSK).zone == "Asia/Yekaterinburg"


@pytest.mark.parametrize(
    ("text", "region", "code"),
    [
        ("259", "", 259),
        ("Асино", "", 409),
        ("  асино ", "", 409),
        ("г. Асино", "Томская обл.", 409),
        ("г.Асино", "70", 409),
        ("Северск", "Томская область", 723),
    ],
)
def test_what_people_write(session: Session, text: str, region: str, code: int) -> None:
    assert find_settlement(session, text, region).id == code


def test_yo_and_case_do_not_matter(session: Session) -> None:
    assert find_settlement(session, "ОРЁЛ").id == find_settlement(session, "орел").id


@pytest.mark.parametrize(
    ("text", "is_said"),
    [("Шуя", True), (" г. ШУЯ", True), ("Шуя г.", True), ("Шуя, Карелия", False), ("", False), ("Томск", False)],
)
def test_a_text_that_says_a_name_and_nothing_more(text: str, is_said: bool) -> None:
    assert places.is_name_of("Шуя", text) is is_said


def test_several_codes_of_one_city_are_one_place(session: Session) -> None:
    assert find_settlement(session, "Томск").id == 269


def test_of_several_codes_the_one_with_couriers_is_taken(session: Session) -> None:
    now = datetime(2026, 11, 16, tzinfo=UTC)
    lanes = [LaneRow(269, 4, 5, has_courier=False), LaneRow(3052, 4, 5, has_courier=True)]
    version, _is_new = matrix.store(session, lanes, "cdek", places.CHELYABINSK, now.date(), now)
    zones.assign(session, matrix.served_settlements(session, version.id))
    assert find_settlement(session, "Томск").id == 3052


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("Нигде", "", "unknown_place"),
        ("Асино", "Московская область", "unknown_place"),
        ("Асино", "область", "unknown_place"),
        ("99999999", "", "unknown_place"),
        ("", "", "unknown_place"),
        ("Троицк", "", "ambiguous_place"),
        ("Подгорное", "", "ambiguous_place"),
    ],
)
def test_what_cannot_be_decided_is_refused(session: Session, text: str, region: str, reason: str) -> None:
    with pytest.raises(UnknownPlace) as refused:
        find_settlement(session, text, region)
    assert refused.value.reason == reason


def test_namesakes_are_told_by_their_regions(session: Session) -> None:
    with pytest.raises(UnknownPlace) as refused:
        find_settlement(session, "Троицк")
    assert "Московская область" in refused.value.words
    assert "Челябинская область" in refused.value.words
    assert find_settlement(session, "Троицк", "Челябинская").region_code == "74"
