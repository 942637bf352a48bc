"""Claim and settle: one in flight per address, a ladder for each delivery, and a rest for whoever fails."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from parcels.models import Shop
from portal.transaction import reading, transaction
from sms import hook_queue, hooks
from sms.hook_ladder import LADDER
from sms.hook_models import HookAttempt, HookDelivery, HookEndpoint, HookStatus, Why
from sms.webhook import Answer, OutgoingHook
from tests.factories import NOW, make_parcel, make_world

OK, FAILED, GONE = Answer(200, None, 12, "ok"), Answer(500, None, 12, "no"), Answer(410, None, 12)
DAY = timedelta(days=1)


@pytest.fixture
def shop(both: Flask) -> Shop:
    """A shop with two addresses, and two orders told to each of them."""
    with transaction() as session:
        shop = make_world(session)
        for name in ("first", "second"):
            hooks.add(session, shop.id, f"https://{name}.test/", name, ["parcel.accepted"], b"k" * 32, NOW)
        make_parcel(session, shop), make_parcel(session, shop)
    return shop


def claim(now: datetime = NOW, limit: int = 16, doubtful: int = 8) -> list[OutgoingHook]:
    with transaction() as session:
        return hook_queue.claim(session, now, limit, doubtful)


def settle(hook: OutgoingHook, answer: Answer, now: datetime = NOW) -> HookStatus:
    with transaction() as session:
        return hook_queue.settle(session, hook, answer, now, 0.0)


def delivery(hook: OutgoingHook) -> HookDelivery:
    with reading() as session:
        return session.get_one(HookDelivery, hook.delivery_id)


def endpoint(hook: OutgoingHook) -> HookEndpoint:
    with reading() as session:
        return session.get_one(HookEndpoint, hook.endpoint_id)


def attempts(hook: OutgoingHook) -> list[tuple[int, int | None, str | None]]:
    with reading() as session:
        query = select(HookAttempt).where(HookAttempt.delivery_id == hook.delivery_id).order_by(HookAttempt.number)
        return [(made.number, made.status, made.error) for made in session.scalars(query)]


def claim_again(hook: OutgoingHook, now: datetime) -> OutgoingHook:
    """The same delivery once more, when everything that goes before it has arrived."""
    while True:
        for one in claim(now):
            if one.delivery_id == hook.delivery_id:
                return one
            settle(one, OK, now)


def climb(now: datetime) -> tuple[OutgoingHook, list[timedelta]]:
    """Fail with one delivery as often as it is tried. Returns it, and the waits between."""
    hook, waits = claim(now, limit=1)[0], []
    while settle(hook, FAILED, now) is HookStatus.PENDING:
        due = delivery(hook).due_at
        waits.append(due - now)
        now = due
        hook = claim_again(hook, now)
    return hook, waits


def test_each_address_has_one_in_flight_and_no_more(shop: Shop) -> None:
    hooks_ = claim()
    assert len({hook.endpoint_id for hook in hooks_}) == len(hooks_) == 2
    assert claim() == []
    assert settle(hooks_[0], OK) is HookStatus.DELIVERED
    assert [hook.endpoint_id for hook in claim()] == [hooks_[0].endpoint_id]


def test_the_database_itself_refuses_a_second_one_in_flight(shop: Shop) -> None:
    first = claim()[0]
    its = HookDelivery.endpoint_id == first.endpoint_id, HookDelivery.status == HookStatus.PENDING
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(HookDelivery).where(*its).values(status=HookStatus.SENDING))


def test_the_attempt_is_counted_before_the_work(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    row = delivery(hook)
    assert (row.status, row.attempts, row.rung, row.lease_until) == (HookStatus.SENDING, 1, 1, NOW + hook_queue.LEASE)


def test_what_arrived_is_over(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    settle(hook, OK, NOW + timedelta(seconds=1))
    row = delivery(hook)
    assert (row.status, row.settled_at, row.lease_until) == (HookStatus.DELIVERED, NOW + timedelta(seconds=1), None)
    assert attempts(hook) == [(1, 200, None)]


def test_the_ladder_is_climbed_to_its_end_and_then_the_delivery_is_dead(shop: Shop) -> None:
    hook, waits = climb(NOW)
    assert waits == list(LADDER[1:])
    row = delivery(hook)
    assert (row.status, row.reason, row.attempts) == (HookStatus.DEAD, Why.EXHAUSTED, 8)
    assert attempts(hook) == [(number, 500, None) for number in range(1, 9)]


def test_a_replay_begins_the_ladder_anew_and_keeps_the_log(shop: Shop) -> None:
    hook, _ = climb(NOW)
    with transaction() as session:
        hooks.replay(session, session.get_one(HookEndpoint, hook.endpoint_id), NOW + 2 * DAY, hook.delivery_id)
    again = next(one for one in claim(NOW + 2 * DAY) if one.delivery_id == hook.delivery_id)
    assert (again.message_id, again.body, again.attempt) == (hook.message_id, hook.body, 9)
    settle(again, FAILED, NOW + 2 * DAY)
    assert delivery(hook).due_at == NOW + 2 * DAY + LADDER[1]
    assert len(attempts(hook)) == 9


def test_retry_after_puts_off_the_delivery_and_the_whole_address(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    settle(hook, Answer(429, None, 5, retry_after=600))
    ten_minutes = NOW + timedelta(minutes=10)
    assert delivery(hook).due_at == endpoint(hook).resting_until == ten_minutes
    assert hook.endpoint_id not in {one.endpoint_id for one in claim(ten_minutes - timedelta(seconds=1))}
    assert hook.endpoint_id in {one.endpoint_id for one in claim(ten_minutes)}


def test_a_failing_address_rests_and_takes_nobody_elses_turn(shop: Shop) -> None:
    failing, other = claim()
    settle(failing, FAILED), settle(other, OK)
    assert [hook.endpoint_id for hook in claim()] == [other.endpoint_id]


def test_a_delivery_ends_the_rest(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    settle(hook, FAILED)
    again = next(one for one in claim(NOW + timedelta(seconds=5)) if one.endpoint_id == hook.endpoint_id)
    assert again.is_doubtful
    settle(again, OK, NOW + timedelta(seconds=5))
    row = endpoint(hook)
    assert (row.failures, row.resting_until) == (0, None)


def test_of_those_that_failed_only_so_many_get_a_turn_and_the_sound_go_first(shop: Shop) -> None:
    failing, other = claim()
    settle(failing, FAILED), settle(other, OK)
    soon = NOW + timedelta(seconds=5)
    assert [hook.endpoint_id for hook in claim(soon, limit=1)] == [other.endpoint_id]
    assert claim(soon, doubtful=0) == []
    assert [hook.endpoint_id for hook in claim(soon, doubtful=1)] == [failing.endpoint_id]


def test_410_turns_the_address_off_and_buries_the_rest(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    assert settle(hook, GONE) is HookStatus.DEAD
    row = endpoint(hook)
    assert (row.is_enabled, row.disabled_because, row.disabled_at) == (False, Why.GONE, NOW)
    with reading() as session:
        its = select(HookDelivery.status, HookDelivery.reason).where(HookDelivery.endpoint_id == hook.endpoint_id)
        assert set(session.execute(its).all()) == {(HookStatus.DEAD, Why.GONE)}
    assert hook.endpoint_id not in {one.endpoint_id for one in claim(NOW + DAY)}


def test_a_worker_that_died_is_followed_by_another_with_the_same_message(shop: Shop) -> None:
    lost = claim(limit=1)[0]
    assert lost.endpoint_id not in {one.endpoint_id for one in claim(NOW + hook_queue.LEASE - timedelta(seconds=1))}
    again = next(one for one in claim(NOW + hook_queue.LEASE) if one.endpoint_id == lost.endpoint_id)
    assert (again.delivery_id, again.message_id, again.attempt) == (lost.delivery_id, lost.message_id, 2)
    assert attempts(lost) == [(1, None, hook_queue.INTERRUPTED)]


def test_one_that_kills_every_worker_ends_too(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    now = NOW
    for _ in range(7):
        now += hook_queue.LEASE
        assert hook.delivery_id in {one.delivery_id for one in claim(now)}
    claim(now + hook_queue.LEASE)
    row = delivery(hook)
    assert (row.status, row.reason, row.attempts) == (HookStatus.DEAD, Why.EXHAUSTED, 8)


def test_a_worker_that_wakes_up_late_spoils_nothing(shop: Shop) -> None:
    late = claim(limit=1)[0]
    again = next(one for one in claim(NOW + hook_queue.LEASE) if one.endpoint_id == late.endpoint_id)
    assert settle(late, FAILED, NOW + hook_queue.LEASE) is HookStatus.SENDING
    assert settle(again, OK, NOW + hook_queue.LEASE) is HookStatus.DELIVERED
    assert settle(late, GONE, NOW + DAY) is HookStatus.DELIVERED
    assert endpoint(late).is_enabled


def test_delivered_counts_however_late_it_is_known(shop: Shop) -> None:
    late = claim(limit=1)[0]
    again = next(one for one in claim(NOW + hook_queue.LEASE) if one.endpoint_id == late.endpoint_id)
    assert settle(late, OK, NOW + hook_queue.LEASE) is HookStatus.DELIVERED
    assert settle(again, FAILED, NOW + hook_queue.LEASE) is HookStatus.DELIVERED


def test_an_address_turned_off_while_something_is_on_its_way_gets_no_other_try(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    with transaction() as session:
        hooks.disable(session, session.get_one(HookEndpoint, hook.endpoint_id), Why.BY_HAND, NOW)
    assert settle(hook, FAILED) is HookStatus.DEAD
    assert delivery(hook).reason is Why.BY_HAND


def test_a_test_goes_before_everything_and_does_not_wait_for_the_rest_to_end(shop: Shop) -> None:
    hook = claim(limit=1)[0]
    settle(hook, FAILED)
    with transaction() as session:
        row = session.get_one(HookEndpoint, hook.endpoint_id)
        sent = hooks.ping(session, row, NOW)
        hooks.ping(session, row, NOW + timedelta(microseconds=1))
    first = next(one for one in claim(NOW + timedelta(seconds=1)) if one.endpoint_id == hook.endpoint_id)
    assert first.delivery_id == sent.id
    assert '"type":"test.ping"' in first.body


def test_both_secrets_sign_for_a_day_after_a_rotation(shop: Shop) -> None:
    with transaction() as session:
        row = session.scalars(select(HookEndpoint).order_by(HookEndpoint.id).limit(1)).one()
        old, new = row.secrets[0]["key"], hooks.rotate(row, b"n" * 32, NOW)
    assert claim(limit=1)[0].keys == (new, old)
    tomorrow = claim(NOW + DAY)
    assert next(one for one in tomorrow if one.endpoint_id == row.id).keys == (new,)
