"""`flask eta backtest` as it is typed: what it prints, and what it says about files it cannot take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from bench.histories import named
from portal import eta

HEADER = "handed_over_at,delivered_at,origin,destination,destination_region"


def run(app: Flask, folder: Path, text: str, *options: str) -> Result:
    path = folder / "history.csv"
    path.write_text(text, encoding="utf-8")
    return app.test_cli_runner().invoke(eta.commands, ["backtest", str(path), *options])


def test_the_figures_are_printed_as_json(app: Flask, tmp_path: Path) -> None:
    done = run(app, tmp_path, named("small").csv(), "--target", "0.98", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert set(found) == {
        *("n", "coverage", "mean_days", "median_days", "worst_month", "late_by", "months"),
        *("carrier", "ratio_mean", "target", "open", "skipped"),
    }
    assert found["target"] == 0.98
    assert 300 <= found["n"] <= 361
    assert set(found["worst_month"]) == {"month", "coverage", "n"}
    assert set(found["late_by"]) == {"mean", "p95", "max"}
    assert set(found["carrier"]) == set(found) - {"carrier", "ratio_mean", "target", "open", "skipped"}
    assert sum(month["n"] for month in found["months"]) == found["n"]
    assert found["worst_month"]["coverage"] == min(month["coverage"] for month in found["months"])
    assert found["ratio_mean"] == pytest.approx(found["mean_days"] / found["carrier"]["mean_days"], abs=0.02)


def test_without_the_carriers_promise_there_is_only_ours(app: Flask, tmp_path: Path) -> None:
    lines = [line.rsplit(",", 1)[0] for line in named("small").csv().splitlines()]
    done = run(app, tmp_path, "\n".join(lines), "--json")
    assert done.exit_code == 0, done.output
    assert not {"carrier", "ratio_mean"} & set(json.loads(done.output))


def test_a_person_gets_a_table(app: Flask, tmp_path: Path) -> None:
    done = run(app, tmp_path, named("small").csv())
    assert done.exit_code == 0, done.output
    assert "худший месяц" in done.output
    assert "перевозчик" in done.output
    assert "Цель 98.0%" in done.output


def test_few_bad_rows_are_named_and_left_out(app: Flask, tmp_path: Path) -> None:
    text = named("small").csv() + "2024-12-30,2024-12-20,Челябинск,Томск,Томская область,\n"
    done = run(app, tmp_path, text, "--json")
    assert done.exit_code == 0, done.output
    assert "Строка 1202 пропущена: вручена раньше, чем передана в доставку: 2024-12-20." in done.stderr
    assert json.loads(done.stdout)["skipped"][0]["line"] == 1202


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "В файле нет ни одной строки"),
        (HEADER, "нет ни одной посылки"),
        ("handed_over_at,origin\n2025-03-03,А", "нет столбцов: delivered_at, destination, destination_region"),
        (f"{HEADER}\n2025-03-03,2025-03-01,А,Б,В", "Плохих строк слишком много (1 / 1)"),
        (f"{HEADER}\n2025-03-03,,А,Б,В", "Судить не о чем"),
        (f"{HEADER}\n\x00\x01", "не похож на CSV"),
    ],
)
def test_what_cannot_be_judged_is_said_in_words(app: Flask, tmp_path: Path, text: str, words: str) -> None:
    done = run(app, tmp_path, text, "--json")
    assert done.exit_code == 1
    assert words in done.output


def test_a_file_that_is_not_there(app: Flask) -> None:
    done = app.test_cli_runner().invoke(eta.commands, ["backtest", "nowhere.csv"])
    assert done.exit_code == 1
    assert "Файла нет" in done.output


def test_one_lane_is_enough(app: Flask, tmp_path: Path) -> None:
    rows = [
        f"2025-{month:02}-{day:02},2025-{month:02}-{day + 4:02},А,Б,В" for month in range(1, 13) for day in range(1, 24)
    ]
    done = run(app, tmp_path, "\n".join([HEADER, *rows]), "--json")
    assert json.loads(done.stdout)["coverage"] == 1


def test_three_rows_are_answered(app: Flask, tmp_path: Path) -> None:
    rows = ["2025-03-03,2025-03-06,А,Б,В", "2025-03-04,2025-03-06,А,Б,В", "2025-03-05,2025-03-09,А,Б,В"]
    done = run(app, tmp_path, "\n".join([HEADER, *rows]), "--json")
    assert json.loads(done.stdout)["n"] == 1


def test_a_target_that_was_not_kept_is_said_and_ends_in_an_error(app: Flask, tmp_path: Path) -> None:
    rows = [
        f"2025-{month:02}-{day:02},2025-{month:02}-{day + (2 if month < 8 else 9):02},А,Б,В"
        for month in range(1, 13)
        for day in range(1, 21)
    ]
    text = "\n".join([HEADER, *(row for row in rows for _ in range(6))])
    done = run(app, tmp_path, text, "--from", "0.59", "--to", "0.75")
    assert done.exit_code == 1
    assert "обещание НЕ сдержано" in done.stdout
    assert "Обещание не сдержано" in done.stderr
    found = run(app, tmp_path, text, "--from", "0.59", "--to", "0.75", "--json")
    assert (found.exit_code, json.loads(found.stdout)["kept"]) == (1, False)


@pytest.mark.filterwarnings("error")
def test_old_years_are_judged_and_no_warning_reaches_anybody(app: Flask, tmp_path: Path) -> None:
    rows = [
        f"{year}-{m:02}-{d:02},{year}-{m:02}-{d + 3:02},А,Б,В" for year in (2006, 2007) for m in (3, 9) for d in (1, 9)
    ]
    done = run(app, tmp_path, "\n".join([HEADER, *rows]))
    assert "Traceback" not in done.output
    assert "2007-09" in done.stdout
