"""The Flask extensions, made once and bound to an app by `create_app`; and the one clock of the portal."""

from datetime import UTC, datetime
from typing import Any, Literal

from flask import Response
from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from parcels.models import Base, UtcDateTime


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """In a migration, our moments are plain columns with a time zone: old migrations must not need today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


class _LoginWithoutMemory(LoginManager):
    """Nobody is remembered beyond his session, so no page of a recipient need open one to look."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": True})
migrate = Migrate(render_as_batch=True, compare_type=True, render_item=_plain_type)
login = _LoginWithoutMemory()
csrf = CSRFProtect()
compress = Compress()


def now() -> datetime:
    """The current moment. The only place where the portal reads the clock."""
    return datetime.now(UTC)
