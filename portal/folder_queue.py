"""Celery's queue as a folder, for running without Redis: kombu's file system transport, safe for several processes.

kombu creates a message's file and fills it afterwards; a worker that looks in between reads nothing and dies of it.
Here a message appears under its name only when it is whole, and a table of bindings that is just being written is
read again.
"""

import os
import time
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

URL = "folder://"
READ_AGAIN, TRIES = 0.02, 10


class Channel(filesystem.Channel):
    """Puts whole files only."""

    def _put(self, queue: str, payload: Any, **_options: Any) -> None:  # type: ignore[override]
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg"
        unfinished = os.path.join(self.data_folder_out, f"{name}.part")
        with open(unfinished, "w") as file:
            file.write(dumps(payload))
        os.replace(unfinished, os.path.join(self.data_folder_out, name))

    def get_table(self, exchange: str) -> Any:
        for _ in range(TRIES):
            try:
                return super().get_table(exchange)
            except ValueError:
                time.sleep(READ_AGAIN)
        return super().get_table(exchange)


class Transport(filesystem.Transport):
    """The transport behind `folder://`."""

    Channel = Channel


TRANSPORT_ALIASES["folder"] = "portal.folder_queue:Transport"
