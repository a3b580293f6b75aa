"""The WSGI entry point. A process with wrong keys ends before it serves anything."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# What gunicorn takes for: do not start another worker, end.
WORKER_BOOT_ERROR = 3


def _application() -> WSGIHandler:
    made = get_wsgi_application()
    from config.startup import refuse_wrong_keys  # it reads tables, which are known from here on

    refuse_wrong_keys(code=WORKER_BOOT_ERROR)
    return made


application = _application()
