"""Settings from the environment, read once and checked: in production no default secret is accepted."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env

SMS_BACKENDS = ("console", "twilio", "http")
INSTANCE = Path(__file__).resolve().parent.parent / "instance"


class BadSettings(ValueError):
    """The environment does not describe a product that may run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Without `redis_url` the product runs embedded, with a folder as its queue."""

    database_url: str
    redis_url: str | None
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    public_base_url: str
    sms_backend: str
    twilio: dict[str, str]
    support_phone: str
    queue_folder: Path
    #: Minor units: what one cashier may pay to one shop within a day without a second one.
    payout_limit: int = 5_000_000
    #: The number couriers ring; the support's own when none is set.
    dispatch_phone: str = ""
    #: Everything that begins with CARRIER_: see `carriers.keys`.
    carriers: dict[str, str] = field(default_factory=dict)
    #: HTTP_SMS_CONFIG, SMTP_URL and MAIL_FROM, as far as they are set.
    gateways: dict[str, str] = field(default_factory=dict)

    @property
    def is_embedded(self) -> bool:
        return self.redis_url is None

    @property
    def sending(self) -> dict[str, str]:
        """What the gateways are made from, by the names of the environment."""
        return self.twilio | self.gateways

    @property
    def is_trial(self) -> bool:
        """Embedded, on SQLite, and nothing that is sent leaves the machine: there the phone page may be shown."""
        return self.is_embedded and self.database_url.startswith("sqlite") and self.sms_backend == "console"

    @property
    def is_https(self) -> bool:
        return self.public_base_url.startswith("https://")

    @property
    def link_base(self) -> str:
        """What links in messages begin with: no scheme, since a message has 70 characters in all."""
        return self.public_base_url.split("://", 1)[-1].rstrip("/")


def from_environment() -> Settings:
    """Read the settings. Raises BadSettings when they do not fit together."""
    env = Env()
    env.read_env(".env", recurse=False)
    instance = Path(env.str("INSTANCE_PATH", str(INSTANCE)))
    instance.mkdir(parents=True, exist_ok=True)
    database = env.str("DATABASE_URL", "") or f"sqlite:///{instance / 'vekha.sqlite3'}"
    settings = Settings(
        database_url=database,
        redis_url=env.str("REDIS_URL", "") or None,
        secret_key=env.str("SECRET_KEY", "") or _own_secret(instance, database),
        secret_key_fallbacks=tuple(key for key in env.str("SECRET_KEY_FALLBACKS", "").split(",") if key),
        public_base_url=env.str("PUBLIC_BASE_URL", "")
        or f"http://localhost:{env.str('BIND', ':8000').rpartition(':')[2]}",
        sms_backend=env.str("SMS_BACKEND", "") or "console",
        twilio={name: env.str(name, "") for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")},
        support_phone=env.str("SUPPORT_PHONE", "") or "+78000000417",
        queue_folder=instance / "queue",
        payout_limit=env.int("PAYOUT_LIMIT", 50_000) * 100,
        dispatch_phone=env.str("DISPATCH_PHONE", ""),
        gateways={name: env.str(name, "") for name in ("HTTP_SMS_CONFIG", "SMTP_URL", "MAIL_FROM")},
        carriers={name: value for name, value in os.environ.items() if name.startswith("CARRIER_")},
    )
    _check(settings)
    return settings


def _own_secret(instance: Path, database: str) -> str:
    """On SQLite the product makes itself a key and keeps it; a real installation has to bring its own."""
    if not database.startswith("sqlite"):
        raise BadSettings("SECRET_KEY is not set: links and sessions of a real installation need a key of their own.")
    file = instance / "secret_key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text().strip()


def _check(settings: Settings) -> None:
    if len(settings.secret_key) < 32:
        raise BadSettings("SECRET_KEY is shorter than 32 characters.")
    if settings.sms_backend not in SMS_BACKENDS:
        raise BadSettings(f"SMS_BACKEND is {settings.sms_backend!r}; it can be {', '.join(SMS_BACKENDS)}.")
    missing = [name for name, value in settings.twilio.items() if not value]
    if settings.sms_backend == "twilio" and missing:
        raise BadSettings(f"SMS_BACKEND is twilio, but {', '.join(missing)} is not set.")
    if settings.sms_backend == "http" and not settings.gateways.get("HTTP_SMS_CONFIG"):
        raise BadSettings("SMS_BACKEND is http, but HTTP_SMS_CONFIG is not set: see docs/sms-gateway.md.")
