"""Every regular expression of the product is linear: its time on 100 kB of its worst letters is looked at."""

import ast
import re
import time
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import product

import pytest

from tests.house.test_budgets import source, tree

pytestmark = pytest.mark.xdist_group("house")
#: Names of `re` whose first argument is a pattern.
_TAKING = {"compile", "match", "search", "fullmatch", "findall", "finditer", "split", "sub", "subn"}
LONG = 100_000
#: Sizes that are measured; four times as many letters may cost four times as much, a quadratic pattern takes sixteen.
MIDDLE, LARGE = 12_000, 48_000
#: Seconds of CPU that a hundred thousand letters may take: a linear pattern needs milliseconds.
PATIENCE = 0.7
#: Letters that patterns like to begin, repeat and end with, beside those that stand in the pattern itself.
_USUAL = "a0 -.,@:/яБ_=\"'(\t\n"


Compiled = re.Pattern[str] | re.Pattern[bytes]


@cache
def patterns() -> dict[str, Compiled]:
    """By where it stands: what modules keep compiled, and each literal that is given to `re` on the spot."""
    found: dict[str, Compiled] = {}
    for path in source():
        module = import_module(path.removesuffix("/__init__.py").removesuffix(".py").replace("/", "."))
        for name, value in vars(module).items():
            for n, compiled in enumerate(_inside(value)):
                found.setdefault(f"{path}:{name}:{n}", compiled)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and _is_of_re(node) and isinstance(node.args[0], ast.Constant):
                found[f"{path}:{node.lineno}"] = re.compile(node.args[0].value, _flags(node))
    known = {(compiled.pattern, compiled.flags): where for where, compiled in found.items()}
    return {where: compiled for where, compiled in found.items() if known[compiled.pattern, compiled.flags] == where}


def _inside(value: object) -> Iterator[Compiled]:
    """The patterns that a name of a module holds, in a table of it too."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        yield from (one for part in (*value.keys(), *value.values()) for one in _inside(part))
    elif isinstance(value, tuple | list | frozenset | set):
        yield from (one for part in value for one in _inside(part))


def _is_of_re(node: ast.Call) -> bool:
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in _TAKING
    )


def _flags(node: ast.Call) -> int:
    said = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "flags")]
    names = {part.attr for argument in said for part in ast.walk(argument) if isinstance(part, ast.Attribute)}
    return sum(getattr(re, name) for name in names if hasattr(re.RegexFlag, name))


def worst(pattern: str | bytes) -> Iterator[str]:
    """Units to repeat: single letters, pairs, and the literal runs of the pattern with one letter behind each."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    own = [letter for letter in dict.fromkeys(text) if letter not in "\\[](){}|?*+^$"]
    letters = list(dict.fromkeys([*_USUAL, *own]))[:34]
    yield from letters
    yield from ("".join(pair) for pair in product(letters[:22], repeat=2) if pair[0] != pair[1])
    words = re.findall(r"[\w:/@.-]{2,12}", re.sub(r"\\.", " ", text))[:24]
    yield from (word + letter for word in words for letter in ("", " ", "a", "."))


def seconds(compiled: Compiled, unit: str, size: int) -> float:
    """CPU time of searching a run of `unit` that ends with something no pattern expects, and of matching it whole."""
    text: str | bytes = (unit * (size // len(unit)))[:size] + "\x01"
    if isinstance(compiled.pattern, bytes):
        text = text.encode("utf-8", "replace")
    begun = time.thread_time()
    for _found in compiled.finditer(text):  # type: ignore[arg-type]
        pass
    compiled.fullmatch(text)  # type: ignore[arg-type]
    return time.thread_time() - begun


def is_slow(compiled: Compiled, unit: str) -> bool:
    """Does a run of `unit` cost more than a linear pattern ever would?

    A unit that costs next to nothing at the middle size is not asked further: it grows at most with its square.
    """
    spent = seconds(compiled, unit, MIDDLE)
    if spent * (LONG / MIDDLE) ** 2 < PATIENCE:
        return False
    return spent > PATIENCE or seconds(compiled, unit, LARGE) > 8 * spent


def test_patterns_are_found() -> None:
    assert len(patterns()) > 30


@pytest.mark.parametrize("where", sorted(patterns()))
def test_no_pattern_is_slow_on_its_worst_letters(where: str) -> None:
    compiled = patterns()[where]
    assert next((unit for unit in worst(compiled.pattern) if is_slow(compiled, unit)), None) is None
