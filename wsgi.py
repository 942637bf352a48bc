"""What a web server starts: the Flask app of the portal; and, for Celery, its `celery`."""

from portal import create_app

app = create_app()
celery = app.extensions["celery"]
