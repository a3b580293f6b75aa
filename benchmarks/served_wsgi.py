"""The application of the measured server: the service, with the addresses of :mod:`benchmarks.served`."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "benchmarks.served"
# Counted as always, but never too many.
settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"actor": "1000000/s"}
application = get_wsgi_application()
