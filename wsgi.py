"""What a web server starts: the Flask app of the portal; and, for Celery, its `celery`."""

from portal import create_app
from portal.config import BadSettings

try:
    app = create_app()
except BadSettings as problem:
    raise SystemExit(f"Веха не запущена: {problem}") from None
celery = app.extensions["celery"]
