"""The folder that stands in for Redis: whatever several processes do at once, every message arrives once and whole."""

import multiprocessing
from pathlib import Path
from queue import Empty

from kombu import Connection

from portal import folder_queue

SENDERS, EACH = 4, 150


def connection(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control")}
    return Connection(folder_queue.URL, transport_options=options)


def send(folder: Path, sender: int) -> None:
    with connection(folder) as broker:
        queue = broker.SimpleQueue("vekha")
        for number in range(EACH):
            queue.put({"sender": sender, "number": number})
        queue.close()


def test_a_message_is_never_seen_before_it_is_whole(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    senders = [context.Process(target=send, args=(tmp_path, number)) for number in range(SENDERS)]
    got = []
    for process in senders:
        process.start()
    with connection(tmp_path) as broker:
        queue = broker.SimpleQueue("vekha")
        while len(got) < SENDERS * EACH:
            try:
                message = queue.get(timeout=20)
            except Empty:
                break
            got.append((message.payload["sender"], message.payload["number"]))
            message.ack()
        queue.close()
    for process in senders:
        process.join(timeout=20)
    assert sorted(got) == [(sender, number) for sender in range(SENDERS) for number in range(EACH)]
