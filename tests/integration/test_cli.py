"""Commands as they are typed: what they print, what they change, and that they change nothing when they refuse."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from pathlib import Path
from urllib.request import urlopen

import pytest
import time_machine
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from parcels.models import Parcel, Shop, Staff
from parcels.stages import Kind, Stage
from portal import demo, places, verify
from portal.access import check_password
from portal.extensions import now
from portal.transaction import reading, transaction
from scheduling import agenda, booking, calls, round_building, rounds
from scheduling.calendars import calendar_of, local_date
from scheduling.models import Lane, Matrix, Slot
from scheduling.round_models import Round
from sms.models import Message, Status
from tests.factories import TOMSK, make_parcel, make_staff, make_world, travel, zone_of

HEADER = "cdek_code;days_min;days_max;courier\n"
ORDERS = "order_number;phone;settlement\nTD-1;+79130001242;Томск\nTD-2;+73512631242;Томск\n"
ROOT = Path(__file__).resolve().parents[2]


def run(app: Flask, *arguments: str | Path) -> Result:
    return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def count(table: type[object]) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def file(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def parcel(number: str) -> Parcel:
    with reading() as session:
        return session.scalars(select(Parcel).where(Parcel.order_number == number)).one()


def test_the_matrix_is_stored_once(both: Flask) -> None:
    first = run(both, "matrix", "import", places.DAYS_FROM_CHELYABINSK)
    assert first.exit_code == 0, first.output
    assert "строк 3092" in first.output
    assert count(Lane) == 3584  # with 492 cities that the file lacks
    again = run(both, "matrix", "import", places.DAYS_FROM_CHELYABINSK)
    assert (again.exit_code, count(Matrix)) == (0, 1)
    assert "Ничего не изменилось" in again.output


def test_one_bad_row_and_nothing_is_stored(app: Flask, tmp_path: Path) -> None:
    rows = "259;1;2;да\n269;5;3;да\n409;1;2;может быть\n12345678;1;2;да\n"
    done = run(app, "matrix", "import", file(tmp_path, HEADER + rows))
    assert done.exit_code == 1
    assert [line.split(":")[0] for line in done.output.splitlines()[:3]] == ["Строка 3", "Строка 4", "Строка 5"]
    assert (count(Matrix), count(Slot)) == (0, 0)


def test_a_file_that_is_no_matrix(app: Flask, tmp_path: Path) -> None:
    done = run(app, "matrix", "import", file(tmp_path, "city;days\nТомск;4\n"))
    assert (done.exit_code, "days_min" in done.output) == (1, True)
    assert run(app, "matrix", "import", tmp_path / "none.csv").output.startswith("Файла нет")


def test_orders_are_taken_and_again_nothing_changes(both: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        make_world(session)
    path = file(tmp_path, ORDERS)
    first = run(both, "import-orders", path, "--shop", "teply-dom")
    assert first.exit_code == 1
    assert "Строка 3: " in first.output
    assert "Строк 2: новых 1, изменённых 0, прежних 0, не принято 1." in first.output
    again = run(both, "import-orders", path, "--shop", "teply-dom")
    assert "Строк 2: новых 0, изменённых 0, прежних 1, не принято 1." in again.output
    assert (count(Parcel), count(Message)) == (1, 1)


def test_time_is_told_with_an_offset(app: Flask) -> None:
    assert run(app, "tick", "--now", "2026-11-21T10:00").exit_code == 1
    with transaction() as session:
        make_parcel(session, make_world(session))
    done = run(app, "tick", "--now", "2026-11-16T12:05+05:00")
    assert (done.exit_code, "accepted 1" in done.output) == (0, True)


def test_people_and_shops_are_made(app: Flask) -> None:
    assert run(app, "create-shop", "svet", "--name", "Свет", "--phone", "+78000000000").exit_code == 0
    made = run(
        app, "create-user", "vera", "--role", "shop", "--name", "Вера", "--shop", "svet", "--password", "verochka"
    )
    assert made.exit_code == 0, made.output
    assert check_password("vera", "verochka") is not None
    assert (count(Shop), count(Staff)) == (1, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "operator", "--password", "short"),
        ("--role", "shop", "--password", "long enough"),
        ("--role", "courier", "--zone", "Нигде", "--password", "long enough"),
        ("--role", "shop", "--shop", "nobody", "--password", "long enough"),
    ],
)
def test_people_who_cannot_be_made(app: Flask, arguments: tuple[str, ...]) -> None:
    done = run(app, "create-user", "vera", "--name", "Вера", *arguments)
    assert (done.exit_code, count(Staff)) == (1, 0)


def test_a_story_is_played_by_hand(app: Flask) -> None:
    with transaction() as session:
        number = make_parcel(session, make_world(session)).order_number
    old = run(app, "link", number).output
    assert old.startswith("http://localhost/t/")
    assert run(app, "fact", number, "handed_over", "--place", "Челябинск").exit_code == 0
    assert run(app, "fact", number, "arrived", "--at", (now() + timedelta(days=4)).isoformat()).exit_code == 0
    assert parcel(number).stage is Stage.IN_CITY
    assert run(app, "revoke-link", number).exit_code == 0
    assert run(app, "link", number).output != old
    assert run(app, "fact", "no-such", "arrived").exit_code == 1
    assert run(app, "verify").output == "Нарушений нет.\n"


def test_a_tick_says_which_rounds_it_built_and_which_are_late(app: Flask) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        at = travel(session, parcel, [Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED])
        make_staff(session, "courier", zone_id=zone_of(session, TOMSK).id)
        asker = booking.Asker("recipient", parcel.version)
        booking.book(session, parcel, date(2026, 11, 26), hour(10), asker, at)
    assert "собрано или дополнено — 1" in run(app, "tick", "--now", "2026-11-25T18:01+07:00").output
    assert "не выехали вовремя — 1" in run(app, "tick", "--now", "2026-11-26T09:31+07:00").output


def test_without_tables_a_sentence_is_said(app: Flask) -> None:
    with transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE facts")
    assert "flask db upgrade" in run(app, "verify").output


def test_the_demo_is_alive(app: Flask) -> None:
    """On PostgreSQL it is tried by `make campaign`."""
    demo_is_alive(app)


def demo_is_alive(app: Flask) -> None:
    assert run(app, "seed-demo").output == "Заведено посылок: 200.\n"
    assert run(app, "seed-demo").exit_code == 1
    assert run(app, "verify").output == "Нарушений нет.\n"
    moment = now()
    with reading() as session:
        stages = Counter(session.scalars(select(Parcel.stage)))
        zone = session.scalars(select(Staff.zone_id).where(Staff.login == "courier")).one()
        (one,) = round_building.rounds_of(session, zone or 0, session.scalars(select(Round.day)).one())
        today = rounds.stops_of(session, one.id)
        messages = Counter(session.scalars(select(Message.status)))
        assert agenda.due(session, moment) == []
        assert sum(calls.waiting(session, moment)) > 0
    assert set(stages) == set(Stage) - {Stage.EXPIRED}
    assert stages[Stage.IN_TRANSIT] >= 15
    assert messages[Status.ACCEPTED] >= 197  # every story but the three newest has begun with one
    assert set(messages) == {Status.ACCEPTED, Status.DROPPED, Status.OWED}
    assert len(today) >= 8 or calendar_of("RU").is_public_holiday(local_date(moment, "Asia/Tomsk"))


def test_the_demo_is_whole_on_a_new_years_night(app: Flask) -> None:
    """At other hours it is tried by `make campaign`."""
    demo_is_whole(datetime(2026, 12, 31, 20, 10, tzinfo=UTC))


def demo_is_whole(moment: datetime) -> None:
    with transaction() as session:
        assert demo.seed(session, moment) == 200
    with transaction() as session:
        assert verify.breaches(session) == []
        assert set(session.scalars(select(Parcel.stage))) == set(Stage) - {Stage.EXPIRED}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.xdist_group("servers")
def test_up_starts_everything_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = {**kept, "INSTANCE_PATH": str(tmp_path), "BIND": f"127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "up"]
    with (tmp_path / "log").open("w") as log:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: "Вход для сотрудников" in (tmp_path / "log").read_text(), child)
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200
        children = descendants(child.pid)
        assert len(children) >= 4
    finally:
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 0
    assert [pid for pid in children if is_running(pid)] == []


def is_running(pid: int) -> bool:
    """Is there such a process, and not only its entry that nobody has collected?"""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def wait_until(is_so: object, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        if callable(is_so) and is_so():
            return
        time.sleep(0.2)
    raise AssertionError("it did not start")


def descendants(pid: int) -> list[int]:
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [below for one in found for below in descendants(one)]


DATA = ROOT / "tests/data/orders"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cod_first.csv", "Строк 1: новых 1, изменённых 0, прежних 0, не принято 0."),
        ("empty_date_of_1c.csv", "Строк 3: новых 2, изменённых 0, прежних 0, не принято 1."),
        ("error_cells.xlsx", "Строка 2: в столбце cod ошибка Excel (#Н/Д)"),
        ("error_cells.xlsx", "Строка 3: в столбце settlement ошибка Excel (#Н/Д)"),
        ("error_cells.xlsx", "Строка 4: в столбце address ошибка Excel (#ССЫЛКА!)"),
        ("error_cells.xlsx", "Строк 4: новых 0, изменённых 0, прежних 0, не принято 4."),
        ("errors.xls", "Строка 5: в столбце cod непосчитанная формула"),
        ("errors.xls", "Строка 12: в столбце address объединённая ячейка; разделите"),
        ("errors.xls", "Строк 11: новых 5, изменённых 0, прежних 0, не принято 6."),
        ("errors.xls", "Прочитан лист «Ноябрь».\nСкрыто фильтром или вручную строк: 1"),
        ("hidden_first_sheet.xlsx", "Прочитан лист «Ноябрь»."),
        ("sixteen_digits.xlsx", "Строка 8: число «1.234567890123457e+19» в столбце order_number Excel округлил"),
        ("sixteen_digits.xlsx", "Строк 8: новых 4, изменённых 0, прежних 0, не принято 4."),
        ("title_row.csv", "Всего в файле строк 3: с заказами 1, пустых 0, заголовок 1, над ним 1."),
        ("sep_line.csv", "Строк 1: новых 1, изменённых 0, прежних 0, не принято 0."),
        ("pipe.csv", "Строк 1: новых 1,"),
        ("unicode_text.txt", "Строк 1: новых 1,"),
        ("html.xls", "Строк 1: новых 1,"),
        ("repeated_unused_column.csv", "Столбцы, которые не нужны и не прочитаны: «комментарий»."),
        ("password.xlsx", "Книга Excel защищена паролем"),
        ("dates.csv", "Строк 21: новых 11, изменённых 0, прежних 0, не принято 10."),
        ("emails.csv", "Строк 12: новых 4, изменённых 0, прежних 0, не принято 8."),
    ],
)
def test_files_that_shops_have_sent(app: Flask, name: str, said: str) -> None:
    with transaction() as session:
        make_world(session)
    with time_machine.travel(datetime(2026, 11, 29, 7, tzinfo=UTC), tick=False):
        done = run(app, "import-orders", DATA / name, "--shop", "teply-dom")
    assert said in done.output


def test_a_sum_with_parted_thousands_never_changes_an_order(app: Flask) -> None:
    with transaction() as session:
        make_world(session)
    assert run(app, "import-orders", DATA / "cod_first.csv", "--shop", "teply-dom").exit_code == 0
    done = run(app, "import-orders", DATA / "cod_thousands.csv", "--shop", "teply-dom")
    assert (done.exit_code, "«4,990»" in done.output) == (1, True)
    assert parcel("UP1").cod_minor == 499_000


def test_the_right_of_a_cashier_is_given_and_taken(app: Flask) -> None:
    with transaction() as session:
        for role in ("operator", "courier"):
            make_staff(session, role)
    run = app.test_cli_runner().invoke
    for args, right in ((["cashier", "operator"], True), (["cashier", "operator", "--off"], False)):
        assert run(args=args).exit_code == 0
        with reading() as session:
            assert session.scalars(select(Staff.is_cashier).where(Staff.login == "operator")).one() is right
    for login in ("courier", "nobody"):
        assert run(args=["cashier", login]).exit_code != 0
