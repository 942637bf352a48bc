"""The portal: the only place that knows Flask, and `create_app`, the only assembly of all rooms."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import import_string
from whitenoise import WhiteNoise

from parcels import journal
from portal import access, cli, errors, formats, headers, htmx, languages, links
from portal.config import Settings, from_environment
from portal.estimates import Shelf
from portal.extensions import compress, csrf, db, limiter, login, migrate, tune_sqlite
from portal.nudge import Nudger
from portal.page_cache import PageCache
from portal.routes import BLUEPRINTS
from portal.worker import make_celery
from scheduling import agenda, promising
from sms import duties

STATIC = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600


def create_app(settings: Settings | None = None) -> Flask:
    """Put the product together from its settings (by default those of the environment)."""
    settings = settings or from_environment()
    app = Flask("portal")
    _configure(app, settings)
    _bind(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init(app)
    journal.wire(promising.follow, agenda.follow, duties.follower(links.link_for, settings.sms_backend))
    app.extensions["sms_gateway"] = import_string(f"sms.{settings.sms_backend}:gateway")(settings.twilio)
    app.extensions["pages"] = PageCache(size=2_000)
    app.extensions["estimates"] = Shelf()
    app.extensions["celery"] = make_celery(app, settings)
    app.extensions["nudge"] = Nudger(app.extensions["celery"], "portal.tasks.deliver_messages")
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
        PUBLIC_BASE_URL=settings.public_base_url.rstrip("/"),
        LINK_BASE=settings.link_base,
        IS_HTTPS=settings.is_https,
        SMS_BACKEND=settings.sms_backend,
        IS_TRIAL=settings.is_trial,
        TWILIO_AUTH_TOKEN=settings.twilio["TWILIO_AUTH_TOKEN"],
        SUPPORT_PHONE=settings.support_phone,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,  # our pages send no Referer; `access.guard` looks at Origin and Sec-Fetch-Site
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=1,
        COMPRESS_MIN_SIZE=500,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
    )


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 30, "check_same_thread": False}}
    return {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}


def _bind(app: Flask) -> None:
    """Extensions, in the order in which a request meets them."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    tune_sqlite(app)
    migrate.init_app(app, db, directory=str(Path(__file__).parent / "migrations"))
    login.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    compress.init_app(app)
    languages.init(app)
    htmx.init(app)
    access.init(app)
    headers.init(app)
    errors.init(app)
    app.jinja_env.globals.update({"formats": formats, "asset": _assets()})
    app.wsgi_app = ProxyFix(WhiteNoise(app.wsgi_app, root=str(STATIC), prefix="static/", max_age=YEAR))  # type: ignore[method-assign]


def _assets() -> dict[str, str]:
    """The address of each static file, with its content in it, so that browsers may keep it for a year."""
    files = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:8] for file in STATIC.iterdir() if file.is_file()
    }
    return {name: f"/static/{name}?v={digest}" for name, digest in files.items()}
