"""The gateway's service: keep the tunnel as the portal wants it, as long as the gateway serves a site.

What was last in force stays in force while the portal is away, also over a restart; only the portal's explicit word
that the gateway is released takes it down for good.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from ipaddress import IPv4Network
from queue import Empty, SimpleQueue

from furka import __version__
from furka.clock import monotonic, now
from furka.gateway.desired import Tunnel, desired, faults_of, is_fresh
from furka.gateway.home import Claim, Home, HomeError, Identity, Status
from furka.gateway.local_page import LocalPage
from furka.gateway.machine import TROUBLE, Machine
from furka.gateway.portal import Again, Look, News, Patience, PortalTalk, Silence, Stop
from furka.gateway.preset import PresetClaim
from furka.gateway.release import ReleaseAtPortal
from furka.gateway.renewal import KeyRenewal
from furka.gateway.switch import SiteSwitch, SwitchWatch, Turned
from furka.gateway.tasks.log import LastWords
from furka.gateway.tasks.runner import Tasks
from furka.gateway.ways import Ways
from furka.relay.proxy import Proxy
from furka.wire.gateway import CutBy, GatewayReport, GatewaySettings, LegSeen
from furka.wire.portal_link import PortalLink

_log = logging.getLogger(__name__)

_CLAIM_ROUND = 1.0  # seconds between looks for a claim
_ROUND = 5.0  # seconds between looks at the machine
_NUDGE_ROUND = 20.0


class Service:
    """Runs until `stop`, then takes the tunnel down: a stopped service means no way in."""

    def __init__(
        self,
        home: Home,
        machine: Machine,
        switch: SiteSwitch,
        *,
        plain_http: bool = False,
        patience: Patience | None = None,
        local_port: int = 0,
        proxy: str | None = None,
        preset: PresetClaim | None = None,
        last_words: LastWords | None = None,
        serial: str = "",
    ) -> None:
        """`local_port` is where the site's own page is shown; 0 for nowhere. `last_words` are told to who asks."""
        self._home = home
        self._machine = machine
        self._switch = switch
        self._plain_http = plain_http
        self._proxy = proxy
        self._patience = patience or Patience()
        self._local_port = local_port
        self._preset = preset
        self._last_words = last_words
        self._serial = serial
        self._news: SimpleQueue[News] = SimpleQueue()
        self.wants_restart = False  # once it has ended

    def stop(self) -> None:
        """Ask it to end; may be called from a signal."""
        self._news.put(Stop())

    def run(self) -> None:
        """Serve, wait for a claim, serve. Raises HomeError if the folder can't be used."""
        with self._home.reserved_for("service"):
            before = self._home.status()
            if before is not None and before.interface != self._machine.interface:
                _take_down(Machine(before.interface))
            while (found := self._wait_for_claim()) is not None:
                if not self._serve(*found):
                    break
            _take_down(self._machine)
            _log.info("Stopped; the tunnel is down.")

    def _wait_for_claim(self) -> tuple[Identity, Claim] | None:
        """Whom the gateway serves as soon as it serves somebody; None when asked to stop."""
        told = False
        while True:
            identity = self._home.identity()
            if identity is not None and identity.claim is not None:
                return identity, identity.claim
            if not told:
                _take_down(self._machine)
                _log.info(
                    "This gateway serves no site yet; waiting for: furka gateway claim CODE --portal URL"
                )
                told = True
            if self._preset is not None:
                self._preset.look()
            try:
                if isinstance(self._news.get(timeout=_CLAIM_ROUND), Stop):
                    return None
            except Empty:
                continue

    def _serve(self, identity: Identity, claim: Claim) -> bool:
        """Keep the tunnel; returns True once the gateway is released, False when asked to stop."""
        _log.info("This gateway serves %s (portal %s).", claim.site, claim.portal)
        proxy = identity.proxy if self._proxy is None else self._proxy
        ways = Ways(
            identity.private_key, Proxy.parse(proxy) if proxy else None, lambda: self._news.put(Look())
        )

        def open_link() -> PortalLink:
            return PortalLink(claim.portal, claim.token, plain_http=self._plain_http, proxy=proxy or None)

        renewal = KeyRenewal(self._home, identity, open_link, lambda: self._news.put(Look()))
        keeper = _Keeper(self._home, self._machine, renewal, self._switch, ways)
        watch = SwitchWatch(self._switch, self._news)
        watch.start()
        page = self._local_page(keeper, open_link)
        talk = PortalTalk(open_link, keeper.etag, self._news, self._patience)
        tasks = Tasks(open_link, self._machine.interface, self._switch, self._last_words, self._news)
        try:
            while True:
                if (report := keeper.keep()) is not None:
                    talk.report(report.model_copy(update={"serial": self._serial}))
                try:
                    news = self._news.get(timeout=keeper.pause)
                except Empty:
                    continue
                match news:
                    case Stop():
                        return False
                    case Again():
                        self.wants_restart = True
                        return False
                    case Look():
                        continue
                    case Silence():
                        keeper.note_silence(news)
                    case GatewaySettings() if news.released:
                        _log.info(
                            "Released from %s: the tunnel is taken down, key and token are deleted.",
                            claim.site,
                        )
                        _take_down(self._machine)
                        self._home.forget()
                        return True
                    case GatewaySettings():
                        keeper.hear(news.lasting())
                        tasks.hear(news)
                    case Turned():
                        keeper.look_at_everything()
                        tasks.look_at_switch()
        finally:
            tasks.close()
            watch.close()
            talk.close()
            ways.close()
            if page is not None:
                page.close()

    def _local_page(self, keeper: _Keeper, open_link: Callable[[], PortalLink]) -> LocalPage | None:
        if not self._local_port:
            return None
        release = ReleaseAtPortal(open_link)
        try:
            page = LocalPage(
                self._switch, self._home.local_key(), lambda: keeper.networks, release, self._local_port
            )
        except (OSError, HomeError) as error:
            _log.error("The page for the plant's network can't be shown: %s.", _in_short(error))
            return None
        page.start()
        return page


class _Keeper:
    """Keeps the machine as the settings say, and says what changed."""

    def __init__(
        self, home: Home, machine: Machine, renewal: KeyRenewal, switch: SiteSwitch, ways: Ways
    ) -> None:
        self._home = home
        self._machine = machine
        self._renewal = renewal
        self._switch = switch
        self._cut_by: CutBy | None = None
        self._ways = ways
        self._whole_at = 0.0  # when everything is looked at next
        kept = home.settings_for(renewal.identity)
        self._settings = kept if kept is not None and not faults_of(kept) else None
        if self._settings is not None:
            ways.use(self._settings.relay)
        self._refusal = ""  # what is wrong with settings that were not taken
        self._tunnel: Tunnel | None = None
        self._up: Tunnel | None = None  # None while it could not be brought up
        self._legs: tuple[LegSeen, ...] = ()
        self._back_end = ""
        self._applied = ""
        self._trouble = ""
        self._silence = ""
        self._online: bool | None = None
        self._nudged = monotonic()
        self._status: Status | None = None

    @property
    def networks(self) -> tuple[IPv4Network, ...]:
        """The networks of the site as they were given."""
        return tuple(one.real for one in self._settings.networks) if self._settings is not None else ()

    @property
    def etag(self) -> str:
        """Which settings are known."""
        return self._settings.etag if self._settings is not None else ""

    def hear(self, settings: GatewaySettings) -> None:
        """The portal gave settings; those that are improper change nothing."""
        if self._silence:
            _log.info("The portal answers again.")
            self._silence = ""
        if self._renewal.hear(settings):
            self._ways.change_key(self._renewal.private_key)
            self.look_at_everything()
        if self._settings is not None and settings.etag == self._settings.etag:
            if settings.relay != self._settings.relay:  # a new ticket
                self._take(settings)
            return
        self._refusal = "; ".join(faults_of(settings))
        self.look_at_everything()
        if not self._refusal:
            self._take(settings)

    def look_at_everything(self) -> None:
        """With the next `keep`, not only when its turn comes."""
        self._whole_at = 0.0

    def _take(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._ways.use(settings.relay)
        try:
            self._home.keep_settings(self._renewal.identity, settings)
        except HomeError as error:
            _log.error("The settings are in force, but will not survive a restart: %s.", error)

    def note_silence(self, silence: Silence) -> None:
        """The portal does not answer, or does not want us; what is in force stays."""
        if silence.reason != self._silence:
            self._silence = silence.reason
            what = "refuses this gateway" if silence.refused else "is away"
            _log.warning(
                "The portal %s: %s. The last settings stay in force.", what, silence.reason.rstrip(".")
            )

    def keep(self) -> GatewayReport | None:
        """Bring the machine to where it should be; returns how the gateway is, None before the first settings."""
        if self._renewal.look():
            self._put_right()
            if self._up is not None:
                self._machine.nudge(self._up)  # so that the new key is seen at once
        elif monotonic() >= self._whole_at:
            self._put_right()
        if self._up is not None:
            self._watch(self._up)
        self._keep_status()
        if self._settings is None and not self._trouble:
            return None
        path, since = self._ways.told()
        return GatewayReport(
            version=__version__,
            applied_etag=self._applied,
            back_end=self._back_end,
            missing_networks=self._missing,
            trouble=self._trouble,
            path=path,
            path_since=since,
            cut_by=self._cut_by,
            legs=self._legs,
        )

    @property
    def pause(self) -> float:
        """In how many seconds to look again, unless there is news."""
        return min(_ROUND, self._ways.again) if self._up is not None else _ROUND

    @property
    def _missing(self) -> tuple[IPv4Network, ...]:
        return self._tunnel.missing if self._tunnel is not None else ()

    def _put_right(self) -> None:
        """Have everything as it should be, and note what is in the way."""
        self._whole_at = monotonic() + _ROUND
        trouble = self._refusal
        tunnel = None
        self._note_switch(self._switch.cut_by())
        if self._settings is not None:
            try:
                tunnel = self._bring_about(self._settings)
            except TROUBLE as error:
                trouble = "; ".join(filter(None, (trouble, _in_short(error))))
        self._up = tunnel
        self._note_trouble(trouble)

    def _bring_about(self, settings: GatewaySettings) -> Tunnel | None:
        tunnel = desired(settings, self._machine.lan_of)
        if tunnel is not None and self._cut_by is not None:
            # The packet filter lets through what is translated and nothing else, in both directions.
            tunnel = tunnel.cut()
        if tunnel is None:
            if self._tunnel is not None or not self._applied:
                self._machine.take_down()
        else:
            self._back_end = self._machine.bring_up(self._renewal.private_key, tunnel, self._ways.detour)
        self._legs = self._machine.join_legs(tunnel) if tunnel is not None else ()
        if tunnel != self._tunnel or settings.etag != self._applied:
            self._tell(tunnel, settings)
        self._tunnel = tunnel
        self._applied = settings.etag
        return tunnel

    def _tell(self, tunnel: Tunnel | None, settings: GatewaySettings) -> None:
        if tunnel is None:
            _log.info("The portal has no hub for %s yet: no tunnel.", settings.site)
            return
        _log.info("The tunnel leads to %s; our address in it is %s.", tunnel.hub.endpoint, tunnel.address)
        for one in tunnel.translations:
            _log.info("The network %s (%s) is reached as %s.", one.real, one.lan, one.virtual)
        for leg in tunnel.legs:
            _log.info("The network %s (%s) is part of a link, by the leg %s.", leg.network, leg.lan, leg.name)
        for network in tunnel.missing:
            _log.warning("No interface of this gateway lies in the network %s: it can't be reached.", network)

    def _note_switch(self, cut_by: CutBy | None) -> None:
        if cut_by != self._cut_by:
            if cut_by is not None:
                _log.warning("Remote access is cut at the site (%s).", cut_by)
            else:
                _log.info("Remote access is allowed at the site again.")
            self._cut_by = cut_by

    def _note_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            if trouble:
                _log.error("The gateway is not as it should be: %s.", trouble)
            else:
                _log.info("The gateway is as it should be again.")
            self._trouble = trouble

    def _keep_status(self) -> None:
        path, since = self._ways.told()
        status = Status(
            interface=self._machine.interface,
            back_end=self._back_end,
            applied_etag=self._applied,
            missing=self._missing,
            trouble=self._trouble,
            portal_trouble=self._silence,
            path=path,
            path_since=since,
            path_trouble=self._ways.trouble,
            cut_by=self._cut_by,
        )
        if status != self._status:
            self._status = status
            with contextlib.suppress(HomeError):  # it is for looking at only
                self._home.keep_status(status)

    def _watch(self, tunnel: Tunnel) -> None:
        """Say whether the hub answers, by which way, and keep a packet on its way that would notice its absence."""
        if monotonic() - self._nudged >= _NUDGE_ROUND:
            self._machine.nudge(tunnel)
            self._nudged = monotonic()
        try:
            state = self._machine.hub_state()
            port = self._machine.listen_port()
        except TROUBLE:
            return
        fresh = state is not None and is_fresh(state.handshake_at, now())
        if self._ways.look(state, fresh, tunnel.hub, port):
            self._put_right()
        if fresh != self._online:
            if fresh:
                _log.info("The hub answers: the tunnel is up.")
            elif self._online is not None:
                _log.warning("The hub does not answer any more.")
            self._online = fresh


def _in_short(error: Exception) -> str:
    """What went wrong, in one line."""
    return str(error).strip().partition("\n")[0][:300]


def _take_down(machine: Machine) -> None:
    try:
        machine.take_down()
    except TROUBLE as error:
        _log.error("The tunnel could not be taken down: %s.", _in_short(error))
