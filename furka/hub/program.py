"""The hub program: one thread owns the machine, two others talk to the portal.

It may end at any instruction: what is in force stays in force, with its time limits in the kernel, and the next run
ends in the same state.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from math import inf
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from furka import __version__
from furka.clock import monotonic, now
from furka.hub.canary import Canary, Step
from furka.hub.conversation import Listener, Pause, Teller
from furka.hub.desired import Desired, OpenDoor
from furka.hub.home import Home
from furka.hub.knocking import Knocking
from furka.hub.link_watch import LinkWatch
from furka.hub.machine import Ground, Machine, MachineError
from furka.hub.names import Answer
from furka.hub.page_line import PageLine
from furka.hub.reconcile import Reconciler
from furka.hub.reports import Reports
from furka.hub.resolver import Resolver
from furka.hub.setting import Setting
from furka.hub.touched import Touched
from furka.hub.trials import Dialled, Trials
from furka.hub.watch import AccessWatch, Memory, PeerWatch
from furka.kernel.wireguard import public_key_of
from furka.plan.addressing import PLAN
from furka.plan.gathered import Links
from furka.plan.render.hub_nft import Layout
from furka.plan.render.real_nft import RealNetworks
from furka.relay.folder import Known, Offer, offer_in, say_known
from furka.wire.hub import AccessSeen, HubHello, HubWelcome, OfferedRelay, PlanAnswer, TrialAsked, TrialDone

log = logging.getLogger(__name__)

_FULL_ROUND = 60.0  # seconds between two looks at everything
_LOOK_ROUND = 1.0  # seconds between two looks at counters
_LISTEN_ROUND = 0.25  # seconds between two looks for first packets, while there is somebody to wait for
_LOOK_SHARE = 0.05  # of all time, which looking at counters may take, however many peers there are
_TEST_LASTS = 10.0  # seconds by which a test may put off the next look at everything
_REMEMBER_ROUND = 5.0  # seconds until what is not urgent is written down


@dataclass(frozen=True, slots=True)
class Stop:
    """The program shall end; with an error, if one of its threads died of it."""

    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The portal said something, which arrived at that moment."""

    what: HubWelcome | PlanAnswer
    at: float


class HubProgram:
    """One run of one hub."""

    def __init__(self, setting: Setting, home: Home, machine: Machine) -> None:
        self._setting = setting
        self._home = home
        self._machine = machine
        self._public_key = public_key_of(home.private_key())
        memory = home.memory()
        self._inbox: SimpleQueue[Stop | Said | Dialled | Step] = SimpleQueue()
        self._desired = Desired()
        self._reconciler = Reconciler(machine, self._desired)
        self._knocking = Knocking(machine, self._desired)
        self._reports = Reports(memory.accesses)
        self._accesses = AccessWatch(setting.timing, memory)
        self._peers = PeerWatch(setting.timing)
        self._lock = Lock()  # around changes of what is desired: questions for names come in another thread
        self._resolver = Resolver(self._look_up)
        self._pages = PageLine(lambda closed: self._reports.add(pages=[closed]))
        self._trials = Trials(machine, self._desired, self._inbox.put)
        self._canary = Canary(machine, self._public_key, setting.canary_port, self._inbox.put)
        self._ground: Ground | None = None
        self._translated: RealNetworks | None = None  # None: to be looked at
        self._links = LinkWatch()
        self._linked: tuple[Layout, Links] | None = None  # None: to be looked at
        self._trouble: dict[str, str] = {}
        self._applied = 0
        self._full_at = -inf
        self._full_pause = Pause(1.0)
        self._look_at = 0.0
        self._listen_at = 0.0
        self._unsaved_since = inf

    def stop(self) -> None:
        """End now; may be called from a signal."""
        self._inbox.put(Stop())

    def run(self) -> None:
        """Work until `stop`. The tunnels go on without us."""
        self._stand_up()
        listener = Listener(
            self._setting.portal, self._hello, lambda what, at: self._inbox.put(Said(what, at))
        )
        teller = Teller(self._setting.portal, self._reports, listener.welcomed)
        works = [("listener", listener.run), ("teller", teller.run)]
        if self._setting.page_socket is not None:
            works.append(("pages", self._pages.opened_at(self._setting.page_socket)))
        for name, work in works:
            Thread(target=self._guarded, args=(work,), name=name, daemon=True).start()
        try:
            self._mind()
        finally:
            self._remember()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the program must not go on without the thread
            self._inbox.put(Stop(error))

    def _hello(self) -> HubHello:
        relay, offer = self._setting.relay, self._offer()
        offered = (
            OfferedRelay(endpoint=relay.endpoint, certificate=offer.certificate) if relay and offer else None
        )
        return HubHello(
            version=__version__,
            public_key=self._public_key,
            endpoint=self._setting.endpoint,
            back_end=self._machine.back_end,
            relay=offered,
            pages=self._setting.pages,
        )

    def _offer(self) -> Offer | None:
        """What the relay offers, once it runs."""
        return offer_in(self._setting.relay.folder) if self._setting.relay else None

    # -- messages and moments -----------------------------------------------------------------------------------

    def _mind(self) -> None:
        while True:
            try:
                message = self._inbox.get(timeout=self._idle_for())
            except Empty:
                message = None
            match message:
                case Stop(error=None):
                    return
                case Stop(error=BaseException() as error):
                    raise error
                case Said(what=HubWelcome() as welcome):
                    self._settle(welcome)
                case Said(what=PlanAnswer() as answer, at=at):
                    self._hear(answer, at)
                case Dialled() as dialled:
                    self._reports.add(trials=[self._trials.end(dialled)])
                case Step() as step:
                    self._reports.add(canary=self._canary.take(step))
                case _:
                    pass
            self._on_time()

    def _idle_for(self) -> float:
        at = monotonic()
        moment = at + self._desired.next_moment(at)
        return max(0.0, min(self._full_due(), self._look_at, self._listen_at, moment) - at)

    def _full_due(self) -> float:
        """When everything is looked at next; a test, whose door is in no plan, may be finished before."""
        return (
            self._full_at
            + _FULL_ROUND
            + (_TEST_LASTS if self._trials.running or self._canary.running else 0.0)
        )

    def _settle(self, welcome: HubWelcome) -> None:
        layout = Layout(
            interface=self._setting.interface,
            address=welcome.address,
            gateways=welcome.gateways,
            profiles=welcome.profiles,
            plants=welcome.plants,
            pages=welcome.pages or PLAN.pages,
        )
        offer = self._offer()
        self._ground = Ground(layout, welcome.routes, offer.probe_port if offer else 0)
        self._tell_relay(welcome)
        self._stand_up()
        with self._lock:
            changed = self._desired.settle(layout)
        if changed:
            self._full()
        if self._setting.names:
            with self._troubled("names", "names can't be answered"):
                self._resolver.open_at(layout.address)
        self._reports.repeat_state()

    def _tell_relay(self, welcome: HubWelcome) -> None:
        """Whose tickets count."""
        if self._setting.relay is not None and welcome.key:
            with self._troubled("relay", "the relay can't be told whose tickets count"):
                say_known(self._setting.relay.folder, Known(hub=welcome.key, ticket_keys=welcome.ticket_keys))

    def _hear(self, answer: PlanAnswer, at: float) -> None:
        first = not self._desired.heard
        with self._lock:
            touched = self._desired.hear(self._canary.added_to(answer, self._desired.layout), at)
        if first:
            self._full()
        elif touched:
            self._quick(touched)
        self._translate()
        if first or touched:
            log.info("Plan %d is in force, %.1f ms after it came", answer.revision, (monotonic() - at) * 1000)
        self._listen_at = 0.0
        self._tell_state()
        self._reports.add(trials=self._begun(answer.trials))

    def _begun(self, trials: Iterable[TrialAsked]) -> list[TrialDone]:
        """Begin tests; returns what those have found that need no waiting."""
        if self._ground is None:
            return []
        layout = self._ground.layout
        begun = [self._trials.begin(asked, layout, now()) for asked in trials]
        return [done for done in begun if done is not None]

    def _on_time(self) -> None:
        at = monotonic()
        if touched := self._desired.due(at):
            self._quick(touched)
            self._tell_state()
        if at >= self._full_due():
            self._stand_up()
            self._full()
        if at >= self._look_at:
            self._look()
            self._look_at = at + max(_LOOK_ROUND, (monotonic() - at) / _LOOK_SHARE)
            self._tell_state()
        self._canary.tend(at)
        if at >= self._listen_at:
            self._listen()
            self._listen_at = at + (_LISTEN_ROUND if self._knocking.listens else _LOOK_ROUND)
        if at >= self._unsaved_since + _REMEMBER_ROUND:
            self._remember()

    def _look_up(self, asker: IPv4Address, name: str) -> Answer | None:
        """What somebody in the tunnel is told about a name; in the thread that answers."""
        with self._lock:
            return self._desired.answer(asker, name, monotonic()) if self._desired.heard else None

    # -- the machine --------------------------------------------------------------------------------------------

    def _stand_up(self) -> None:
        with self._troubled("interface", "the tunnel interface can't be made"):
            self._machine.stand_up(self._ground)

    def _quick(self, touched: Touched) -> None:
        """Put right what is named."""
        self._reconcile(lambda: self._reconciler.quick(touched))
        self._link()
        at = monotonic()
        self._opened([self._desired.open_door(key, at) for key in touched.doors])
        self._tell_pages()

    def _full(self) -> None:
        """Put everything right."""
        self._full_at = monotonic()
        self._reconcile(self._reconciler.full)
        self._linked = None
        self._link()
        self._knocking.distrust()
        self._opened(self._desired.open_doors(monotonic()).values())
        self._translated = None
        self._translate()
        self._tell_pages()

    def _link(self) -> None:
        """Links between sites; without them in force, nothing passes between two sites."""
        layout, wanted = self._desired.layout, self._desired.links()
        if self._desired.heard and layout is not None and (layout, wanted) != self._linked:
            self._linked = None
            with self._troubled("links", "the links between sites can't be put in force"):
                self._machine.link(layout, wanted)
                self._linked = layout, wanted

    def _translate(self) -> None:
        """Real addresses of plants; they open nothing, so it does not matter that they come after the doors."""
        wanted = self._desired.real_networks()
        if self._desired.heard and wanted != self._translated:
            self._translated = None
            with self._troubled("real", "real addresses can't be put in force"):
                self._machine.translate(wanted)
                self._translated = wanted

    def _tell_pages(self) -> None:
        """After the doors: a page that is told is open in the kernel, one that is not told any more is closed there."""
        if self._desired.heard:
            at = monotonic()
            self._pages.tell(self._desired.time.at(at), self._desired.pages(at))

    def _reconcile(self, run: Callable[[], int]) -> None:
        with self._troubled("machine", "the plan can't be put in force"):
            count = run()
            log.debug("%d things were changed", count)
            self._full_pause.reset()
        if "machine" in self._trouble:
            self._full_at = monotonic() - _FULL_ROUND + self._full_pause.seconds()

    def _look(self) -> None:
        """At counters, once the portal's time and the names of doors are known."""
        if not self._desired.heard:
            return
        with self._troubled("counters", "the counters can't be read"):
            states, uses = self._canary.without(self._machine.peer_states()), self._machine.uses()
            at = monotonic()
            portal_now = self._desired.time.at(at)
            self._reports.add(peers=self._peers.look(states, self._desired.end_of, at, now(), portal_now))
            self._reports.add(links=self._links.look(self._machine.link_uses(), at, portal_now))
            if not self._reconciler.birth:
                return
            seen = self._accesses.look(
                self._reconciler.birth, uses, lambda key: self._desired.visit(key, at), portal_now
            )
            if seen:
                self._remember(seen)  # before it is told, so that it is never told again under another token
                self._reports.add(accesses=seen)
            closed = [key for key in uses if self._desired.visit(key, at) is None]
            open_ = self._reconciler.visits() if closed else None
            if open_ is not None and (unused := [key for key in closed if key not in open_]):
                self._machine.forget_uses(unused)
        if "counters" in self._trouble:
            self._full_at = -inf  # somebody took the filter away: put it back at once

    def _listen(self) -> None:
        """For first packets, once there is a filter that can notice them."""
        if not self._desired.heard or not self._reconciler.birth:
            return
        with self._troubled("knocks", "first packets can't be noticed"):
            self._reports.add(knocks=self._knocking.tend(monotonic()))

    # -- what is kept and told ----------------------------------------------------------------------------------

    def _opened(self, doors: Iterable[OpenDoor | None]) -> None:
        if self._accesses.open([found.door for found in doors if found is not None]):
            self._unsaved_since = min(self._unsaved_since, monotonic())

    def _remember(self, seen: Sequence[AccessSeen] = ()) -> None:
        waiting = {access.token: access for access in [*self._reports.accesses(), *seen]}
        with self._troubled("home", "what must outlive this run can't be written"):
            self._home.remember(
                Memory(
                    birth=self._accesses.birth,
                    passages=self._accesses.passages(),
                    accesses=list(waiting.values()),
                )
            )
        self._unsaved_since = inf

    def _tell_state(self) -> None:
        if not self._desired.heard:
            return
        if not {"machine", "links"} & self._trouble.keys():
            self._applied = self._desired.revision
        troubles = [text for _, text in sorted(self._trouble.items())]
        if refused := self._desired.refused():
            troubles.append(
                f"{refused} entries of the plan lie outside this hub's ranges or across each other"
            )
        if lost := self._reports.lost:
            troubles.append(f"{lost} accesses could not be reported")
        self._reports.state(self._applied, self._reconciler.count_open(), "; ".join(troubles))

    @contextmanager
    def _troubled(self, about: str, what: str) -> Iterator[None]:
        """Turn a failure of the machine into a trouble that is told until it is over."""
        try:
            yield
        except (MachineError, OSError) as error:
            if about not in self._trouble:
                log.error("%s: %s", what, error)
            self._trouble[about] = f"{what}: {error}"
        else:
            if self._trouble.pop(about, None):
                log.info("No longer: %s", what)
