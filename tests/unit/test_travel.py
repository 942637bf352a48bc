"""Ways between addresses: near on one street, longer to the next, longest to another place."""

import pytest

from scheduling.travel import (
    OTHER_SETTLEMENT,
    OTHER_STREET,
    SAME_STREET_MOST,
    Door,
    district_of,
    matrix,
    minutes,
    street_of,
)

TOMSK, SEVERSK = (56.4977, 84.9744), (56.6006, 84.8864)


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("ул. Нахимова, 12, кв. 7", "нахимова"),
        ("Нахимова, 15/1", "нахимова"),
        ("улица Нахимова 12", "нахимова"),
        ("пр. Ленина, 186", "ленина"),
        ("Берёзовая, 3", "березовая"),
        ("634000, Томская обл., г. Томск, ул. Ленина, 1", "ленина"),
        ("Томск, ул. Ленина 1", "ленина"),
        ("г. Томск, Нахимова, 12", "нахимова"),
        ("д. Тихая, 12", "д тихая"),
        ("9 Мая, 3", "9 мая"),
        ("м. Київ, вул. Хрещатик, 22", "хрещатик"),
        ("", ""),
    ],
)
def test_a_street_is_known_however_it_is_written(address: str, street: str) -> None:
    assert street_of(address) == street


@pytest.mark.parametrize(
    ("settlement", "population", "address", "district"),
    [
        (314, 550_000, "пр. Ленина, 186", "314 ленина"),
        (314, None, "Ленина, 2", "314 ленина"),
        (314, 550_000, "12", None),
        (9001, 900, "Лесная, 4", "9001"),
        (9001, 900, "", "9001"),
        (None, None, "Лесная, 4", None),
    ],
)
def test_a_district_is_a_street_or_a_whole_village(
    settlement: int | None, population: int | None, address: str, district: str | None
) -> None:
    assert district_of(settlement, population, address) == district


def test_neighbours_are_nearer_than_the_end_of_the_street_and_that_than_another_street() -> None:
    home = Door(314, "ул. Нахимова, 12, кв. 7")
    ways = [minutes(home, Door(314, to)) for to in ("Нахимова, 12, кв. 9", "Нахимова, 60", "Усова, 21/2")]
    assert ways == sorted(set(ways))
    assert ways[1] < SAME_STREET_MOST
    assert ways[2] == OTHER_STREET


def test_another_place_is_reckoned_from_coordinates_or_else_a_constant() -> None:
    assert minutes(Door(1, "Ленина, 1"), Door(2, "Ленина, 1")) == OTHER_SETTLEMENT
    assert 15 <= minutes(Door(1, "", TOMSK), Door(2, "", SEVERSK)) <= 25


def test_the_matrix_is_the_same_in_both_directions() -> None:
    doors = [Door(1, "Ленина, 1"), Door(1, "Ленина, 90"), Door(1, "Усова, 3"), Door(2, "")]
    ways = matrix(doors)
    assert all(ways[a][b] == ways[b][a] for a in range(4) for b in range(4))
    assert [ways[n][n] for n in range(4)] == [0, 0, 0, 0]
