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
#: After this a round begins nothing new, and ends when the slowest answer is in; the next one comes within seconds.
CLAIM_SECONDS = 5.0
LOOK_SECONDS = 0.5
_round = threading.Lock()


def deliver_hooks(clock: Callable[[], datetime]) -> Counter[str]:
    """Send what is due. Returns how many deliveries ended up how.

    One round at a time in a process: the workers' other threads are for those who do not wait for strangers.
    """
    if not _round.acquire(blocking=False):
        return Counter()
    try:
        return _deliver(current_app.extensions["hooks"], clock)
    finally:
        _round.release()


def _deliver(sender: Sender, clock: Callable[[], datetime]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    flying: dict[Future[Answer], OutgoingHook] = {}
    until = monotonic() + CLAIM_SECONDS
    with transaction() as session:
        hook_queue.tidy(session, clock())
    with ThreadPoolExecutor(THREADS, thread_name_prefix="hook") as pool:
        while True:
            claimed = _claim(list(flying.values()), clock()) if monotonic() < until else []
            flying |= {pool.submit(sender.send, hook): hook for hook in claimed}
            if not flying:
                return outcomes
            for future in wait(flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                with transaction() as session:
                    status = hook_queue.settle(session, flying.pop(future), future.result(), clock(), random())  # noqa: S311
                outcomes[status.value] += 1


def _claim(flying: list[OutgoingHook], now: datetime) -> list[OutgoingHook]:
    """As many as there are free threads; none when there is none, and then nothing is asked either."""
    free = THREADS - len(flying)
    if free == 0:
        return []
    with transaction() as session:
        return hook_queue.claim(session, now, free, FOR_DOUBTFUL - sum(hook.is_doubtful for hook in flying))
