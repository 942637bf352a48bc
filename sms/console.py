"""A gateway that sends nothing: for trying out, where the texts are read from the outbox instead of a phone."""

import logging
from collections.abc import Mapping

from sms.gateway import Accepted, Gateway, Outcome, Outgoing
from sms.segments import measure

_log = logging.getLogger("vekha.sms")


class Console:
    """Accepts everything. The log gets the id only: numbers and links have no place there."""

    name = "console"

    def send(self, message: Outgoing) -> Outcome:
        _log.info("message %s accepted, parts: %s", message.message_id, measure(message.text).parts)
        return Accepted(_own_id(message))

    def find(self, message: Outgoing) -> str | None:
        return _own_id(message)


def gateway(config: Mapping[str, str]) -> Gateway:
    """The gateway; nothing of `config` is needed."""
    return Console()


def _own_id(message: Outgoing) -> str:
    return f"console-{message.message_id}"
