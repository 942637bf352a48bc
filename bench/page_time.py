"""W1 and W2: processor time of the recipient's page, made anew and taken from the cache, against a bare "hello"."""

import gc
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from flask import Flask, Response

from bench.figures import Figure, Measure, floor, side_by_side
from bench.tracking_case import BROWSER, EMPTY, Case, Environ, call, tracking_case

ROUNDS, REQUESTS = 9, 300
TARGETS = {"sqlite": ("SQLite", 0.14, 0.35), "postgresql": ("PG", 0.085, 0.17)}
#: These describe the body of the page, which "hello" does not have.
_OF_THE_BODY = {"Content-Length", "Content-Encoding", "ETag"}


def figures() -> Iterator[Figure]:
    """Ask for the page over and over, on each database."""
    for database, (name, cold_target, warm_target) in TARGETS.items():
        with tracking_case(database) as case:
            cold, warm, beside_it = _measure(case)
        yield floor(f"W1 {name}", "CPU in process: hello : tracking page made anew", cold, cold_target)
        yield floor(f"W2 {name}", "CPU in process: hello : tracking page unchanged", warm, warm_target, beside_it)


def _measure(case: Case) -> tuple[tuple[float, ...], tuple[float, ...], str]:
    hello = _hello(case.get().headers)
    page, greeting = case.environ(), case.environ("/")

    def greet() -> float:
        return _seconds(_ask(hello, greeting))

    cold = side_by_side(greet, lambda: _seconds(_cold(case, page)), ROUNDS)
    warm = side_by_side(greet, lambda: _seconds(_ask(case.app, page)), ROUNDS)
    return cold, warm, _beside_it(case, hello, greet)


def _beside_it(case: Case, hello: Flask, greet: Measure) -> str:
    """What bounds the figure: hello against an empty view of the product, and both sides by Flask's test client."""
    empty = median(side_by_side(greet, lambda: _seconds(_ask(case.app, case.environ(EMPTY)))))
    theirs, ours = hello.test_client(), case.app.test_client()
    clients = side_by_side(
        lambda: _seconds(lambda: theirs.get("/", headers=BROWSER)),
        lambda: _seconds(lambda: ours.get(case.path, headers=BROWSER)),
    )
    return f"empty view behind the same middleware {empty:.3f}; page by test client, both sides {median(clients):.3f}"


def _hello(headers: dict[str, str]) -> Flask:
    """The least a Flask app can do, with the headers that the page has."""
    app = Flask("hello")
    kept = {name: value for name, value in headers.items() if name not in _OF_THE_BODY}

    @app.get("/")
    def hello() -> Response:
        return Response("hello", headers=kept)

    return app


def _cold(case: Case, environ: Environ) -> Callable[[], None]:
    def ask() -> None:
        case.forget()
        call(case.app, environ)

    return ask


def _ask(app: Flask, environ: Environ) -> Callable[[], None]:
    return lambda: call(app, environ)


def _seconds(ask: Callable[[], Any]) -> float:
    """Processor time of one request, over many; the first ones are left out."""
    for _ in range(REQUESTS // 10):
        ask()
    gc.collect()
    began = time.process_time()
    for _ in range(REQUESTS):
        ask()
    return (time.process_time() - began) / REQUESTS
