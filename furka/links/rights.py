"""The right that links hang on. The service `sitelink` brings it; the operations here ask for it."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from furka.access.rights import Right

MANAGE_LINKS = Right("sitelink.manage", gettext_noop("Manage links between sites"))

#: The key of the service that brings them. Where it is switched off at a level, the links of that level sleep.
SERVICE = "sitelink"
