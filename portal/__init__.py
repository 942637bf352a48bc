"""The portal: the only place that knows Flask, and `create_app`, the only assembly of all rooms."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import import_string

from carriers import wishes
from carriers.http import HttpLine
from parcels import holdings, incidents, journal
from portal import access, cli, engines, errors, formats, headers, htmx, languages, limits, links, rendering
from portal.config import Settings, from_environment
from portal.extensions import compress, csrf, db, login, migrate
from portal.lean import LeanFlask
from portal.nudge import Nudger
from portal.page_cache import PageCache
from portal.routes import BLUEPRINTS
from portal.shelf import Shelf
from portal.static_files import StaticFiles
from portal.worker import make_celery
from scheduling import agenda, days, promising
from sms import duties, email, hooks
from sms.occasions import Channel
from sms.public_address import Gate
from sms.webhook import Sender
from sms.wording import Desk

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings | None = None) -> Flask:
    """Put the product together from its settings (by default those of the environment)."""
    settings = settings or from_environment()
    app = LeanFlask("portal")
    _configure(app, settings)
    _bind(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init(app)
    holdings.work_by(days.workday)
    journal.wire(
        *(holdings.follow, incidents.follow, hooks.follow, promising.follow, agenda.follow),
        *(wishes.follow, duties.follow),
    )
    _open_desk(app, settings)
    app.extensions["hook_gate"] = Gate()
    app.extensions["hooks"] = Sender(app.extensions["hook_gate"])
    app.extensions["carrier_line"] = HttpLine()
    app.extensions["pages"] = PageCache(size=2_000)
    app.extensions["estimates"] = Shelf()
    app.extensions["celery"] = make_celery(app, settings)
    tasks = {"outbox": "portal.tasks.deliver_messages", "hooks": "portal.tasks.deliver_hooks"}
    app.extensions["nudge"] = {work: Nudger(app.extensions["celery"], task) for work, task in tasks.items()}
    return app


def _open_desk(app: Flask, settings: Settings) -> None:
    """Who hands messages over, by channel, and what is needed to word them."""
    app.extensions["sms_gateway"] = import_string(f"sms.{settings.sms_backend}:gateway")(settings.sending)
    app.extensions["mail_gateway"] = email.gateway(settings.sending)
    providers = {
        Channel.SMS: app.extensions["sms_gateway"].name,
        Channel.EMAIL: app.extensions["mail_gateway"].name,
    }
    scheme = "https://" if settings.is_https else "http://"
    app.extensions["desk"] = Desk(links.link_for, providers, scheme, links.stop_for)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engines.options(settings.database_url),
        PUBLIC_BASE_URL=settings.public_base_url.rstrip("/"),
        LINK_BASE=settings.link_base,
        IS_HTTPS=settings.is_https,
        SMS_BACKEND=settings.sms_backend,
        IS_TRIAL=settings.is_trial,
        CARRIERS=settings.carriers,
        TWILIO_ACCOUNT_SID=settings.twilio["TWILIO_ACCOUNT_SID"],
        TWILIO_AUTH_TOKEN=settings.twilio["TWILIO_AUTH_TOKEN"],
        SUPPORT_PHONE=settings.support_phone,
        DISPATCH_PHONE=settings.dispatch_phone or settings.support_phone,
        PAYOUT_LIMIT=settings.payout_limit,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,  # our pages send no Referer; `access.guard` looks at Origin and Sec-Fetch-Site
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_REGISTER=False,  # `headers.protect` calls it for what is not packed yet
        COMPRESS_LEVEL=1,
        COMPRESS_MIN_SIZE=500,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
    )


def _bind(app: Flask) -> None:
    """Extensions, in the order in which a request meets them."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    engines.init(app)
    migrate.init_app(app, db, directory=str(Path(__file__).parent / "migrations"))
    login.init_app(app)
    access.init_bodies(app)
    csrf.init_app(app)
    limits.init(app)
    compress.init_app(app)
    languages.init(app)
    headers.init(app)
    htmx.init(app)
    access.init(app)
    errors.init(app)
    static = StaticFiles(app.wsgi_app, STATIC, headers.of_everything(app))
    assets = static.addresses
    app.jinja_env.globals.update({"formats": formats, "asset": assets, "draw": rendering.drawer(assets["icons.svg"])})
    app.wsgi_app = ProxyFix(static)  # type: ignore[method-assign]
