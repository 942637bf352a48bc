"""A photo at the door: kept for the office alone, refused when it is none, forgotten in time."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from PIL import ExifTags, Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.ticking import forget_answers
from portal.transaction import reading, transaction
from scheduling.photo_models import DoorPhoto
from scheduling.photos import KEPT, LARGEST, MOST, redrawn
from tests.factories import make_staff
from tests.web.test_account import Browser
from tests.web.test_rounds import NOON, courier, hand_over, parcels, take

__all__ = ["courier", "parcels"]


def image(kind: str = "JPEG", size: tuple[int, int] = (40, 20)) -> bytes:
    """A picture as a phone takes it: lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Model] = "Phone of Vera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (56.0, 29.0, 17.0)
    made = BytesIO()
    Image.new("RGB", size, "teal").save(made, kind, exif=exif)
    return made.getvalue() + b"hidden behind"


JPEG = image()


@pytest.fixture
def at_door(courier: Browser, parcels: list[int]) -> Browser:
    """The courier has handed the first parcel over."""
    take(courier, parcels[1])
    hand_over(courier, parcels[1], "4990")
    return courier


def attach(courier: Browser, parcel_id: int, body: bytes) -> TestResponse:
    return courier.post(f"/round/{parcel_id}/photo", photo=(BytesIO(body), "door.jpg"))


def count() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(DoorPhoto)) or 0


def test_the_office_sees_it_and_nobody_else(app: Flask, at_door: Browser, parcels: list[int]) -> None:
    assert "Приложить фото" in at_door.get(f"/round/{parcels[1]}").text
    answer = attach(at_door, parcels[1], JPEG)
    assert "Фото сохранено" in at_door.get(answer.location).text
    with transaction() as session:
        make_staff(session, "operator")
    path = f"/orders/{parcels[1]}/photos/1"
    assert "Фото при вручении" in Browser(app, "operator").get(f"/orders/{parcels[1]}").text
    shown = Browser(app, "operator")
    with app.app_context():
        sent = shown._client.get(path)
    assert (sent.mimetype, sent.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    with Image.open(BytesIO(sent.data)) as kept:
        assert kept.size == (20, 40)
        assert not kept.getexif()
    assert shown.get(f"/orders/{parcels[0]}/photos/1").status_code == 404
    assert at_door.get(path).status_code == 403
    assert app.test_client().get(path).status_code == 303


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Фото не выбрано"),
        (b"GIF89a" + b"x" * 50, "Это не фото"),
        (b"<svg onload=alert(1)>", "Это не фото"),
        (b"\xff\xd8\xff\xe0" + b"x" * 100, "Это не фото"),
        (image()[:300], "Это не фото"),
        (image("PNG", (6_000, 6_000)), "Это не фото"),
        (JPEG + b"x" * LARGEST, "больше 5"),
    ],
)
def test_what_is_no_photo_is_not_kept(at_door: Browser, parcels: list[int], body: bytes, words: str) -> None:
    answer = attach(at_door, parcels[1], body)
    assert words in at_door.get(answer.location).text
    assert count() == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_of_a_photo_only_what_is_seen_is_kept(kind: str) -> None:
    drawn = redrawn(image(kind, (3_200, 1_600)))
    assert drawn is not None
    assert not any(word in drawn for word in (b"Vera", b"GPS", b"Exif", b"hidden"))
    with Image.open(BytesIO(drawn)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (800, 1_600))


def test_only_of_what_was_handed_over_and_only_so_many(at_door: Browser, parcels: list[int]) -> None:
    assert attach(at_door, parcels[0], JPEG).status_code == 409
    for _ in range(MOST + 1):
        last = attach(at_door, parcels[1], JPEG)
    assert "уже три фото" in at_door.get(last.location).text
    assert count() == MOST


def test_after_three_months_it_is_gone(at_door: Browser, parcels: list[int]) -> None:
    attach(at_door, parcels[1], JPEG)
    forget_answers(NOON + KEPT)
    assert count() == 1
    with time_machine.travel(NOON + KEPT + timedelta(days=1), tick=False):
        forget_answers(NOON + KEPT + timedelta(days=1))
    assert count() == 0
