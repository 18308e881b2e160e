"""Links between sites in the API."""

from __future__ import annotations

from furka.api.routes import Routes

routes = Routes("sitelink")
