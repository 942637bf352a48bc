"""Words about messages that nobody can settle but a person: what has happened to one, and what a press will do."""

from portal.languages import _
from sms.models import Message, Status


def what_happened(message: Message) -> str:
    """Why a message stands here, in a sentence."""
    if message.status is Status.UNKNOWN:
        return _("Неизвестно, ушло ли оно: провайдер не ответил. Человек мог его получить.")
    if message.error == "not found":
        return _("Не ушло: провайдер не отвечал, а потом сказал, что такого сообщения у него нет.")
    return _("Не ушло: провайдер раз за разом отказывал.")


def what_a_press_does(message: Message) -> str:
    """What "send again" means for this one."""
    if message.status is Status.UNKNOWN:
        return _("Сначала проверьте в кабинете провайдера: если оно там есть, человек получит его дважды.")
    return _("Будет ещё одна попытка.")
