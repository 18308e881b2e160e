"""A box that finds its claim code in a file claims its site by itself, as soon as the portal lets it."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from pydantic import ValidationError

from furka.clock import monotonic
from furka.gateway.claim import ServesAlready, claim
from furka.gateway.home import Home, HomeError
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused
from furka.wire.preset import Preset, read_preset

_log = logging.getLogger(__name__)

#: Seconds between attempts; a box that was not assigned to a site yet waits like one without a line.
_ROUND = 15.0

#: What the portal may say that passes by itself.
PASSES = frozenset({"not-assigned", "has-gateway", "no-hub", "too-many-gateways"})


class PresetClaim:
    """Tries to claim with what the file says, until that works or the portal does not want this code."""

    def __init__(
        self, home: Home, file: Path, *, plain_http: bool = False, proxy: str | None = None, serial: str = ""
    ) -> None:
        self._serial = serial
        self._home = home
        self._file = file
        self._plain_http = plain_http
        self._proxy = proxy
        self._again_at = 0.0
        self._given_up = ""  # on this content
        self._said = ""

    def look(self) -> None:
        """Try, if it is time and there is something to try with."""
        if monotonic() < self._again_at:
            return
        self._again_at = monotonic() + _ROUND
        try:
            content = self._file.read_text()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            self._say(f"{self._file} can't be read: {error}")
            return
        if content == self._given_up or not content.strip():
            return
        try:
            self._try(read_preset(content))
        except ValueError as error:  # also a code that can not be one
            self._say(f"{self._file} is not understood: {error}")
            self._given_up = content
        except PortalRefused as refused:
            self._say(f"the portal refuses the code in {self._file}: {refused}")
            if refused.problem.code not in PASSES:
                self._given_up = content
        except (PortalAway, ServesAlready, HomeError) as error:
            self._say(str(error))

    def _try(self, found: Preset) -> None:
        known = self._home.identity()
        proxy = (known.proxy if known else "") if self._proxy is None else self._proxy
        link = PortalLink(found.portal, plain_http=self._plain_http, proxy=proxy or None)
        with contextlib.closing(link):
            try:
                made = claim(self._home, found.code, found.portal, link, self._proxy, self._serial)
            except ValidationError as error:
                raise ValueError("a claim code has 4 to 40 characters") from error
        _log.info("Claimed %s with the code in %s.", made.site, self._file)

    def _say(self, what: str) -> None:
        if what != self._said:
            _log.warning("%s%s.", what[:1].upper(), what[1:].rstrip("."))
            self._said = what
