"""The table of settlements: complete, in step with the matrix of days, zones right, rebuilt byte for byte."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.xdist_group("settlements")
ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "parcels/data/settlements.csv"
MATRIX = ROOT / "scheduling/data/days_from_chelyabinsk.csv"
SOURCE = ROOT / "docs/data/sources/delivery_periods_from_chelyabinsk.csv"
ELSEWHERE = ROOT / "parcels/data/elsewhere.csv"
SCRIPT = ROOT / "docs/data/build_settlements.py"
CITIES = ROOT / "docs/data/sources/hflabs_city.csv"
HEADER = [
    *("code", "name", "region_code", "region", "zone", "zone_source", "population"),
    *("lat", "lon", "is_city"),
]
OWN_CODES = 800_000_000

# Known by hand: (region code, name) -> zone, all UTC offsets from +2 to +12.
KNOWN = {
    ("39", "Калининград"): "Europe/Kaliningrad",
    ("77", "Москва"): "Europe/Moscow",
    ("16", "Казань"): "Europe/Moscow",
    ("43", "Киров"): "Europe/Kirov",
    ("40", "Киров"): "Europe/Moscow",
    ("34", "Волгоград"): "Europe/Volgograd",
    ("63", "Самара"): "Europe/Samara",
    ("18", "Ижевск"): "Europe/Samara",
    ("64", "Саратов"): "Europe/Saratov",
    ("30", "Астрахань"): "Europe/Astrakhan",
    ("73", "Ульяновск"): "Europe/Ulyanovsk",
    ("66", "Екатеринбург"): "Asia/Yekaterinburg",
    ("02", "Уфа"): "Asia/Yekaterinburg",
    ("86", "Сургут"): "Asia/Yekaterinburg",
    ("55", "Омск"): "Asia/Omsk",
    ("70", "Томск"): "Asia/Tomsk",
    ("54", "Бердск"): "Asia/Novosibirsk",
    ("22", "Барнаул"): "Asia/Barnaul",
    ("42", "Кемерово"): "Asia/Novokuznetsk",
    ("24", "Красноярск"): "Asia/Krasnoyarsk",
    ("24", "Норильск"): "Asia/Krasnoyarsk",
    ("17", "Кызыл"): "Asia/Krasnoyarsk",
    ("38", "Иркутск"): "Asia/Irkutsk",
    ("03", "Улан-Удэ"): "Asia/Irkutsk",
    ("75", "Чита"): "Asia/Chita",
    ("28", "Благовещенск"): "Asia/Yakutsk",
    ("14", "Якутск"): "Asia/Yakutsk",
    ("14", "Нерюнгри"): "Asia/Yakutsk",
    ("14", "Удачный"): "Asia/Yakutsk",
    ("14", "Хандыга"): "Asia/Khandyga",
    ("14", "Усть-Нера"): "Asia/Ust-Nera",
    ("14", "Батагай"): "Asia/Vladivostok",
    ("14", "Черский"): "Asia/Srednekolymsk",
    ("14", "Лобуя"): "Asia/Srednekolymsk",
    ("27", "Хабаровск"): "Asia/Vladivostok",
    ("25", "Владивосток"): "Asia/Vladivostok",
    ("79", "Биробиджан"): "Asia/Vladivostok",
    ("49", "Магадан"): "Asia/Magadan",
    ("65", "Южно-Сахалинск"): "Asia/Sakhalin",
    ("65", "Южно-Курильск"): "Asia/Sakhalin",
    ("41", "Петропавловск-Камчатский"): "Asia/Kamchatka",
    ("87", "Анадырь"): "Asia/Anadyr",
    ("54", "Новосибирск"): "Asia/Novosibirsk",
    ("50", "Балашиха"): "Europe/Moscow",
    ("63", "Сызрань"): "Europe/Samara",
    ("83", "Нарьян-Мар"): "Europe/Moscow",
    ("91", "Симферополь"): "Europe/Simferopol",
    ("92", "Севастополь"): "Europe/Simferopol",
    ("65", "Северо-Курильск"): "Asia/Srednekolymsk",
    ("65", "Курильск"): "Asia/Sakhalin",
    ("14", "Мирный"): "Asia/Yakutsk",
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def table() -> list[dict[str, str]]:
    return read(TABLE)


def test_there_is_a_row_with_its_own_code_for_each_settlement(table: list[dict[str, str]]) -> None:
    assert list(table[0]) == HEADER
    assert len(table) == 3584
    assert len({row["code"] for row in table}) == 3584


def test_table_and_matrix_have_the_same_codes(table: list[dict[str, str]]) -> None:
    codes = {row["code"]: row["name"] for row in table if int(row["code"]) < OWN_CODES}
    assert codes == {row["cdek_code"]: row["city"] for row in read(MATRIX)}
    assert len(codes) == 3092


def test_every_city_of_russia_is_there_with_its_region(table: list[dict[str, str]]) -> None:
    known = {(row["region_code"], row["name"].replace("ё", "е")) for row in table if row["is_city"] == "1"}
    cities = read(CITIES)
    assert len(cities) == 1117
    for row in cities:
        name = row["settlement"] or row["city"] or row["area"] or row["region"]
        assert (row["kladr_id"][:2], name.replace("ё", "е")) in known, row["address"]


def test_a_city_lies_where_its_source_says(table: list[dict[str, str]]) -> None:
    for row in table:
        assert (row["lat"] == "") is (row["lon"] == "")
        assert row["is_city"] in {"0", "1"}
        assert row["lat"] or row["is_city"] == "0"
    spots = {(row["region_code"], row["name"]): (float(row["lat"]), float(row["lon"])) for row in table if row["lat"]}
    assert spots["54", "Новосибирск"] == pytest.approx((55.03, 82.92), abs=0.1)
    assert spots["50", "Клин"] == pytest.approx((56.33, 36.73), abs=0.1)


def test_couriers_go_to_every_place_of_the_matrix() -> None:
    assert {row["courier"] for row in read(MATRIX)} == {"true"}


def test_a_place_elsewhere_is_none_of_the_table_and_has_one_near(table: list[dict[str, str]]) -> None:
    known = {(row["region_code"], row["name"].split("(")[0].lower().replace("ё", "е")) for row in table}
    regions = {row["code"]: row["region_code"] for row in table}
    listed = read(ELSEWHERE)
    for row in listed:
        assert (row["region_code"], row["name"]) not in known
        assert regions[row["near"]] == row["region_code"]
    named = {(row["name"], row["region"]) for row in listed}
    assert {("сургут", "Самарская область"), ("Yaya", "Кемеровская область — Кузбасс")} <= named


def test_the_matrix_is_the_source_unchanged() -> None:
    assert MATRIX.read_bytes() == SOURCE.read_bytes()


def test_every_field_has_its_form(table: list[dict[str, str]]) -> None:
    for row in table:
        assert row["code"].isdigit()
        assert row["name"].strip()
        assert row["region_code"] == f"{int(row['region_code']):02}"
        assert row["zone_source"] in {"hflabs_geonames", "hflabs_offset", "geonames_name", "region"}
        assert row["population"] == "" or int(row["population"]) > 0


def test_zones_are_known_and_cover_all_eleven_offsets(table: list[dict[str, str]]) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    offsets = [moment.astimezone(ZoneInfo(row["zone"])).strftime("%z") for row in table]
    assert sorted(set(offsets)) == [f"+{hours:02}00" for hours in range(2, 13)]


def test_a_region_code_has_one_name(table: list[dict[str, str]]) -> None:
    pairs = {(row["region_code"], row["region"]) for row in table}
    assert len(pairs) == len(dict(pairs)) == 85
    assert {
        ("01", "Республика Адыгея"),
        ("14", "Республика Саха (Якутия)"),
        ("21", "Чувашская Республика"),
        ("23", "Краснодарский край"),
        ("70", "Томская область"),
        ("77", "Москва"),
        ("79", "Еврейская автономная область"),
        ("89", "Ямало-Ненецкий автономный округ"),
    } <= pairs


@pytest.mark.parametrize(("place", "zone"), KNOWN.items())
def test_known_settlements_have_their_zone(table: list[dict[str, str]], place: tuple[str, str], zone: str) -> None:
    assert {row["zone"] for row in table if (row["region_code"], row["name"]) == place} == {zone}


def test_a_suburb_does_not_take_the_population_of_the_city_whose_kladr_code_it_has(table: list[dict[str, str]]) -> None:
    people = {row["code"]: row["population"] for row in table}
    assert people["259"], "Челябинск"
    assert not people["13207"], "Аэропорт, with the KLADR code of Челябинск"


def test_the_script_gives_the_same_bytes_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--root", str(tmp_path)], check=True, timeout=60)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert [str(path.as_posix()) for path in made] == [
        "docs/data/README.md",
        "parcels/data/elsewhere.csv",
        "parcels/data/settlements.csv",
        "scheduling/data/days_from_chelyabinsk.csv",
    ]
    for path in made:
        assert (tmp_path / path).read_bytes() == (ROOT / path).read_bytes(), path
