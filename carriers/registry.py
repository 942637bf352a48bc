"""The carriers we understand, by code."""

from carriers import boxberry, cdek, intime, nova_poshta, russian_post, topdelivery
from carriers.base import CarrierError, Parse

PARSERS: dict[str, Parse] = {
    boxberry.CODE: boxberry.parse,
    "cdek": cdek.parse,
    "ems": russian_post.parse_ems,
    intime.CODE: intime.parse,
    "nova_poshta": nova_poshta.parse,
    "russian_post": russian_post.parse,
    topdelivery.CODE: topdelivery.parse,
}


def parser_of(code: str) -> Parse:
    """The parser of a carrier. Raises CarrierError for an unknown code."""
    found = PARSERS.get(code)
    if found is None:
        raise CarrierError(f"Перевозчика «{code}» не знаем; есть: {', '.join(sorted(PARSERS))}.")
    return found
