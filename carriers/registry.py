"""The carriers we understand, by code."""

from carriers import russian_post
from carriers.base import CarrierError, Parse

PARSERS: dict[str, Parse] = {
    "ems": russian_post.parse_ems,
    "russian_post": russian_post.parse,
}


def parser_of(code: str) -> Parse:
    """The parser of a carrier. Raises CarrierError for an unknown code."""
    found = PARSERS.get(code)
    if found is None:
        raise CarrierError(f"Перевозчика «{code}» не знаем; есть: {', '.join(sorted(PARSERS)) or 'пока никого'}.")
    return found
