"""A page must not fail because PostgreSQL was restarted since the last one."""

import pytest
from flask import Flask
from sqlalchemy import text

from portal.extensions import db
from portal.transaction import looking, reading, transaction

_MINE = text("SELECT pg_backend_pid()")
_END = text("SELECT pg_terminate_backend(:pid, 2000)")


@pytest.mark.postgres
@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
@pytest.mark.parametrize("open_one", [looking, reading, transaction])
def test_a_connection_that_died_in_the_pool_is_replaced_unseen(both: Flask, open_one: object) -> None:
    with transaction() as session, looking() as connection:
        dead = {session.scalar(_MINE), connection.scalar(_MINE)}
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as killer:
        dead -= {killer.scalar(_MINE)}
        assert all(killer.scalar(_END, {"pid": pid}) for pid in dead)
    assert dead
    pids = []
    for _ in range(2):
        with open_one() as one, open_one() as other:  # type: ignore[operator]
            pids += [one.scalar(_MINE), other.scalar(_MINE)]
    assert not dead & set(pids)
