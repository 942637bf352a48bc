"""Many workers at once on both databases: no address is taken twice, and nothing is lost or sent twice by them."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.transaction import reading, transaction
from sms import hook_queue, hooks
from sms.hook_models import HookDelivery, HookStatus
from sms.webhook import Answer, OutgoingHook
from tests.factories import NOW, make_parcel, make_world

WORKERS, ORDERS = 12, 4
T = TypeVar("T")


@pytest.fixture
def owed(both: Flask) -> Flask:
    """Ten addresses that four orders are owed to."""
    with transaction() as session:
        shop = make_world(session)
        for number in range(hooks.MOST):
            hooks.add(session, shop.id, f"https://shop.test/{number}", "", ["parcel.accepted"], b"k" * 32, NOW)
        for _ in range(ORDERS):
            make_parcel(session, shop)
    return both


def together(app: Flask, work: Callable[[], T]) -> list[T]:
    """What each of the workers got when all began at the same moment."""
    ready = Barrier(WORKERS)

    def one(_number: int) -> T:
        with app.app_context():
            ready.wait()
            return work()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


def claim() -> list[OutgoingHook]:
    with transaction() as session:
        return hook_queue.claim(session, NOW, 16, 8)


def test_workers_that_claim_together_take_each_address_once(owed: Flask) -> None:
    taken = Counter(hook.endpoint_id for hooks_ in together(owed, claim) for hook in hooks_)
    assert set(taken.values()) == {1}
    assert len(taken) == hooks.MOST
    with reading() as session:
        assert session.scalar(select(func.sum(HookDelivery.attempts))) == hooks.MOST


def test_workers_that_empty_the_queue_together_send_each_once(owed: Flask) -> None:
    def work() -> list[int]:
        sent = []
        while claimed := claim():
            for hook in claimed:
                with transaction() as session:
                    hook_queue.settle(session, hook, Answer(200, None, 1), NOW, 0)
                sent.append(hook.delivery_id)
        return sent

    sent = Counter(number for numbers in together(owed, work) for number in numbers)
    while late := claim():  # a worker leaves when others hold everything; what they owed then is taken here
        for hook in late:
            with transaction() as session:
                hook_queue.settle(session, hook, Answer(200, None, 1), NOW, 0)
            sent[hook.delivery_id] += 1
    assert set(sent.values()) == {1}
    assert len(sent) == hooks.MOST * ORDERS
    with reading() as session:
        assert set(session.scalars(select(HookDelivery.status))) == {HookStatus.DELIVERED}
