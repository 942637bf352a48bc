"""The carriers we understand, by code; what they offer besides news; which plan days."""

from carriers import (
    boxberry,
    boxberry_offers,
    cdek,
    cdek_offers,
    intime,
    nova_poshta,
    nova_poshta_offers,
    russian_post,
    topdelivery,
    topdelivery_dates,
    topdelivery_offers,
)
from carriers.base import Carrier, CarrierError
from carriers.days import Days
from carriers.offers import Offers

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
OFFERS: dict[str, Offers] = {
    offers.carrier: offers
    for offers in (
        boxberry_offers.OFFERS,
        cdek_offers.OFFERS,
        nova_poshta_offers.OFFERS,
        topdelivery_offers.OFFERS,
    )
}
#: The carriers that are told the day that was chosen.
DAYS: dict[str, Days] = {days.carrier: days for days in (topdelivery_dates.DAYS,)}


def carrier_of(code: str) -> Carrier:
    """The carrier of a code. Raises CarrierError for an unknown one."""
    found = CARRIERS.get(code)
    if found is None:
        raise CarrierError(f"Перевозчика «{code}» не знаем; есть: {', '.join(sorted(CARRIERS))}.")
    return found
