"""A storm over the outbox: real worker processes, killed at random, against a Twilio at its worst.

Time stands still while workers live and jumps while none does, so that a slow machine cannot make a worker look
frozen: what expires is the lease of the dead.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from random import Random

from flask import Flask
from sqlalchemy import func, select

from portal import create_app, sending, verify
from portal.config import Settings
from portal.transaction import reading, transaction
from sms import ledger, replays, wire
from sms.gateway import Gateway, Outcome, Outgoing
from sms.models import Message, Status
from tests.factories import NOW, make_parcel, make_world
from tests.fake_twilio import ACCEPTED_BUT, NOT_ACCEPTED, FakeTwilio

STEP = timedelta(seconds=61)
WORKERS, IN_FLIGHT = 3, 16
OURS = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)
#: After so many steps without a kill whatever is still open is open for good.
PATIENCE = 150
FORK = get_context("forkserver")
FORK.set_forkserver_preload(["tests.storm"])  # one process imports the product; workers are its forks


@dataclass
class Tally:
    """What the storm came to."""

    kills: int = 0
    at_fault_points: int = 0
    caught: int = 0
    steps: int = 0
    spawned: int = 0
    receipts: Counter[int] = field(default_factory=Counter)


class Deadly:
    """A gateway whose worker dies now and then: before the message leaves, or with the answer in its hands."""

    def __init__(self, gateway: Gateway, random: Random, share: float) -> None:
        self._gateway, self._random, self._share = gateway, random, share
        self.name = gateway.name

    def send(self, message: Outgoing) -> Outcome:
        self._perhaps_die()
        outcome = self._gateway.send(message)
        self._perhaps_die()
        return outcome

    def find(self, message: Outgoing) -> str | None:
        return self._gateway.find(message)

    def _perhaps_die(self) -> None:
        if self._random.random() < self._share:
            os.kill(os.getpid(), signal.SIGKILL)


def hurry() -> None:
    """Short waits for a provider that answers from the same machine."""
    wire.READ_SECONDS, wire.TOTAL_SECONDS = 0.5, 0.7
    sending.IN_FLIGHT, sending.AHEAD, sending.AT_ONCE = IN_FLIGHT, 8, 4


def worker_app(settings: Settings, config: dict[str, str]) -> Flask:
    """The product as its worker runs it, with a Twilio of ours."""
    app = create_app(replace(settings, sms_backend="twilio", twilio=config))
    app.extensions["nudge"] = None
    return app


def work(settings: Settings, config: dict[str, str], moment: datetime, seed: int, share: float) -> None:
    """A worker's life: the product's own loop, round after round, until somebody ends it."""
    hurry()
    app = worker_app(settings, config)
    app.extensions["sms_gateway"] = Deadly(app.extensions["sms_gateway"], Random(seed), share)
    with app.app_context():
        while True:
            sending.deliver_messages(lambda: moment)
            time.sleep(0.02)


def owe(count: int, steps: int) -> None:
    """Messages to people of their own, due one after the other within the first `steps`."""
    with transaction() as session:
        shop = make_world(session)
        parcels = [make_parcel(session, shop, phone="") for _ in range(min(count, 20))]
        for number in range(count):
            parcel = parcels[number % len(parcels)]
            due = NOW + STEP * (number * steps // count)
            values = {
                "parcel_id": parcel.id,
                "shop_id": parcel.shop_id,
                "kind": "first_link",
                "dedup_key": f"{number}:storm",
                "language": "ru",
            }
            text = f"Дом, {number}: привезём 26.11. veha.ru/t/{number:08d}"
            rest = {
                "text": text,
                "parts": 1,
                "provider": "twilio",
                "status": Status.QUEUED,
                "due_at": due,
                "created_at": NOW,
            }
            ledger.put(session, Message, values | rest | {"recipient": f"+7913{number:07d}"})


def random_fault(random: Random, share: float) -> Callable[[], str]:
    """Something goes wrong with this share of the messages."""
    return lambda: random.choice(ACCEPTED_BUT + NOT_ACCEPTED) if random.random() < share else ""


class Storm:
    """Conducts it: `moment` is the time everywhere, `rage` kills, `drain` lets everything come to rest."""

    def __init__(self, app: Flask, settings: Settings, fake: FakeTwilio, random: Random) -> None:
        self._app, self._settings, self._fake, self._random = app, settings, fake, random
        self.moment, self.tally = NOW, Tally()
        self._crew: list[BaseProcess] = []
        fake.clock = lambda: self.moment

    def rage(self, kills: int, share: float, seconds: float) -> None:
        """Kill workers until there were `kills`, or until there is nothing left for them to do."""
        deadline = time.monotonic() + seconds
        while self.tally.kills < kills and time.monotonic() < deadline and self._open():
            while self._due() and self.tally.kills < kills and time.monotonic() < deadline:
                self._man(share)
                self._wait_for_work()
                self._kill(self._random.choice(self._crew))
            self._pass_time()

    def drain(self) -> None:
        """Let whoever is left do his work undisturbed."""
        for _ in range(PATIENCE):
            if not self._open():
                return
            sending.deliver_messages(lambda: self.moment)
            self._pass_time()

    def tell_receipts(self, limit: int = 1_000) -> None:
        """Post what the fake reports, lost, doubled, shuffled and forged; beyond the limit it is lost, too."""
        client = self._app.test_client()
        for call in islice(self._fake.receipts(self._random), limit):
            headers = {"X-Twilio-Signature": call.signature}
            status = client.post(call.url, data=call.form, headers=headers).status_code
            assert status == (403 if call.is_forged else 204)
            self.tally.receipts[status] += 1

    def _man(self, share: float) -> None:
        self._bury()
        while len(self._crew) < WORKERS:
            seed = self._random.randrange(2**32)
            task = partial(work, self._settings, self._fake.config, self.moment, seed, share)
            child = FORK.Process(target=task, daemon=True)
            child.start()
            self._crew.append(child)
            self.tally.spawned += 1

    def _wait_for_work(self) -> None:
        """Until the provider was asked a few times more, somebody died, or nobody finds anything to do."""
        enough = self._fake.asked + self._random.randint(1, 15)
        deadline = time.monotonic() + 5
        while self._fake.asked < enough and time.monotonic() < deadline and self._due():
            if not all(child.is_alive() for child in self._crew):
                return
            time.sleep(0.01)
        time.sleep(self._random.uniform(0, 0.03))

    def _bury(self) -> None:
        """Count those who died at a fault point."""
        dead = [child for child in self._crew if not child.is_alive()]
        assert {child.exitcode for child in dead} <= {-signal.SIGKILL}, "a worker failed instead of being killed"
        self.tally.kills += len(dead)
        self.tally.at_fault_points += len(dead)
        self._crew = [child for child in self._crew if child not in dead]

    def _kill(self, child: BaseProcess) -> None:
        self._bury()
        if child in self._crew:
            child.kill()
            child.join()
            self._crew.remove(child)
            self.tally.kills += 1

    def _pass_time(self) -> None:
        """Nobody is left alive and nothing is on its way; then a minute passes."""
        for child in list(self._crew):
            self._kill(child)
        assert self._fake.is_idle()
        self.tally.caught += count(Message.status == Status.SENDING)
        self.moment += STEP
        self.tally.steps += 1

    def _open(self) -> int:
        return count(Message.status.in_(OURS))

    def _due(self) -> int:
        return count(Message.status.in_(OURS), Message.due_at <= self.moment)


def count(*conditions: object) -> int:
    """Messages of which something holds."""
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Message).where(*conditions)) or 0  # type: ignore[arg-type]


def statuses() -> Counter[str]:
    """How many messages there are in each status."""
    with reading() as session:
        rows = session.execute(select(Message.status, func.count()).group_by(Message.status)).all()
    return Counter({status.value: number for status, number in rows})


def breaches(invariant: str) -> list[str]:
    """What `flask verify` says of one invariant."""
    with transaction() as session:
        return [breach.words for breach in verify.breaches(session) if breach.invariant == invariant]


def shown(moment: datetime) -> int:
    """How many messages the operators' page shows."""
    with reading() as session:
        return len(replays.unresolved(session, moment))


def lost(fake: FakeTwilio) -> list[int]:
    """Messages that we believe were accepted and the provider has never seen."""
    seen = {kept.key for kept in fake.kept}
    done = Message.status.in_((Status.ACCEPTED, Status.DELIVERED))
    with reading() as session:
        return [number for number in session.scalars(select(Message.id).where(done)) if str(number) not in seen]


def table(fake: FakeTwilio, storm: Storm) -> str:
    """The result, as a person wants to read it."""
    now, tally = statuses(), storm.tally
    lines = {
        "messages": sum(now.values()),
        "workers started": tally.spawned,
        "killed with SIGKILL": tally.kills,
        "  of them between claim, HTTP and commit": tally.at_fault_points,
        "messages in the hands of the killed": tally.caught,
        "minutes that passed": tally.steps,
        "requests to the provider": fake.asked,
        **{f"  answered with: {name}": number for name, number in sorted(fake.faults.items()) if name},
        **{f"status {name}": number for name, number in sorted(now.items())},
        "lost": len(lost(fake)),
        "doubled at the provider": len(fake.doubles()),
        "open and shown to operators": sum(now[status] for status in (*OURS, Status.DEAD)),
    }
    return "\n".join(f"{name:<46} {value:>6}" for name, value in lines.items())
