"""Street and house are shown as they were written; flat, entrance, floor and codes are not, in whatever words."""

import re
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.street import without_flat

DATA = Path(__file__).parents[1] / "data/addresses"
NAMES = (DATA / "streets.txt").read_text().splitlines()
KINDS = ("ул.", "улица", "ул", "пр-т", "просп.", "пр.", "проспект", "пер.", "переулок", "б-р", "бульвар", "наб.", "ш.")
#: How a house is written, without what is inside of it.
HOUSES = (DATA / "houses.txt").read_text().splitlines()
#: How people and registers write what is inside of it. All that may not be seen holds 148, 63, 91 or 77.
INSIDES = ["\nкв. 148", *(DATA / "insides.txt").read_text().splitlines()]
SECRETS = re.compile(r"148|63|91|77")


def addresses() -> list[tuple[str, str]]:
    """Every name with every way to write what is inside the house, houses and kinds of street in turn."""
    turn, made = count(), []
    for name in NAMES:
        for inside in INSIDES:
            number = next(turn)
            house = HOUSES[number % len(HOUSES)]
            glue = (", ", " ", ",")[number % 3]
            if house.endswith((" А", "-А", "12а")) and inside[0].isalpha():
                house = "12А"
            outside = f"{_with_kind(name, number)}{glue}{house}"
            made.append((outside, outside + inside))
            if number % 5 == 0:
                made.append((outside.upper(), (outside + inside).upper()))
    return made


def _with_kind(name: str, number: int) -> str:
    """A name as it stands, or with its kind written in another way."""
    bare = name.removeprefix("ул. ")
    if bare == name or bare[0].isdigit() or number % 2:
        return name
    kind = KINDS[number // 2 % len(KINDS)]
    return f"{bare} {kind}" if number % 7 == 0 and " " not in bare else f"{kind} {bare}"


def test_streets_and_houses_stay_whole_and_what_is_inside_stays_inside() -> None:
    made = addresses()
    assert len({outside for outside, _ in made}) > 10_000
    wrong = [f"{whole!r}: {without_flat(whole)!r}" for outside, whole in made if not _is_right(outside, whole)]
    assert not wrong, f"{len(wrong)} of {len(made)}:\n" + "\n".join(wrong[:40])


def _is_right(outside: str, whole: str) -> bool:
    shown = without_flat(whole)
    return shown == outside and not SECRETS.search(shown.replace(outside, ""))


@pytest.mark.parametrize("name", NAMES)
def test_a_street_alone_is_shown_as_it_is(name: str) -> None:
    for before in ("", "г. Томск, ", "634009, Томская обл., г. Томск, ", "п. Светлый, ", "г. Горячий Ключ, "):
        assert without_flat(before + name) == before + name
        assert without_flat(f"{before}{name}, д. 12") == f"{before}{name}, д. 12"
        assert without_flat(f"{before}{name}, д. 12, кв. 148") == f"{before}{name}, д. 12"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ул. Профсоюзная, 12, квартира 148, домофон 148К77", "ул. Профсоюзная, 12"),
        ("г. Москва, ул. Прокофьева, 3, кв. 5", "г. Москва, ул. Прокофьева, 3"),
        ("пр-т Мира 5-12", "пр-т Мира 5"),
        ("ул. Мира, 12/148", "ул. Мира, 12"),
        ("ул. Мира, 12/2, кв. 148", "ул. Мира, 12/2"),
        ("ул. Мира, д. 12/2", "ул. Мира, д. 12/2"),
        ("ул. Мира, 5-7, кв. 12", "ул. Мира, 5-7"),
        ("ул. Мира, 5-12, кв. 12", "ул. Мира, 5"),
        ("д. 3 корп. 2 кв. 5", "д. 3 корп. 2"),
        ("УЛ.МИРА,Д.3КОРП.2КВ.5", "УЛ.МИРА,Д.3КОРП.2"),
        ("мкр. 5, д. 12, кв. 148", "мкр. 5, д. 12"),
        ("мкр 5-12-148", "мкр 5-12"),
        ("5 мкр, 12-148", "5 мкр, 12"),
        ("проезд 4922, 12, 148", "проезд 4922, 12"),
        ("Зеленоград, корп. 1407, кв. 148", "Зеленоград, корп. 1407"),
        ("кв. 148, д. 12, ул. Мира", "д. 12, ул. Мира"),
        ("12-148, ул. Мира", "12, ул. Мира"),
        ("3 подъезд, 9 этаж, ул. Мира, 12, 148", "ул. Мира, 12"),
        ("12 Lenina street, apt 148, floor 9", "12 Lenina street"),
        ("Apt 148, 12 Lenina street", "12 Lenina street"),
        ("12 Lenina st, 148", "12 Lenina st"),
        ("ul. 8 Marta 12-148", "ul. 8 Marta 12"),
        ("вул. Хрещатик, буд. 12, кв. 148, під’їзд 3", "вул. Хрещатик, буд. 12"),
        ("ул. Мира (бывш. Ленина), 12 (домофон 148)", "ул. Мира (бывш. Ленина), 12"),
        ("ул. Мира, 12-А-148", "ул. Мира, 12-А"),
        ("ул. Мира 12-Е-148", "ул. Мира 12-Е"),
        ("Мира, 12, вход с ул. Ленина 148", "Мира, 12"),
        ("ул. Мира, кв. 148", "ул. Мира"),
        ("кв. 148", ""),
        ("подъезд 3", ""),
        ("", ""),
    ],
)
def test_addresses_that_people_wrote(address: str, shown: str) -> None:
    assert without_flat(address) == shown


@given(st.text(alphabet="квдомул.,-/# 148АКпэ", max_size=60))
def test_whatever_is_typed_is_answered_with_a_part_of_it(text: str) -> None:
    shown = without_flat(text)
    assert len(shown) <= len(text) + text.count(",")
