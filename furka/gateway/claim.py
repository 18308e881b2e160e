"""How a gateway comes to serve a site: it shows the portal a claim code and the public half of its own key."""

from __future__ import annotations

import socket

from furka import __version__
from furka.gateway.home import Claim, Home, Identity, digest_of
from furka.kernel.wireguard import generate_private_key
from furka.wire.gateway import ClaimAnswer, ClaimRequest
from furka.wire.portal_link import PortalLink


class ServesAlready(Exception):
    """The gateway serves a site; a second one is not possible before it is released from the first."""

    def __init__(self, site: str) -> None:
        super().__init__(f"this gateway serves {site} already; release it there first")
        self.site = site


def claim(
    home: Home, code: str, portal: str, link: PortalLink, proxy: str | None = None, serial: str = ""
) -> Claim:
    """Serve the site that the code belongs to; `link` leads to `portal`, through `proxy` (None: as known before).

    It may be repeated: the key is kept before the portal hears of it, and the portal takes the same code with the same
    key as the same claim, so an answer that got lost comes again. Raises ServesAlready, PortalRefused, PortalAway,
    HomeError; the gateway then serves whom it served before.
    """
    with home.reserved_for("claim"):
        identity = home.identity()
        if identity is not None and identity.claim is not None:
            if identity.claim.was_made_with(code):
                return identity.claim
            raise ServesAlready(identity.claim.site)
        known = identity or Identity(private_key=generate_private_key())
        kept = known if proxy is None else known.model_copy(update={"proxy": proxy})
        if kept != identity:
            home.keep_identity(kept)
        identity = kept
        request = ClaimRequest(
            code=code,
            public_key=identity.public_key,
            version=__version__,
            hostname=socket.gethostname()[:100],
            serial=serial,
        )
        answer = link.post("/gateway/claim", request, ClaimAnswer)
        made = Claim(portal=portal, token=answer.token, site=answer.site, code_digest=digest_of(code))
        home.keep_identity(identity.model_copy(update={"claim": made}))
        return made
