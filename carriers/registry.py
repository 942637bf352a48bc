"""The carriers we understand, by code."""

from carriers import boxberry, cdek, intime, nova_poshta, russian_post, topdelivery
from carriers.base import Carrier, CarrierError

CARRIERS: dict[str, Carrier] = {
    carrier.code: carrier
    for carrier in (
        boxberry.CARRIER,
        cdek.CARRIER,
        intime.CARRIER,
        nova_poshta.CARRIER,
        russian_post.CARRIER,
        russian_post.EMS_CARRIER,
        topdelivery.CARRIER,
    )
}


def carrier_of(code: str) -> Carrier:
    """The carrier of a code. Raises CarrierError for an unknown one."""
    found = CARRIERS.get(code)
    if found is None:
        raise CarrierError(f"Перевозчика «{code}» не знаем; есть: {', '.join(sorted(CARRIERS))}.")
    return found
