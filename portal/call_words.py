"""What the desk says when a call has ended: about whom, and when he is called again."""

from portal.calling import Settled
from portal.formats import moment_words
from portal.languages import _, language


def settled(done: Settled) -> tuple[str, str]:
    """Whose call it was, and the hour at which he is called again, by his own clock; empty when he is not."""
    name = done.parcel.recipient or done.parcel.number
    if done.again_at is None:
        return name, ""
    when = moment_words(done.again_at, done.parcel.zone, language())
    return name, _("Позвоним снова: {when}, по часам получателя.", when=when)
