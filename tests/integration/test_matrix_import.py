"""A file of the matrix from the terminal: many origins in one file, and the same checks as on the page."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import matrix_import
from portal.matrix_import import Source
from portal.transaction import reading, transaction
from scheduling import matrix, matrix_upload, matrix_versions
from scheduling.matrix_upload import StaleUpload
from scheduling.models import Lane, Matrix, MatrixUpload
from scheduling.promise import Unit
from tests.factories import ANADYR, CHELYABINSK, KALININGRAD, NOW, TOMSK, VILLAGE, make_world
from tests.integration.test_cli import run

HEADER = "code,days_min,days_max,courier,unit,cutoff,weekdays,carrier,origin\n"
SOURCE = Source("terms.csv", "Ольга", CHELYABINSK, date(2026, 11, 16))


def file(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "terms.csv"
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def current(origin: int, carrier: str = "cdek") -> Matrix | None:
    with reading() as session:
        return matrix.current(session, carrier, origin, date(2026, 11, 16))


def test_one_file_holds_carriers_and_origins(both: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        make_world(session)
    rows = (
        f'{TOMSK},4,5,1,calendar,17:30,"1,3,5",,',
        f"{TOMSK},9,9,1,,,1-5,,Калининград",
        f"{ANADYR},9,14,0,working,,,own,{KALININGRAD}",
    )
    with transaction() as session:
        done = matrix_import.import_matrix(session, file(tmp_path, *rows), SOURCE, NOW, may_drop=True)
        assert (done.bad, done.lanes, done.is_new) == ([], 3, True)
    home, west, own = current(CHELYABINSK), current(KALININGRAD), current(KALININGRAD, "own")
    assert home is not None
    assert west is not None
    assert own is not None
    assert home.upload_id == west.upload_id == own.upload_id
    with reading() as session:
        lane = matrix.find_lane(session, home.id, TOMSK)
        assert lane is not None
        assert (lane.unit, lane.cutoff, lane.weekdays) == (Unit.CALENDAR, time(17, 30), 0b0010101)
        far = matrix.find_lane(session, west.id, TOMSK)
        assert far is not None
        assert (far.unit, far.cutoff, far.weekdays) == (Unit.WORKING, None, 0b0011111)


def test_a_route_of_which_nothing_new_is_said_keeps_its_version(both: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        make_world(session)
    rows = [f"{TOMSK},4,5,1,,,,,", f"{TOMSK},9,9,1,,,,,{KALININGRAD}"]
    for expected in (2, 0):
        with transaction() as session:
            routes, bad = matrix_import.examine(session, file(tmp_path, *rows), SOURCE)
            assert (bad, sum(bool(route.changes) for route in routes)) == ([], expected)
            matrix_import.import_matrix(session, file(tmp_path, *rows), SOURCE, NOW, may_drop=True)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Matrix)) == 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{TOMSK},4,5,1,weeks,,,,", "bad_unit"),
        (f"{TOMSK},4,5,1,,25:00,,,", "bad_cutoff"),
        (f"{TOMSK},4,5,1,,18,,,", "bad_cutoff"),
        (f"{TOMSK},4,5,1,,,5-1,,", "bad_weekdays"),
        (f"{TOMSK},4,5,1,,,0,,", "bad_weekdays"),
        (f"{TOMSK},4,5,1,,,2026-05-01,,", "bad_weekdays"),
        (f"{TOMSK},4,5,1,,,,Почта,", "bad_carrier"),
        (f"{TOMSK},4,5,1,,,,,Нигде", "unknown_origin"),
        (f"{TOMSK},4,5,1,,,,,777", "unknown_origin"),
        (f"{VILLAGE},1,2,1,,,,,", "repeated"),
        (f"{VILLAGE},1,2,1,,,,cdek,{CHELYABINSK}", "repeated"),
    ],
)
def test_bad_cells_of_the_further_columns(app: Flask, tmp_path: Path, row: str, reason: str) -> None:
    with transaction() as session:
        make_world(session)
        _, bad = matrix_import.examine(session, file(tmp_path, f"{VILLAGE},6,9,0,,,,,", row), SOURCE)
    assert [(one.line, one.reason) for one in bad] == [(3, reason)]


def test_two_who_apply_at_once_write_one_version(both: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        make_world(session)
        upload = matrix_import.stage(session, file(tmp_path, f"{TOMSK},1,2,1,,,,,"), SOURCE, NOW)
        number, digest = upload.id, upload.digest
    with transaction() as session:
        matrix_upload.apply(session, number, digest, NOW)
    with pytest.raises(StaleUpload, match="applied"), transaction() as session:
        matrix_upload.apply(session, number, digest, NOW)
    with reading() as session:
        assert session.scalar(select(func.count()).where(Matrix.upload_id == number)) == 1
        assert session.get_one(MatrixUpload, number).payload is None


def test_withdrawn_and_restored_the_lanes_stay(both: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        make_world(session)
        matrix_import.import_matrix(session, file(tmp_path, f"{TOMSK},1,2,1,,,,,"), SOURCE, NOW, may_drop=True)
    before, newer = _ids()
    with transaction() as session:
        assert matrix_versions.withdraw(session, newer.upload_id or 0, NOW)
    assert current(CHELYABINSK).id == before.id  # type: ignore[union-attr]
    with transaction() as session:
        assert not matrix_versions.withdraw(session, newer.upload_id or 0, NOW)
        assert not matrix_versions.withdraw(session, -before.id, NOW)
        assert matrix_versions.restore(session, newer.upload_id or 0)
    assert current(CHELYABINSK).id == newer.id  # type: ignore[union-attr]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Lane)) == 6


def _ids() -> tuple[Matrix, Matrix]:
    with reading() as session:
        first, second = session.scalars(select(Matrix).order_by(Matrix.id))
        return first, second


def test_the_terminal_names_carrier_and_bad_rows(app: Flask, tmp_path: Path) -> None:
    with transaction() as session:
        make_world(session)
    good = file(tmp_path, f"{TOMSK},1,2,1", header="code,days_min,days_max,courier\n")
    assert run(app, "matrix", "import", good, "--carrier", "own", "--valid-from", "2026-11-16").exit_code == 0
    assert current(CHELYABINSK, "own") is not None
    done = run(app, "matrix", "import", file(tmp_path, f"{TOMSK},4,5,1,weeks,,,,"))
    assert done.exit_code == 1
    assert done.output.startswith("Строка 2: unit «weeks» непонятно")
