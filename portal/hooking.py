"""One round of webhooks: what is due is sent on threads, so that a slow shop keeps nobody waiting but itself."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from random import random
from time import monotonic

from flask import current_app

from portal.transaction import transaction
from sms import hook_queue
from sms.webhook import Answer, OutgoingHook, Sender

THREADS = 16
#: Threads that addresses which failed the last time may hold together; the others wait for those that answer.
FOR_DOUBTFUL = THREADS // 2
#: So long a round goes on to begin something new while something is on its way: longer than a shop may hang, so that
#: no other waits for it. After that it only waits for its slowest answer, and the next round may begin beside it.
CLAIM_SECONDS = 20.0
LOOK_SECONDS = 0.5
_claiming = threading.Lock()
Clock = Callable[[], datetime]
Flying = dict[Future[Answer], OutgoingHook]


def deliver_hooks(clock: Clock) -> Counter[str]:
    """Send what is due. Returns how many deliveries ended up how.

    In a process one round claims at a time: the workers' other threads are for those who do not wait for strangers.
    """
    outcomes: Counter[str] = Counter()
    flying: Flying = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="hook") as pool:
        if _claiming.acquire(blocking=False):
            try:
                _claim_while_any_flies(pool, flying, outcomes, clock)
            finally:
                _claiming.release()
        while flying:
            _settle(flying, outcomes, clock)
    return outcomes


def _claim_while_any_flies(pool: ThreadPoolExecutor, flying: Flying, outcomes: Counter[str], clock: Clock) -> None:
    sender: Sender = current_app.extensions["hooks"]
    until = monotonic() + CLAIM_SECONDS
    with transaction() as session:
        hook_queue.tidy(session, clock())
    while monotonic() < until:
        flying |= {pool.submit(sender.send, hook): hook for hook in _claim(list(flying.values()), clock())}
        if not flying:
            return
        _settle(flying, outcomes, clock)


def _settle(flying: Flying, outcomes: Counter[str], clock: Clock) -> None:
    """Write down what has come back; without anything, wait for it a little."""
    for future in wait(flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
        hook = flying.pop(future)
        with transaction() as session:
            status = hook_queue.settle(session, hook, future.result(), clock(), random())  # noqa: S311
        outcomes[status.value] += 1


def _claim(flying: list[OutgoingHook], now: datetime) -> list[OutgoingHook]:
    """As many as there are free threads; none when there is none, and then nothing is asked either."""
    free = THREADS - len(flying)
    if free == 0:
        return []
    with transaction() as session:
        return hook_queue.claim(session, now, free, FOR_DOUBTFUL - sum(hook.is_doubtful for hook in flying))
