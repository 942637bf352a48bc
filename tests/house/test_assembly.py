"""Laws of the assembled product: every route has its rule, every task is wanted, the migrations make today's tables."""

import ast
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import inspect, text

from parcels.models import Base
from portal import tasks
from portal.access import Rule, rule_of
from portal.extensions import csrf, db

ROOT = Path(__file__).resolve().parents[2]
#: Forms that carry a seal, a machine that signs, and programs that bring a key.
WITHOUT_SESSION = {"portal.routes.delivery", "portal.routes.webhooks", "portal.routes.shop_api"}


def test_every_route_has_an_access_rule(app: Flask) -> None:
    naked = [rule.endpoint for rule in app.url_map.iter_rules() if rule_of(rule.endpoint) is None]
    assert not naked, "Say with @allow who may enter."


def test_a_route_without_a_rule_is_closed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert app.test_client().get("/forgotten").status_code == 403


@pytest.mark.parametrize(
    "role", [rule for rule in Rule if rule.value in ("operator", "courier", "shop", "manager", "warehouse")]
)
def test_a_page_of_staff_sends_strangers_to_sign_in(app: Flask, role: Rule) -> None:
    paths = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule_of(rule.endpoint) is role and "GET" in (rule.methods or ()) and not rule.arguments
    ]
    assert paths
    assert {app.test_client().get(path).status_code for path in paths} == {303}


def test_only_sealed_and_signed_forms_do_without_a_csrf_token(app: Flask) -> None:
    exempt = {
        blueprint.import_name for blueprint in app.blueprints.values() if blueprint.name in csrf._exempt_blueprints
    }
    views = {view.rsplit(".", 1)[0] for view in csrf._exempt_views}
    assert exempt | views <= WITHOUT_SESSION


def test_every_task_is_scheduled(app: Flask) -> None:
    scheduled = {entry["task"] for entry in app.extensions["celery"].conf.beat_schedule.values()}
    tree = ast.parse(Path(tasks.__file__).read_text())
    written = {f"portal.tasks.{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert scheduled == written


def test_the_migrations_make_the_tables_of_today(both: Flask) -> None:
    Base.metadata.drop_all(db.engine)
    upgrade(directory=str(ROOT / "portal" / "migrations"))
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        tables = set(inspect(connection).get_table_names())
    assert [d for d in differences if not _is_expression_noise(d)] == []
    assert set(Base.metadata.tables) <= tables


def test_an_installation_of_the_first_release_is_carried_over_whole(both: Flask) -> None:
    Base.metadata.drop_all(db.engine)
    folder = str(ROOT / "portal" / "migrations")
    upgrade(directory=folder, revision="0001")
    rows = (
        "INSERT INTO settlements VALUES (1, 'Томск', '70', 'Томская область', 'Asia/Tomsk', 5)",
        "INSERT INTO matrices VALUES (1, 'cdek', 1, '2026-01-01', '2026-01-01 00:00:00', 'x', '18:00:00')",
        "INSERT INTO lanes VALUES (1, 1, 2, 3, true)",
        "INSERT INTO shops VALUES (1, 'dom', 'Дом', '+7', 1, 1)",
    )
    with db.engine.begin() as connection:
        for row in rows:
            connection.execute(text(row))
    upgrade(directory=folder)
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT unit, weekdays FROM lanes")).all() == [("working", 127)]
        assert connection.execute(text("SELECT carrier FROM shops")).all() == [("cdek",)]


def _is_expression_noise(difference: object) -> bool:
    """Alembic names its own table among what the models do not know."""
    return "alembic_version" in str(difference)
