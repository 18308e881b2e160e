"""The portal as an ASGI application: pages, API, live streams and long polls in one kind of process."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "furka.config.settings")
application = get_asgi_application()
