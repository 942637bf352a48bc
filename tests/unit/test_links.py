"""The recipient's link: short, unguessable, bound to parcel, purpose and epoch."""

from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from parcels.models import Parcel
from portal import links
from portal.links import BadLink
from tests.conftest import SETTINGS

pytestmark = pytest.mark.usefixtures("app")


def parcel(number: int = 7, epoch: int = 1) -> Parcel:
    return Parcel(id=number, link_epoch=epoch)


@pytest.mark.parametrize("number", [1, 65_535, 65_536, 2**24 - 1, 2**24, 2**32 - 1])
def test_a_token_names_its_parcel_in_at_most_22_letters_and_digits(number: int) -> None:
    token = links.token_for(parcel(number))
    assert links.parcel_id_of(token) == number
    assert links.is_genuine(token, number, 1)
    assert len(token) <= 22
    assert token.isalnum()
    assert token.isascii()


def test_the_mac_has_96_bits() -> None:
    assert links.MAC_BYTES * 8 >= 96


def test_raising_the_epoch_voids_every_link_made_before() -> None:
    token = links.token_for(parcel(epoch=1))
    assert not links.is_genuine(token, 7, 2)


def test_a_link_opens_no_other_parcel() -> None:
    mine, other = links.token_for(parcel(7)), links.token_for(parcel(8))
    assert mine != other
    assert not links.is_genuine(mine, 8, 1)


def test_every_single_letter_counts() -> None:
    token = links.token_for(parcel())
    for at, letter in enumerate(token):
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        assert not opens(changed)


def opens(token: str) -> bool:
    try:
        return links.is_genuine(token, links.parcel_id_of(token), 1)
    except BadLink:
        return False


@given(st.text(max_size=40))
def test_whatever_stands_in_the_address_is_a_token_or_a_bad_link(text: str) -> None:
    try:
        number = links.parcel_id_of(text)
    except BadLink:
        return
    assert not links.is_genuine(text, number, 1)


def test_another_key_makes_other_links(app: Flask) -> None:
    token = links.token_for(parcel())
    app.config["SECRET_KEY"] = "quite another key, also of more than 32 characters"
    assert not links.is_genuine(token, 7, 1)
    app.config["SECRET_KEY_FALLBACKS"] = ["a key for tests only, of more than 32 characters"]
    assert links.is_genuine(token, 7, 1)


def test_a_seal_is_no_link_and_belongs_to_one_parcel_and_version() -> None:
    seal = links.seal(7, 3)
    assert links.version_sealed(7, seal) == 3
    assert links.version_sealed(8, seal) is None
    assert links.version_sealed(7, seal.replace("3.", "4.", 1)) is None
    assert links.version_sealed(7, "") is None
    assert links.version_sealed(7, "3.") is None


def test_the_link_in_a_message_has_no_scheme(app: Flask) -> None:
    app.config["LINK_BASE"] = replace(SETTINGS, public_base_url="https://veha.ru/").link_base
    assert links.link_for(parcel()).startswith("veha.ru/t/")
