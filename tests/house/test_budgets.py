"""The laws of the house: what docs and taste ask of every file, read from the tree itself."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

#: One worker reads the house, and not each of them.
pytestmark = pytest.mark.xdist_group("house")
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("parcels", "scheduling", "carriers", "sms", "portal")
FILE_LINES, FUNCTION_LINES, ENTRANCE_LINES, TEMPLATE_LINES = 400, 40, 20, 80
NAMELESS = {"utils.py", "helpers.py", "common.py"}
CLOCKS = {"portal/extensions.py"}  # the only files that may ask what time it is
STAGE_WRITERS = {"parcels/journal.py"}
COMMITTERS = {"portal/transaction.py"}
PROMISES_TO_SELF = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
TOP_LEVEL = set(PACKAGES) | {
    *("wsgi.py", "requirements.txt", "tests", "docs", "bench", "Makefile", "README.md", ".env.example"),
    *("compose.yaml", "gunicorn.conf.py", "pyproject.toml", ".gitignore", ".ci"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def source() -> dict[str, str]:
    """Text by path of everything the portal runs on: the five packages and wsgi.py, without migrations."""
    return {path: text for path, text in written().items() if path.split("/")[0] in {*PACKAGES, "wsgi.py"}}


@cache
def written() -> dict[str, str]:
    """Text by path of every Python file we wrote, tests and bench included, without migrations."""
    files = [ROOT / "wsgi.py", ROOT / "gunicorn.conf.py"]
    for folder in (*PACKAGES, "tests", "bench"):
        files += sorted((ROOT / folder).rglob("*.py"))
    names = {str(file.relative_to(ROOT)): file for file in files if file.exists()}
    return {name: file.read_text() for name, file in names.items() if not name.startswith("portal/migrations/")}


@cache
def tree(path: str) -> ast.Module:
    return ast.parse(written()[path], filename=path)


def functions(path: str) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def lines_of(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def obey(offenders: list[str], law: str) -> None:
    assert not offenders, "\n  ".join([law, *offenders])


def test_no_file_is_long() -> None:
    counts = {path: len(text.splitlines()) for path, text in source().items()}
    long = [f"{path}: {count} lines" for path, count in counts.items() if count > FILE_LINES]
    obey(long, f"A file has at most {FILE_LINES} lines: split it by what it decides.")


def test_no_function_is_long() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {lines_of(node)} lines"
        for path in (*source(), *(path for path in written() if path.startswith("bench/")))
        for node in functions(path)
        if lines_of(node) > FUNCTION_LINES
    ]
    obey(long, f"A function has at most {FUNCTION_LINES} lines: name its steps.")


def test_routes_and_tasks_are_thin() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {lines_of(node)} lines"
        for path in source()
        if path.startswith("portal/routes/") or path == "portal/tasks.py"
        for node in functions(path)
        if node.decorator_list and lines_of(node) > ENTRANCE_LINES
    ]
    obey(long, f"A route or task has at most {ENTRANCE_LINES} lines: load, decide, commit; the rest is a use case.")


def test_no_template_is_long() -> None:
    templates = sorted(path for path in (ROOT / "portal/templates").rglob("*") if path.is_file())
    counts = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in templates}
    long = [f"{path}: {count} lines" for path, count in counts.items() if count > TEMPLATE_LINES]
    obey(long, f"A template has at most {TEMPLATE_LINES} lines: move a part to fragments/ or components/.")


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, text in written().items() if text.strip() and not ast.get_docstring(tree(path))]
    obey(silent, "A module opens with one sentence saying what it is for.")


def test_imports_stand_on_top() -> None:
    hidden = [
        f"{path}:{inner.lineno} in {node.name}"
        for path in written()
        for node in functions(path)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    obey(hidden, "Imports stand on top of the module: a hidden one hides a cycle.")


def test_every_module_has_a_real_name() -> None:
    nameless = [path for path in written() if Path(path).name in NAMELESS]
    obey(nameless, "A module is named after what it knows, never utils, helpers or common.")


def asks_the_time(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr="now" | "utcnow" | "today"):
            return owner in {"datetime", "date"}
    return False


def test_only_one_place_reads_the_clock() -> None:
    places = ", ".join(sorted(CLOCKS))
    obey(found(asks_the_time, CLOCKS), f"Take `now` as an argument: the clock is read only in {places}.")


def sets_a_stage(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="stage", ctx=ast.Store() | ast.Del()):
            return True
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value="stage"), *_]):
            return True
        case ast.Call(func=ast.Attribute(attr="values"), keywords=keywords):  # update(Parcel).values(stage=...)
            return any(keyword.arg == "stage" for keyword in keywords)
    return False


def test_only_the_journal_sets_a_stage() -> None:
    obey(found(sets_a_stage, STAGE_WRITERS), "A stage changes only by recording a fact in parcels/journal.py.")


def commits(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="commit")):
            return True
    return False


def test_only_one_place_commits() -> None:
    obey(found(commits, COMMITTERS), "Only portal/transaction.py commits: use cases leave that to whoever called.")


def found(breaks: Callable[[ast.AST], bool], allowed: set[str]) -> list[str]:
    """Where in the source a node breaks a law, outside the places the law allows."""
    return [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path in source()
        if path not in allowed
        for node in ast.walk(tree(path))
        if breaks(node)
    ]


def test_nothing_is_left_for_later() -> None:
    texts = dict(written())
    for pattern in ("portal/templates/**/*.html", "portal/static/**/*.css", "*.toml", "Makefile", "docs/**/*.md"):
        texts |= {str(path.relative_to(ROOT)): path.read_text() for path in ROOT.glob(pattern)}
    left = [
        f"{path}:{number}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if PROMISES_TO_SELF.search(line)
    ]
    obey(left, "What is left for later is said in docs, not in a note to self.")


def tracked_files() -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return []
    safe = ["-c", f"safe.directory={ROOT}", "-c", "core.quotePath=false"]
    listed = subprocess.run([git, *safe, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()


def test_the_top_level_is_as_agreed() -> None:
    tracked = tracked_files()
    if not tracked:
        pytest.skip("not a git checkout, or nothing is committed yet")
    top = {path.split("/")[0] for path in tracked}
    strange, lost = sorted(top - TOP_LEVEL), sorted(TOP_LEVEL - top)
    assert not strange, f"The top level holds what nobody agreed on: {', '.join(strange)}"
    assert not lost, f"The top level lacks: {', '.join(lost)}"
