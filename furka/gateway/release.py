"""Let a prepared supporter in from the plant: the code is shown to the portal, which decides."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from pydantic import ValidationError

from furka.gateway.local_page import Said
from furka.gateway.local_texts import TEXTS
from furka.wire.gateway import ReleaseAtSite, ReleasedAtSite
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused


class ReleaseAtPortal:
    """Asks the portal; one call at a time has its own connection."""

    def __init__(self, open_link: Callable[[], PortalLink]) -> None:
        self._open_link = open_link

    def __call__(self, code: str, language: str) -> Said:
        plain = "".join(letter for letter in code if not letter.isspace())
        try:
            asked = ReleaseAtSite.model_validate({"code": plain, "language": language})
        except ValidationError:
            return Said(HTTPStatus.BAD_REQUEST, "no code", TEXTS[language]["code"])
        link = self._open_link()
        try:
            done = link.post("/gateway/release", asked, ReleasedAtSite)
        except PortalRefused as refused:
            return Said(HTTPStatus.FORBIDDEN, refused.problem.code, str(refused))
        except PortalAway as away:
            return Said(HTTPStatus.SERVICE_UNAVAILABLE, "portal away", TEXTS[language]["away"] + f" ({away})")
        finally:
            link.close()
        sentence = TEXTS[language]["is-in"].format(person=done.person, until=done.until_read)
        return Said(HTTPStatus.OK, f"released {done.person} until {done.until.isoformat()}", sentence)
