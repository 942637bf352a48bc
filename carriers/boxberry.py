"""Boxberry: the words it uses for what happened (ListStatuses, ListStatusesFull), and their parse."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line, Request, Update
from carriers.wire import json_of, minor, moment, refused, words
from parcels.stages import Kind

CODE = "boxberry"
URL = "https://api.boxberry.ru/json.php"
#: Boxberry says no offset; its clocks show Moscow's time everywhere.
ZONE = ZoneInfo("Europe/Moscow")

#: There are no codes, only names; they differ in capitals from year to year. None: known, says nothing of the way.
STATUSES: dict[str, Kind | None] = {
    "заказ создан в личном кабинете": Kind.ORDER_ACCEPTED,
    "загружен реестр им": Kind.ORDER_ACCEPTED,
    "заказ передан на доставку": Kind.HANDED_OVER,
    "в обработке": Kind.ORDER_ACCEPTED,
    "принято к доставке": Kind.HANDED_OVER,
    "отправлен на сортировочный терминал": Kind.HANDED_OVER,
    "в пути на терминал": Kind.HANDED_OVER,
    "в пути из отделения на терминал": Kind.HANDED_OVER,
    "на терминале-отправителе": Kind.AT_WAREHOUSE,
    "передано на сортировку": Kind.AT_WAREHOUSE,
    "отправлено в город назначения": Kind.DEPARTED,
    "в пути в город получателя": Kind.DEPARTED,
    "передан на доставку до пункта выдачи": Kind.PASSED,
    "в городе получателя": Kind.ARRIVED,
    "на отделении-получателе": Kind.ARRIVED,
    "поступил в город для передачи курьеру": Kind.ARRIVED,
    "передано на курьерскую доставку": Kind.TO_COURIER,
    "передан на курьерскую доставку, курьер позвонит за 30-60 минут до доставки": Kind.TO_COURIER,
    "поступило в пункт выдачи": Kind.AT_PICKUP,
    "доступен к получению в пункте выдачи": Kind.AT_PICKUP,
    "выдано": Kind.DELIVERED,
    "успешно выдан": Kind.DELIVERED,
    "возвращено с курьерской доставки": Kind.NOT_DELIVERED,
    "готовится к возврату": Kind.RETURNING,
    "заказ передан на возврат в интернет-магазин": Kind.RETURNING,
    "отправлено в пункт приема": Kind.RETURNING,
    "возвращено в пункт приема": Kind.RETURNING,
    "заказ в пути в интернет-магазин": Kind.RETURNING,
    "возвращено в им": Kind.RETURNED,
    "заказ возвращен в интернет-магазин": Kind.RETURNED,
}


def parse(answer: bytes) -> list[Update]:
    """What a whole answer says. Its updates have no number: Boxberry does not repeat the one it was asked for.

    Raises: BadAnswer for what is no answer of Boxberry's, and for its errors, in its own words.
    """
    said = json_of(answer, "Boxberry")
    check_errors(said)
    weight = None
    if isinstance(said, dict):
        weight = minor(said.get("Weight"), per_unit=1000)
        said = said.get("statuses")
    if not isinstance(said, list):
        raise BadAnswer("В ответе Boxberry нет списка статусов.")
    return [update for one in said for update in _updates(one, weight)]


def kind_of(name: str) -> Kind | None:
    """What a name of a status means; UNKNOWN for one nobody has told us."""
    return STATUSES.get(" ".join(name.lower().replace("ё", "е").split()).rstrip(". "), Kind.UNKNOWN)


def check_errors(said: Any) -> None:
    """Errors come as [{"err": …}], {"err": …} or with a yes there and a `message`, all with HTTP 200."""
    first = said[0] if isinstance(said, list) and said else said
    if not isinstance(first, dict):
        return
    if first.get("err", False) is not False or first.get("error"):
        said = (first.get("err"), first.get("message"), first.get("error"))
        raise refused("Boxberry", next(filter(None, map(_sentence, said)), ""))


def _sentence(value: Any) -> str:
    """What explains an error: words with letters in them, and not a bare yes; a list is read by its first."""
    first = value[0] if isinstance(value, list) and value else value
    text = words(first)
    return text if any(map(str.isalpha, text)) and text.lower() not in ("true", "yes") else ""


def _updates(one: Any, weight: int | None) -> Iterator[Update]:
    """One status; none where its date is not said, or where it says nothing of the way."""
    if not isinstance(one, dict) or "Date" not in one or "Name" not in one:
        raise BadAnswer("В списке Boxberry есть запись без даты или названия статуса.")
    name, comment = words(one["Name"]), words(one.get("Comment"))
    kind, when = kind_of(name), moment(one["Date"], ZONE)
    if kind is None or when is None or not name:
        return
    # Of a parcel that waits the comment is the address of the point; of all others it is an explanation.
    is_place = kind is Kind.AT_PICKUP
    yield Update(
        CODE,
        number="",
        kind=kind,
        occurred_at=when,
        place=comment if is_place else "",
        code=name,
        text=name if is_place or not comment else f"{name}: {comment}",
        weight_g=weight,
    )


def fetch(line: Line, keys: Keys, numbers: Sequence[str]) -> Answer:
    """Ask for the statuses of one parcel; the carrier takes the token in the address only."""
    query = urlencode({"token": keys["TOKEN"], "method": "ListStatuses", "ImId": numbers[0]})
    return line.ask(Request(f"{keys.get('URL', URL)}?{query}", method="GET"))


CARRIER = Carrier(CODE, "Boxberry", parse, fetch, keys=("TOKEN",))
