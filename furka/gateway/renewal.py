"""A new key for the gateway, without anybody's visit: made here, told to the portal, tried, and kept or given up.

The old key stays on the disk until the portal says that the new one counts. Whatever is lost on the way, an answer, the
power, the portal for a day: the gateway uses a key that the hub takes, or goes back to the one that it took before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from threading import Thread

from furka.clock import monotonic, now
from furka.gateway.home import Home, HomeError, Identity
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.wire.gateway import GatewaySettings, NewKey, NewKeyTaken
from furka.wire.portal_link import PortalAway, PortalLink, PortalRefused

_log = logging.getLogger(__name__)

#: A key is made anew after so long.
LIFE = timedelta(days=90)

_TRIAL = 8 * 60.0  # seconds in which the new key must come to count; the portal gives it ten minutes
_AGAIN = 3600.0  # seconds until the next attempt after one that came to nothing
_UNHEARD = 60.0  # seconds until it is tried although nobody said that the hub has it


class KeyRenewal:
    """The keys of one gateway. `changed` is called, from another thread, when it is worth while to look again."""

    def __init__(
        self,
        home: Home,
        identity: Identity,
        open_link: Callable[[], PortalLink],
        changed: Callable[[], None],
        *,
        again: float = _AGAIN,
    ) -> None:
        self._home = home
        self.identity = identity
        self._open_link = open_link
        self._changed = changed
        self._pause = again
        self._wanted = False
        self._not_before = 0.0
        self._asking = False
        self._told_at: float | None = None  # set by the thread that asks
        self._known = ""  # the new key that the hub has, as the portal says
        self._trial_since = monotonic()

    @property
    def private_key(self) -> str:
        """The key that the tunnel has to have."""
        return self.identity.next_key if self.identity.on_trial else self.identity.private_key

    def hear(self, settings: GatewaySettings) -> bool:
        """The portal's word; returns whether another key counts from now on."""
        self._wanted = settings.key_wanted_at is not None
        self._known = settings.next_key_known or ""
        fresh = self.identity.next_key
        if not fresh or settings.public_key != public_key_of(fresh):
            return False
        _log.info("The new key counts; the old one is deleted.")
        return self._keep(self.identity.renewed(now()))

    def look(self) -> bool:
        """Do what is due; returns whether the tunnel has to have another key now."""
        identity, at = self.identity, monotonic()
        if identity.on_trial:
            if at - self._trial_since < _TRIAL:
                return False
            _log.warning("The new key did not come to count: the old one is used again.")
            self._not_before = at + self._pause
            return self._keep(identity.model_copy(update={"next_key": "", "on_trial": False}))
        if identity.next_key:
            if self._told_at is not None:
                if self._known != public_key_of(identity.next_key) and at - self._told_at < _UNHEARD:
                    return False  # the portal says when the hub has it
                self._told_at = None
                self._trial_since = at
                _log.info("A new key is tried.")
                return self._keep(identity.model_copy(update={"on_trial": True}))
            if not self._asking and at >= self._not_before:
                self._ask(public_key_of(identity.next_key))
            return False
        if at >= self._not_before and (self._wanted or self._is_old(identity)):
            self._keep(identity.model_copy(update={"next_key": generate_private_key()}))
        return False

    def _is_old(self, identity: Identity) -> bool:
        if identity.key_made_at is None:
            self._keep(identity.model_copy(update={"key_made_at": now()}))
            return False
        return now() - identity.key_made_at > LIFE

    def _ask(self, public_key: str) -> None:
        self._asking = True
        Thread(target=self._offer, args=(public_key,), name="new key", daemon=True).start()

    def _offer(self, public_key: str) -> None:
        try:
            with closing(self._open_link()) as link:
                link.post("/gateway/key", NewKey(public_key=public_key), NewKeyTaken)
            self._told_at = monotonic()
        except (PortalAway, PortalRefused, OSError) as error:
            _log.warning("The new key could not be told: %s", error)
            self._not_before = monotonic() + self._pause / 60
        finally:
            self._asking = False
            self._changed()

    def _keep(self, identity: Identity) -> bool:
        try:
            self._home.keep_identity(identity)
        except HomeError as error:
            _log.error("Nothing is changed about the key: %s.", error)
            self._not_before = monotonic() + self._pause
            return False
        self.identity = identity
        return True
