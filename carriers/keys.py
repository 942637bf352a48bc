"""PURE Whose credentials a carrier is asked with: the platform's, or a shop's own, from the names of the environment.

CARRIER_CDEK_CLIENT_ID is the platform's, CARRIER_CDEK_CLIENT_ID__TEPLY_DOM that of the shop `teply-dom`.
"""

import re
from collections.abc import Mapping

from carriers.base import Carrier, Keys

PREFIX = "CARRIER_"
#: Not a credential: another address than the carrier's usual one.
ADDRESS = "URL"


def keys_of(carrier: Carrier, settings: Mapping[str, str], shop: str = "") -> Keys | None:
    """The keys of a shop's own contract, of the platform's without a shop; None where they are not all there."""
    named = {key: _set(carrier, settings, key, shop) for key in carrier.keys}
    if carrier.fetch is None or not all(named.values()):
        return None
    address = _set(carrier, settings, ADDRESS, shop) or _set(carrier, settings, ADDRESS, "")
    return named | ({ADDRESS: address} if address else {})


def secret_of(carrier: Carrier, settings: Mapping[str, str]) -> str:
    """What stands in the address that the carrier pushes to; empty where it does not push."""
    return _set(carrier, settings, "PUSH_SECRET", "")


def _set(carrier: Carrier, settings: Mapping[str, str], key: str, shop: str) -> str:
    name = f"{PREFIX}{carrier.account or carrier.code}_{key}{f'__{shop}' if shop else ''}"
    return settings.get(re.sub(r"\W", "_", name).upper(), "")
