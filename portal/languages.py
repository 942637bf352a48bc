"""In which language a page speaks: the one its address asks for, else that of the order, else Russian.

The Russian sentence itself is the key; a catalogue (gettext's format, read by Babel once) says it in another
language. Values are filled in by name: `_("Привезём {when}", when=...)`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import Flask, has_request_context, request

DEFAULT = "ru"
LANGUAGES = ("ru", "en")
#: Where a request keeps its language once it is known.
_KEY = "vekha.language"
CATALOGUES = Path(__file__).parent / "translations"


class Translator:
    """Says a Russian sentence in one language."""

    __slots__ = ("_table", "language")

    def __init__(self, language: str, table: dict[str, str]) -> None:
        self.language = language
        self._table = table

    def __call__(self, sentence: str, **values: object) -> str:
        said = self._table.get(sentence, sentence)
        return said.format(**values) if values else said


@lru_cache
def translator(language: str) -> Translator:
    """The translator into a language; into Russian it has nothing to do."""
    if language == DEFAULT:
        return Translator(language, {})
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file)
    return Translator(language, {str(m.id): str(m.string) for m in catalogue if m.id and m.string})


def language() -> str:
    """The language of this request. It travels in the address, so that no cookie is needed."""
    if not has_request_context():
        return DEFAULT
    known: str | None = request.environ.get(_KEY)
    if known is None:
        known = request.environ[_KEY] = asked() or DEFAULT
    return known


def asked() -> str | None:
    """The language that the address of this request names."""
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else None


def prefer(own: str) -> None:
    """Speak the language of an order from here on, if we have it and the address names no other."""
    if own in LANGUAGES and asked() is None:
        request.environ[_KEY] = own


def _(sentence: str, **values: object) -> str:
    """Say a Russian sentence in the language of this request."""
    return translator(language())(sentence, **values)


def _carry_on(endpoint: str, values: dict[str, Any]) -> None:
    """Links of a page lead to pages in the same language."""
    if endpoint != "static" and "lang" not in values and (wanted := asked()):
        values["lang"] = wanted


def init(app: Flask) -> None:
    """Bind the languages to an app: `_` and `language` in templates, and the language in every link."""
    app.url_defaults(_carry_on)
    app.jinja_env.globals.update({"_": _, "language": language})
