"""What a page shows is a few rows of a big table; SQLite finds them by the index of only those, and says so itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from parcels import money
from portal import recalls_page
from portal.engines import reading_engine
from portal.transaction import reading


@pytest.mark.parametrize(
    ("page", "index"),
    [
        (lambda session: recalls_page.of_shop(session, 1), "facts USING INDEX ix_facts_wishes"),
        (money.in_tills, "holdings USING INDEX ix_holdings_cash"),
    ],
)
def test_they_are_found_by_their_own_index(app: Flask, page: Callable[[Session], object], index: str) -> None:
    asked: list[tuple[str, Any]] = []
    with reading() as session:
        event.listen(reading_engine(), "before_cursor_execute", lambda *said: asked.append(said[2:4]))
        page(session)
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()
    assert any(index in step[3] for step in plan), plan
