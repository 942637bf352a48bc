"""How gunicorn serves the portal: `gunicorn wsgi:app` reads this file by itself."""

import os
from typing import Any

from gunicorn.glogging import Logger


class AddresslessLogger(Logger):
    """Gunicorn names the address in one line, written when a request breaks outside Flask; this one leaves it out."""

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if msg.startswith("Error handling request"):
            msg, args = "Error handling a request", ()
        super().exception(msg, *args, **kwargs)


bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 30
keepalive = 5
control_socket_disable = True

# Links carry their tokens in the path, so neither path nor query nor referrer is ever logged:
# only the status and how long it took.
accesslog = "-"
access_log_format = "%(s)s %(M)s ms"
errorlog = "-"
logger_class = AddresslessLogger
