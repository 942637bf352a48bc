"""Places as people, 1C and ФИАС write them: found, or asked about; never guessed."""

from __future__ import annotations

import csv
from functools import lru_cache

import pytest

from portal.gazetteer import Gazetteer, KnownPlace, UnknownPlace
from portal.places import SETTLEMENTS


@lru_cache(maxsize=1)
def everything() -> Gazetteer:
    with SETTLEMENTS.open(encoding="utf-8", newline="") as file:
        return Gazetteer(map(_place, csv.DictReader(file)))


def _place(row: dict[str, str]) -> KnownPlace:
    said = [row[name] for name in ("name", "region_code", "region", "zone")]
    people = int(row["population"]) if row["population"] else None
    return KnownPlace(int(row["code"]), *said, people, "RU", row["is_city"] == "1")


def found(text: str, region: str = "") -> tuple[str, str]:
    place = everything().find(text, region)[0]
    return place.name, place.region_code


def refused(text: str, region: str = "") -> UnknownPlace:
    with pytest.raises(UnknownPlace) as problem:
        everything().find(text, region)
    return problem.value


TOMSK = ("Томск", "70")


@pytest.mark.parametrize(
    "text",
    [
        *("Томск", "ТОМСК", "Томск г", "Томск г.", "гор. Томск", "г.Томск", "город Томск", "г. Томск, Томская область"),
        *("Томская обл, г Томск", "Томск (Томская область)", "Томск, Томская обл.", "Томская область Томск"),
        *("г Томск Томская обл", "634050, г. Томск", "634050, Томская обл, , Томск г", "Россия, Томск", "РФ, г. Томск"),
        *("634050, Россия, Томская обл, г.о. город Томск, г Томск, пр-кт Ленина, д. 1", "Томск, ул. Ленина, 5"),
        *("Tomsk", "tomsk", "Tomsk, Russia", "Tomsk, Tomsk oblast", "Tомcк", "«Томск»", "Томск\n"),
    ],
)
def test_one_city_in_many_spellings(text: str) -> None:
    assert found(text) == TOMSK


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ст-ца Каневская", ("Каневская", "23")),
        ("Каневская ст-ца", ("Каневская", "23")),
        ("р.п. Кольцово", ("Кольцово", "54")),
        ("рп Кольцово", ("Кольцово", "54")),
        ("Санкт Петербург", ("Санкт-Петербург", "78")),
        ("СПб", ("Санкт-Петербург", "78")),
        ("С.-Петербург", ("Санкт-Петербург", "78")),
        ("г. Санкт-Петербург", ("Санкт-Петербург", "78")),
        ("Питер", ("Санкт-Петербург", "78")),
        ("Saint Petersburg", ("Санкт-Петербург", "78")),
        ("Ростов на Дону", ("Ростов-на-Дону", "61")),
        ("Ростов-н/Д", ("Ростов-на-Дону", "61")),
        ("Rostov-on-Don", ("Ростов-на-Дону", "61")),
        ("Н.Новгород", ("Нижний Новгород", "52")),
        ("Н. Новгород", ("Нижний Новгород", "52")),
        ("Nizhny Novgorod", ("Нижний Новгород", "52")),
        ("Nizhnij Novgorod", ("Нижний Новгород", "52")),
        ("В. Новгород", ("Великий Новгород", "53")),
        ("Наб.Челны", ("Набережные Челны", "16")),
        ("Екб", ("Екатеринбург", "66")),
        ("Ekaterinburg", ("Екатеринбург", "66")),
        ("Yekaterinburg", ("Екатеринбург", "66")),
        ("МСК", ("Москва", "77")),
        ("Moscow", ("Москва", "77")),
        ("Москва г, Зеленоград г", ("Зеленоград", "77")),
        ("Орехово Зуево", ("Орехово-Зуево", "50")),
        ("Комсомольск н/А", ("Комсомольск-на-Амуре", "27")),
        ("Joshkar-Ola", ("Йошкар-Ола", "12")),
        ("Oryol", ("Орел", "57")),
        ("Yalta", ("Ялта", "91")),
        ("Jalta", ("Ялта", "91")),
        ("Saint-Petersburg", ("Санкт-Петербург", "78")),
        ("Казань Татарстан", ("Казань", "16")),
        ("Респ Татарстан, г Казань", ("Казань", "16")),
        ("ХМАО-Югра, Сургут", ("Сургут", "86")),
        ("МО, Балашиха", ("Балашиха", "50")),
        ("Моск. обл., г.о. Балашиха, г. Балашиха", ("Балашиха", "50")),
        ("Московская обл, г Истра, г Дедовск", ("Дедовск", "50")),
        ("г Дедовск, г Истра, Московская обл", ("Дедовск", "50")),
        ("Железногорск (Курская область)", ("Железногорск", "46")),
        ("Якутия, Мирный", ("Мирный", "14")),
        ("Саха /Якутия/ Респ, Мирный г", ("Мирный", "14")),
        ("Березовский, Кузбасс", ("Березовский", "42")),
        ("Забайкальский край, г Петровск-Забайкальский", ("Петровск-Забайкальский", "75")),
        ("Крым, Ялта", ("Ялта", "91")),
    ],
)
def test_what_people_write(text: str, place: tuple[str, str]) -> None:
    assert found(text) == place


@pytest.mark.parametrize(
    ("text", "region", "place"),
    [
        ("Железногорск", "Курская", ("Железногорск", "46")),
        ("г. Железногорск", "Красноярский край", ("Железногорск", "24")),
        ("Шуя", "Ивановская обл.", ("Шуя", "37")),
        ("Ростов", "Ярославская", ("Ростов", "76")),
        ("Ростов", "Ростовская обл", ("Ростов-на-Дону", "61")),
        ("Троицк", "Москва", ("Троицк", "50")),
        ("Сургут", "ХМАО", ("Сургут", "86")),
        ("Томск", "Россия, Томская обл, Томский р-н", TOMSK),
        ("Томск", "Tomsk region", TOMSK),
        ("Дубовка", "Волгоградская область", ("Дубовка", "34")),
    ],
)
def test_the_region_decides(text: str, region: str, place: tuple[str, str]) -> None:
    assert found(text, region) == place


@pytest.mark.parametrize(
    "text",
    [
        *("Железногорск", "г. Железногорск", "Шуя", "Шуя г", "Павлово", "Берёзовский", "пос. Мирный", "Киров"),
        *("Сургут", "Красногорск", "Ростов", "Zheleznogorsk", "Surgut", "Ilinka", "Томск, Северск"),
    ],
)
def test_a_name_that_more_than_one_place_has_is_asked_about(text: str) -> None:
    assert refused(text).reason == "ambiguous_place"


def test_a_place_that_we_do_not_know_counts_as_a_namesake() -> None:
    assert "Самарская область, Ханты-Мансийский автономный округ" in refused("Сургут").words


def test_a_name_without_its_river_is_asked_about() -> None:
    assert "Ростов (Ярославская область) или Ростов-на-Дону (Ростовская область)?" in refused("Ростов").words


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("Екатиринбург", "Екатеринбург (Свердловская область)"),
        ("Санкт-Петебург", "Санкт-Петербург"),
        ("Новгород", "Нижний Новгород (Нижегородская область) или Великий Новгород (Новгородская область)"),
        ("Tomck", "Томск (Томская область)"),
        ("г.о. Мытищи", "Мытищи (Московская область)"),
        ("Перьм", "Пермь (Пермский край)"),
        ("Yaya", "подойдёт ближайшее место — Ижморский?"),
        ("пгт Яя", "подойдёт ближайшее место — Ижморский?"),
    ],
)
def test_what_is_not_found_is_asked_about(text: str, suggested: str) -> None:
    problem = refused(text)
    assert problem.reason == "unknown_place"
    assert f"может быть, {suggested}" in problem.words
    assert problem.candidates


@pytest.mark.parametrize(
    ("text", "region"),
    [
        *(("Нигде", ""), ("г Ключ", ""), ("Томск", "Омская область"), ("г. Томск, Омская обл", ""), ("Томск", "край")),
        *(("Томская обл, Томский р-н, с. Никакое, г Томск", ""), ("ул. Ленина", ""), ("634050", ""), (",", "")),
    ],
)
def test_what_does_not_fit_is_unknown(text: str, region: str) -> None:
    assert refused(text, region).reason == "unknown_place"


def test_in_a_region_the_types_tell_a_city_from_a_village() -> None:
    assert everything().find("г. Дубовка", "34")[0].is_city
    assert not everything().find("с. Дубовка", "34")[0].is_city


def test_every_city_is_found_with_its_region() -> None:
    for place in everything().by_id.values():
        if place.is_city:
            for text in (
                f"{place.region}, г. {place.name}",
                f"{place.name} г, {place.region}",
                f"г {place.name} {place.region}",
            ):
                assert found(text) == (place.name, place.region_code), text
