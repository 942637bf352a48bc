"""What every provider can do: take a message, and say whether it already has it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a provider sees it.

    `to` is E.164; `callback_url`, without a query, is where receipts go. `attempt` counts from 1. `taken` are the
    provider's ids of other messages to this number, which a look-up must not take for this one. `sender` is the
    shop's own name as a sender (2 to 11 Latin letters), empty for the provider's default.

    A letter has `to` as an e-mail address, a `subject`, an `html` part beside the `text`, and `unsubscribe`, an
    https address that ends such letters by one POST.
    """

    message_id: int
    to: str
    text: str
    callback_url: str | None = None
    attempt: int = 1
    taken: frozenset[str] = frozenset()
    sender: str = ""
    subject: str = ""
    html: str = ""
    unsubscribe: str = ""

    @property
    def is_letter(self) -> bool:
        """An e-mail rather than an SMS."""
        return "@" in self.to

    @property
    def link(self) -> str:
        """The link that every text of ours ends with."""
        return self.text.rsplit(" ", 1)[-1]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it, under this id."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It was certainly not sent; when `is_final`, trying again would change nothing.

    `wait`, in seconds, is how long the provider asked to be left alone.
    """

    code: str
    reason: str
    is_final: bool
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been sent or not: look before sending again."""

    reason: str


Outcome = Accepted | Refused | Unknown


class Gateway(Protocol):
    """A provider. `code` and `reason` of its outcomes name no person, no number and no link: they are logged."""

    @property
    def name(self) -> str:
        """The provider's name in the outbox."""
        ...

    def send(self, message: Outgoing) -> Outcome:
        """Hand a message over, once. Raises nothing: what went wrong is in the outcome."""
        ...

    def find(self, message: Outgoing) -> str | None:
        """The provider's id of a message that may have been handed over, or None when it does not know it.

        Raises: LookupFailed when the provider could not be asked, which says nothing about the message.
        """
        ...


class LookupFailed(Exception):
    """The provider did not answer a look-up."""
