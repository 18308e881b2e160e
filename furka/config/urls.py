"""All addresses of the portal."""

from __future__ import annotations

from django.urls import include, path

from furka.wire import PREFIX

urlpatterns = [
    path("api/v1/", include("furka.api.urls")),
    path("", include("furka.portal.urls")),
    path("", include("furka.services.connect.urls")),
    path("", include("furka.services.sitelink.urls")),
    path(PREFIX.lstrip("/") + "/", include("furka.uplink.urls")),
]
