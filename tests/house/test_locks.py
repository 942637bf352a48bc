"""The locks hold in a year: whatever is published meanwhile, an old pip installs exactly what stands in them."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "tests/requirements.txt", "bench/requirements.txt")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?==([^\s;\\]+)", re.MULTILINE)


def locked_extras(lock: str) -> dict[str, set[str]]:
    """Canonical name -> extras that the lock names with it."""
    pins = _PINNED.findall((ROOT / lock).read_text())
    return {canonicalize_name(name): {e.strip() for e in extras.split(",") if e.strip()} for name, extras, _ in pins}


def asked_with_extras(package: str, own_extras: set[str]) -> list[Requirement]:
    """What an installed package asks for by an extra on this platform; nothing where it is not installed."""
    try:
        asked = distribution(package).requires or []
    except PackageNotFoundError:
        return []
    requirements = [Requirement(text) for text in asked]
    return [r for r in requirements if r.extras and _applies(r, own_extras)]


def _applies(requirement: Requirement, own_extras: set[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *own_extras))


@pytest.mark.parametrize("lock", LOCKS)
def test_an_extra_that_a_locked_package_asks_for_is_locked_with_it(lock: str) -> None:
    """pip 23 in hash mode looks for the newest `coverage[toml]` when only plain `coverage` is pinned, and fails."""
    locked = locked_extras(lock)
    missing = [
        f"{package} asks for {asked}"
        for package, own in locked.items()
        for asked in asked_with_extras(package, own)
        if not asked.extras <= locked.get(canonicalize_name(asked.name), set())
    ]
    assert not missing


def test_an_extra_of_our_own_is_locked_with_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]
    locked = locked_extras("tests/requirements.txt")
    assert [str(r) for r in own if not r.extras <= locked[canonicalize_name(r.name)]] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_one_version_with_its_hashes(lock: str) -> None:
    """Anything looser than name==version --hash lets the index of a later day decide what is installed."""
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text())
    pinned = [block for block in blocks if not block.startswith("#") and block.strip()]
    assert pinned
    assert [b.splitlines()[0] for b in pinned if not _PINNED.match(b) or "--hash=sha256:" not in b] == []
