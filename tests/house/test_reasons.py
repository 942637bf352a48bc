"""Every reason has its words in every entrance: whatever code can refuse a file, a row or a request is found in the
source itself and looked up where people and programs are told of it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from portal import api_words, matrix_words, sheets
from portal.order_reasons import ABOUT, WORDS
from scheduling.policy import Reason

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("parcels", "scheduling", "carriers", "sms", "portal")
#: Reasons of rows that a file or a terminal alone can have: a program names no shop, and has no rows.
OF_FILES = {"no_shop", "unknown_shop", "extra_cells", "repeated"}
#: Places that are looked for on other business: a matrix and the demo.
OF_OTHERS = {"unknown_origin", "no_matrix"}
#: What the shop's form of two fields can be told: about the order's number, the phone, and the order as a whole.
OF_THE_FORM = {"taken_track", "closed", "too_long"}


@cache
def calls() -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Class, leading string arguments and `says` of every exception that the source makes."""
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                        says = [text for word in node.keywords if word.arg == "says" for text in strings(word.value)]
                        found += [(name, (text,), "") for text in strings(node.args[0] if node.args else None)]
                        found += [(name, (), text) for text in says]
    return tuple(found)


def strings(node: ast.expr | None) -> list[str]:
    """The texts that an expression may be: one, or those of a choice."""
    match node:
        case ast.Constant(value=str(text)):
            return [text] if text else []
        case ast.IfExp(body=body, orelse=orelse):
            return strings(body) + strings(orelse)
    return []


def codes(*classes: str) -> set[str]:
    """The codes that exceptions of some classes are made with, and what they say instead."""
    return {text for name, texts, says in calls() if name in classes for text in (*texts, says) if text}


def of_orders() -> set[str]:
    """Everything an order can be refused for, what its cells and its place are refused for among it."""
    found = codes("BadOrder", "BadPhone", "Unreadable") | codes("UnknownPlace") - OF_OTHERS
    assert {"no_phone", "excel_error", "cod_thousands", "unknown_place"} <= found
    return found


def test_every_refusal_of_an_order_has_its_words_in_a_files_report() -> None:
    assert of_orders() - set(WORDS) == set()
    assert set(WORDS) - of_orders() == set(), "Nobody is refused for this any more."


@pytest.mark.parametrize("code", sorted(of_orders() - OF_FILES | codes("BadBody")))
def test_every_refusal_has_its_words_in_the_api(code: str) -> None:
    assert api_words.words(code).endswith(".")


def test_the_form_of_two_fields_has_words_for_what_it_can_be_told() -> None:
    template = (ROOT / "portal/templates/fragments/shop_form.html").read_text()
    about = {code for code, column in ABOUT.items() if column in ("order_number", "phone")}
    wanted = about | codes("Unreadable") | OF_THE_FORM
    assert {code for code in wanted if f'"{code}":' not in template} == set()


def test_every_refusal_of_a_file_has_its_words_at_the_terminal_and_on_a_page() -> None:
    page = (ROOT / "portal/matrix_words.py").read_text()
    found = codes("BadSheet", "NoText") | set(sheets._ENDS.values())
    assert found - set(sheets._WORDS) == set()
    assert {code for code in found - {"no_file"} if f'"{code}":' not in page} == set()


def test_every_bad_row_of_the_matrix_has_its_words() -> None:
    tree = ast.parse((ROOT / "scheduling/matrix_rows.py").read_text())
    made = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "_Bad"
    ]
    for code in {text for node in made for text in strings(node.args[0])}:
        assert matrix_words.row_words(code, "7")


def test_every_reason_of_a_refused_change_is_documented_for_programs() -> None:
    told = (ROOT / "docs/api.md").read_text()
    assert {code for code in of_orders() & {*ABOUT} if not re.search(rf"`{code}`", told)} == set()
    assert Reason.NOT_A_DATE.value in told
