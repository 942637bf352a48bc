"""The carriers we understand, by code."""

from carriers import cdek, nova_poshta, russian_post
from carriers.base import CarrierError, Parse

PARSERS: dict[str, Parse] = {
    "cdek": cdek.parse,
    "ems": russian_post.parse_ems,
    "nova_poshta": nova_poshta.parse,
    "russian_post": russian_post.parse,
}


def parser_of(code: str) -> Parse:
    """The parser of a carrier. Raises CarrierError for an unknown code."""
    found = PARSERS.get(code)
    if found is None:
        raise CarrierError(f"Перевозчика «{code}» не знаем; есть: {', '.join(sorted(PARSERS)) or 'пока никого'}.")
    return found
