"""How a parcel comes to be followed: by a shop's row, by a typed number, by a list of pairs; and what status says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from carriers.http import HttpLine
from carriers.models import Tracking
from parcels.models import Parcel
from portal import intake
from portal.intake import Intake
from portal.transaction import reading, transaction
from tests.carrier_server import Reply, carrier_server
from tests.factories import NOW, make_parcel, make_world

ROW = {"order_number": "TD-1", "phone": "8 913 000-12-42", "track": " 110 615 3417 "}


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with transaction() as session:
        make_world(session)
        yield session


def take(session: Session, *rows: dict[str, str]) -> Intake:
    done = Intake("teply-dom")
    done.take(session, enumerate(rows, start=2), NOW)
    return done


def followed(session: Session) -> list[tuple[str, str, str]]:
    query = select(Parcel.order_number, Tracking.carrier, Tracking.number).join(Tracking).order_by(Tracking.id)
    return [(order, carrier, number) for order, carrier, number in session.execute(query)]


def test_a_row_with_a_track_number_is_followed_at_the_carrier_of_the_shop(session: Session) -> None:
    assert (take(session, ROW).created, take(session, ROW).unchanged) == (1, 1)
    assert followed(session) == [("TD-1", "cdek", "1106153417")]


def test_a_row_may_name_another_carrier_and_a_number_may_be_put_right(session: Session) -> None:
    take(session, ROW | {"carrier": "EMS", "track": "ee1"})
    assert take(session, ROW | {"carrier": "ems", "track": "EE2"}).updated == 1
    assert followed(session) == [("TD-1", "ems", "EE2")]


def test_a_row_without_a_track_number_is_not_followed(session: Session) -> None:
    take(session, ROW | {"track": " "}, {"order_number": "TD-2", "phone": ROW["phone"], "carrier": "nobody"})
    assert followed(session) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"carrier": "pony"}, "bad_carrier"),
        ({"track": "№ семь"}, "bad_track"),
        ({"track": "7" * 65}, "bad_track"),
        ({"track": "TAKEN"}, "taken_track"),
    ],
)
def test_a_row_whose_number_cannot_be_followed_is_not_taken_at_all(
    session: Session, change: dict[str, str], reason: str
) -> None:
    take(session, {"order_number": "TD-0", "phone": ROW["phone"], "track": "taken"})
    assert [row.reason for row in take(session, ROW | change).rejected] == [reason]
    assert session.scalar(select(Parcel.id).where(Parcel.order_number == "TD-1")) is None


def test_a_program_gives_the_number_with_the_order(session: Session) -> None:
    shop_id = 1
    parcel, outcome = intake.take_order(session, shop_id, ROW, NOW)
    assert (outcome, followed(session)) == ("created", [(parcel.order_number, "cdek", "1106153417")])


def run(app: Flask, *arguments: str | Path) -> Result:
    return app.test_cli_runner().invoke(args=["carriers", *map(str, arguments)])


def test_at_a_terminal_a_parcel_is_followed_asked_about_and_seen(app: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        shop = make_world(session)
        for number in ("TD-1", "TD-2"):
            make_parcel(session, shop, order_number=number)
    assert "следим у перевозчика Boxberry" in run(app, "follow", "boxberry", "bbr1", "TD-1").output
    assert "уже следили" in run(app, "follow", "boxberry", "BBR1", "TD-1").output
    refused = run(app, "follow", "boxberry", "BBR1", "TD-2")
    assert (refused.exit_code, refused.output) == (1, "Номер BBR1 уже у посылки VH000000001; проверьте номер.\n")
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("TD-1 301\nTD-2 → 302\nTD-9 303\nTD-2\n")
    listed = run(app, "pairs", "intime", pairs)
    assert listed.output.splitlines()[:3] == [
        "Строка 4: не два номера.",
        "Строка 3: Заказа TD-9 нет; проверьте номер.",
        "Строк 4, не принято 2.",
    ]
    with reading() as session:
        assert {number for _, carrier, number in followed(session) if carrier == "intime"} == {"301", "302"}

    assert "ключей нет" in run(app, "poll", "boxberry").output
    with carrier_server() as server:
        server.answers("/", Reply('[{"Date": "2026-11-16 12:00:00", "Name": "Отдан голубю"}]'.encode()))
        app.extensions["carrier_line"] = HttpLine(5)
        app.config["CARRIERS"] = {"CARRIER_BOXBERRY_TOKEN": "t", "CARRIER_BOXBERRY_URL": server.url("/")}
        assert run(app, "poll", "boxberry", "--now").output == "Boxberry: recorded 1, unknown 1.\n"
        assert run(app, "poll").output == "Boxberry: нет.\n"
        assert run(app, "poll", "boxberry", "--now").output == "Boxberry: known 1.\n"

    rows = {line.split()[0]: line.split() for line in run(app, "status").output.splitlines()}
    assert (rows["boxberry"][1:3], rows["boxberry"][4:]) == (["есть", "замкнут"], ["1", "0", "1"])
    assert rows["cdek"][1:] == ["нет", "замкнут", "—", "0", "0", "0"]
    assert rows["intime"][1:] == ["не", "спрашиваем", "замкнут", "—", "2", "—", "0"]
