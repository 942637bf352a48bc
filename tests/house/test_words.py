"""Every sentence of the pages: said through `_()`, known in English, and written for each value the code can hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment

from parcels.stages import FINAL, GOING_BACK, Kind, Stage, State, advance
from portal import notices, refusals
from scheduling.calls import Outcome
from scheduling.policy import Reason, Refusal
from scheduling.round_marks import WhyNot
from sms.models import Status

#: One worker reads the house, and not each of them.
pytestmark = pytest.mark.xdist_group("house")
ROOT = Path(__file__).resolve().parents[2]
PORTAL = ROOT / "portal"
TEMPLATES = [path for path in sorted((PORTAL / "templates").rglob("*")) if path.is_file()]
#: Modules whose strings are read by visitors. What the command line prints is Russian by design.
SPEAKING = ("routes/*.py", "tracking*.py", "notices.py", "errors.py", "access.py")
NAMES = ("Веха", "По-русски")  # stand in Russian on a page of any language
CYRILLIC = re.compile(r"[А-Яа-яЁё][А-Яа-яЁё -]*")


@cache
def said() -> frozenset[str]:
    """Every sentence that the pages say, as `make words` gathers them."""
    with (PORTAL / "translations/babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    return frozenset(str(message) for _file, _line, message, *_ in extract_from_dir(PORTAL, methods, options))


@cache
def english() -> Catalog:
    with (PORTAL / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


@cache
def pairs() -> dict[str, str]:
    """The English sentence by the Russian one."""
    return {str(message.id): str(message.string) for message in english() if message.id}


def placeholders(sentence: str) -> list[str]:
    return sorted(name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name is not None)


def obey(offenders: list[str], law: str) -> None:
    assert not offenders, "\n  ".join([law, *offenders])


def test_every_sentence_has_an_english_one() -> None:
    obey(sorted(s for s in said() if not pairs().get(s)), "Run `make words` and write the English in messages.po:")


def test_no_english_sentence_is_left_over() -> None:
    left = [*(set(pairs()) - said()), *(str(key) for key in english().obsolete)]
    obey(sorted(left), "Nobody says this any more, run `make words`:")


def test_placeholders_are_the_same() -> None:
    wrong = [f"{ru!r}: {en!r}" for ru, en in pairs().items() if en and placeholders(ru) != placeholders(en)]
    obey(wrong, "The English has other {placeholders} than the Russian:")


def test_the_english_is_english() -> None:
    obey([en for en in pairs().values() if bare(en)], "There is Russian in an English sentence:")


def bare(text: str) -> list[str]:
    """The Russian in a text, names excepted."""
    return [found for found in CYRILLIC.findall(text) if found.strip() not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_speak_through_the_translator(path: Path) -> None:
    bad, before = [], ["", ""]
    for line, kind, text in Environment(autoescape=True).lex(path.read_text()):
        if kind in ("whitespace", "comment", "comment_begin", "comment_end"):
            continue
        is_translated = before == ["_", "("]
        if bare(text) and not (kind == "string" and is_translated):
            bad.append(f"line {line}: {bare(text)}")
        if is_translated and kind != "string":
            bad.append(f"line {line}: _({text}) cannot be gathered")
        before = [before[1], text]
    obey(bad, f"{path.relative_to(ROOT)} says something outside _():")


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """String constants that are neither documentation, nor a pattern, nor what `_()` translates."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as value):
                skipped.add(value)
            case ast.Call(
                func=ast.Name(id="_") | ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[arg, *_]
            ):
                skipped.add(arg)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
            yield node


def test_code_speaks_through_the_translator() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for pattern in SPEAKING
        for path in sorted(PORTAL.glob(pattern))
        for node in strings(ast.parse(path.read_text()))
        if bare(str(node.value))
    ]
    obey(found, "Visitors would read this in Russian whatever language they asked for:")


def test_every_sentence_in_the_code_can_be_gathered() -> None:
    lost = []
    for path in sorted(PORTAL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=sentence)]) if sentence in said():
                    continue
                case ast.Call(func=ast.Name(id="_"), lineno=line):
                    lost.append(f"{path.relative_to(ROOT)}:{line}")
    obey(lost, "`make words` does not see this sentence: give `_()` one whole string, and not inside an f-string.")


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_has_its_words(stage: Stage) -> None:
    others = {notices.stage_words(other) for other in Stage if other is not stage}
    assert notices.stage_words(stage) not in others | {""}
    assert stage in notices.LOOKS


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_has_its_words(reason: Reason) -> None:
    assert refusals.refusal(Refusal(reason), "ru") != notices.of_status(400)


def call_reasons() -> set[str]:
    """Why a parcel can come into the queue: what `scheduling/agenda.py` says, and what may lie over a parcel."""
    reasons = {side.value for kind in Kind if (side := advance(State(), kind).side) and side not in GOING_BACK | FINAL}
    for node in ast.walk(ast.parse((ROOT / "scheduling/agenda.py").read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr="queue"), args=[_, _, ast.Constant(value=reason), *_]):
                reasons.add(reason)
            case ast.FunctionDef(name="_why_call"):
                inner = (c for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str))
                reasons.update(str(constant.value) for constant in inner)
    assert {"unreachable", "not_chosen", "missed"} <= reasons
    return reasons


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (notices.call_outcome, {outcome.value for outcome in Outcome}),
        (notices.why_not_delivered, {why.value for why in WhyNot}),
        (notices.call_reason, call_reasons()),
    ],
    ids=["outcomes of calls", "reasons at the door", "reasons to call"],
)
def test_a_value_has_its_words(words: Callable[[str], str], values: set[str]) -> None:
    generic = words("something nobody has heard of")
    obey(sorted(value for value in values if words(value) == generic), "portal/notices.py has no words for:")


@pytest.mark.parametrize("values", [Kind, Status, Outcome, WhyNot], ids=lambda values: values.__name__)
def test_staff_have_a_word_for_it(values: type[Enum]) -> None:
    text = (PORTAL / "templates/fragments/staff_words.html").read_text()
    obey([v.value for v in values if f'"{v.value}": _(' not in text], "fragments/staff_words.html has no words for:")
