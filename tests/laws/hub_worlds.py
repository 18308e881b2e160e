"""Plans of a hub drawn at random in a world so small that everything collides, and a slow model of what they open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from furka.hub.desired import Desired
from furka.hub.machine import Ground
from furka.hub.memory_machine import MemoryMachine, OpenPath
from furka.plan.doors import DoorKey, FilterChange, keys_of
from furka.plan.entries import Door, DoorPort, Entry, Knock, Names, Page, Peer, Prefix, RealNetwork, TunnelEnd
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.plan.render.hub_nft import Layout
from furka.wire.hub import PlanAnswer

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)

LAYOUT = Layout(
    interface="furka0",
    address=IPv4Address("100.64.0.1"),
    gateways=IPv4Network("100.65.0.0/16"),
    profiles=IPv4Network("100.72.0.0/13"),
    plants=IPv4Network("10.128.0.0/9"),
)
GROUND = Ground(LAYOUT, (LAYOUT.gateways, LAYOUT.profiles, LAYOUT.plants))

T = TypeVar("T")

Path = OpenPath

Plan = Mapping[str, Entry]


def key_of(number: int) -> str:
    """A well-formed public key."""
    return f"{'ABCDEFGHIJ'[number] * 42}A="


_OUTSIDE = IPv4Address("192.0.2.7")
_ADDRESSES = [IPv4Address("100.72.0.1"), IPv4Address("100.72.0.2")]
_GATEWAYS = [IPv4Address("100.65.0.1"), IPv4Address("100.65.0.2")]
_NETWORKS = [
    IPv4Network("10.128.1.0/24"),
    IPv4Network("10.128.2.0/24"),
    IPv4Network("10.128.2.0/25"),
    IPv4Network("10.128.2.0/23"),
]
_HOST = IPv4Address("10.128.1.10")
_WEB = DoorPort(protocol="tcp", number=80)
_BACNET = DoorPort(protocol="udp", number=47808)
_FAR = IPv4Network("192.0.2.0/24")
#: Seconds around NOW; few, so that ends meet beginnings.
_SECONDS = [-10, -1, 0, 1, 5, 60, 100, 3600]


class _Draw:
    """Draws entries from a seed. Hypothesis draws the seed only: it would spend its time on the choices in here."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)

    def mostly(self, usual: T, *others: T) -> T:
        """The usual value nine times out of ten: paths open only where everything fits together."""
        return usual if self.chance.random() < 0.9 else self.chance.choice(others)

    def profile(self, name: str, number: int) -> Peer:
        return Peer(
            name=name,
            end=TunnelEnd.PROFILE,
            public_key=key_of(self.mostly(number, 0, 1, 2, 3)),
            address=self.mostly(_ADDRESSES[number], *_ADDRESSES, _OUTSIDE),
            prefixes=self.mostly((), (), (_NETWORKS[0],)),
            preshared_key=self.mostly(None, key_of(number), key_of(8)),
        )

    def gateway(self, name: str, number: int) -> Peer:
        others = ((), (_NETWORKS[0],), tuple(_NETWORKS[:2]), (_NETWORKS[3],), (_FAR,))
        return Peer(
            name=name,
            end=TunnelEnd.GATEWAY,
            public_key=key_of(self.mostly(number + 4, 1, 4, 5, 6)),
            address=self.mostly(_GATEWAYS[number], *_GATEWAYS, _OUTSIDE),
            prefixes=self.mostly((_NETWORKS[number],), *others),
        )

    def prefix(self, network: IPv4Network, site: int) -> Prefix:
        return Prefix(network=network, site=self.mostly(site, 1, 2, 3))

    def door(self) -> Door:
        begin = self.mostly(-10, *_SECONDS, *_SECONDS)
        end = self.chance.choice([None, *(one for one in _SECONDS if one > max(-2, begin))])
        hosts = self.chance.choice(
            [None, None, self.mostly((_HOST,), (IPv4Address(0),)), (_HOST, _HOST + 1), ()]
        )
        ports = self.chance.choice([None, (_WEB,), (_WEB, _BACNET)])
        return Door(
            hosts=hosts,
            ports=ports,
            name="" if hosts is None and ports is None else self.chance.choice(["a", "b"]),
            profile=self.chance.choice("pq"),
            site_name=self.chance.choice("st"),
            address=self.mostly(self.chance.choice(_ADDRESSES), _OUTSIDE),
            site=self.mostly(self.chance.choice([1, 2]), 3),
            not_before=at_second(begin),
            not_after=None if end is None else at_second(end),
            lease_seconds=self.mostly(None, 60),
        )

    def knock(self) -> Knock:
        """Opens nothing, whatever it says."""
        return Knock(
            name=self.chance.choice("vw"),
            profile=self.chance.choice("pq"),
            site_name=self.chance.choice("st"),
            address=self.mostly(self.chance.choice(_ADDRESSES), _OUTSIDE),
            site=self.mostly(self.chance.choice([1, 2]), 3),
            not_before=at_second(-10),
            not_after=at_second(self.chance.choice([1, 60])),
        )

    def plan(self) -> Plan:
        usual: list[Entry] = [
            self.profile("p", 0),
            self.profile("q", 1),
            self.gateway("g", 0),
            self.gateway("h", 1),
            self.prefix(_NETWORKS[0], 1),
            self.prefix(_NETWORKS[1], 2),
            self.door(),
            self.door(),
            self.door(),
            self.knock(),
        ]
        stray: list[Entry] = [
            self.prefix(_NETWORKS[2], 1),
            self.prefix(_NETWORKS[3], 2),
            self.prefix(_FAR, 1),
            self.profile("r", 1),
            self.gateway("i", 0),
            self.door(),
        ]
        entries = [entry for entry in usual if self.chance.random() < 0.95]
        entries += [entry for entry in stray if self.chance.random() < 0.1]
        self.chance.shuffle(entries)
        return {entry.key: entry for entry in entries}

    def change(self) -> tuple[Plan, Plan]:
        old, other = self.plan(), self.plan()
        kind = self.chance.random()
        if kind < 0.2:
            return old, self.with_new_keys(old)
        if kind < 0.4:
            return old, self.with_other_ends(old)
        much = self.chance.choice([0.1, 0.3, 0.9])
        new = {
            key: (other if key in other and self.chance.random() < much else old)[key]
            for key in old
            if self.chance.random() > much / 2
        }
        return old, {
            **new,
            **{key: other[key] for key in other if key not in old and self.chance.random() < much},
        }

    def with_new_keys(self, plan: Plan) -> Plan:
        """Every peer has a new key, or that of another one: all doors stay, and lead somebody else elsewhere."""
        keys = [*map(key_of, range(7))]
        self.chance.shuffle(keys)
        fresh = iter(keys)
        return {
            key: entry.model_copy(update={"public_key": next(fresh)}) if isinstance(entry, Peer) else entry
            for key, entry in plan.items()
        }

    def with_other_ends(self, plan: Plan) -> Plan:
        """Every door ends earlier or later."""
        return {
            key: entry.model_copy(update={"not_after": at_second(self.chance.choice(_SECONDS[3:]))})
            if isinstance(entry, Door) and entry.not_before <= NOW
            else entry
            for key, entry in plan.items()
        }


_SEEDS = st.integers(0, 2**40)


def at_second(seconds: float) -> datetime:
    """The portal's time so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def plans() -> st.SearchStrategy[Plan]:
    """Any plan, with one entry per key."""
    return _SEEDS.map(lambda seed: _Draw(seed).plan())


def changes() -> st.SearchStrategy[tuple[Plan, Plan]]:
    """A plan and a later one that has more or less in common with it."""
    return _SEEDS.map(lambda seed: _Draw(seed).change())


def moments() -> st.SearchStrategy[list[float]]:
    """Seconds after NOW, in order; on the edges and beside them."""
    around = [second + shift for second in _SECONDS if second > 0 for shift in (-0.5, 0, 0.5)]
    return st.lists(st.sampled_from(around), unique=True, max_size=6).map(sorted)


def everything(plan: Plan, revision: int = 1, at: float = 0) -> PlanAnswer:
    """All of a plan as an answer."""
    return PlanAnswer(now=at_second(at), revision=revision, complete=True, entries=tuple(plan.values()))


def difference(old: Plan, new: Plan, revision: int = 2, at: float = 0) -> PlanAnswer:
    """What leads from one plan to another."""
    return PlanAnswer(
        now=at_second(at),
        revision=revision,
        complete=False,
        entries=tuple(entry for key, entry in new.items() if old.get(key) != entry),
        gone=tuple(old.keys() - new.keys()),
    )


def hub_with(plan: Plan) -> Desired:
    """A hub that has just heard all of this plan."""
    desired = Desired()
    desired.settle(LAYOUT)
    desired.hear(everything(plan), 0.0)
    return desired


def scramble(machine: MemoryMachine, chance: Random) -> None:
    """Put anything at all in force on a machine."""
    if chance.random() < 0.2:
        return
    machine.stand_up(GROUND if chance.random() < 0.5 else None)
    machine.change_peers(
        {
            key_of(chance.randrange(7)): frozenset(
                chance.sample([*map(IPv4Network, (*_ADDRESSES, *_GATEWAYS)), *_NETWORKS], 2)
            )
            for _ in range(chance.randrange(4))
        },
        (),
    )
    if chance.random() < 0.3:
        return
    prefixes = {network: chance.randint(1, 3) for network in _NETWORKS[:2] if chance.random() < 0.6}
    doors = {
        DoorKey(chance.choice(_ADDRESSES), chance.randint(1, 3)): chance.choice([1.0, 30.0, float("inf")])
        for _ in range(chance.randrange(5))
    }
    machine.load(LAYOUT, prefixes, {})
    machine.change_filter(FilterChange(open=doors))


def allowed(plan: Plan, seconds: float, contact: float = 0) -> set[Path]:
    """The slow model: every path that a plan opens at a moment, said by its definition."""
    at = at_second(seconds)
    entries = sorted(plan.values(), key=lambda entry: entry.key)
    peers = _winners([entry for entry in entries if isinstance(entry, Peer) and _inside(entry)])
    prefixes = [entry for entry in entries if isinstance(entry, Prefix) and _inside(entry)]
    return {
        OpenPath(who, prefix.network, behind, key)
        for door in entries
        if isinstance(door, Door) and _inside(door) and door.open_at(at)
        if door.lease_seconds is None or seconds < contact + door.lease_seconds
        for key in keys_of(door)
        for who, own in peers.items()
        if IPv4Network(door.address) in own
        for prefix in prefixes
        if prefix.site == door.site and (door.hosts is None or key.host in prefix.network)
        if not _hidden(prefix.network, prefixes)
        for behind, theirs in peers.items()
        if any(prefix.network.overlaps(network) for network in theirs)
    }


def _winners(peers: Collection[Peer]) -> dict[str, set[IPv4Network]]:
    """Of entries that claim the same key or the same network, the first by name has it."""
    found: dict[str, set[IPv4Network]] = {}
    for peer in peers:
        if peer.public_key not in found:
            found[peer.public_key] = {
                network
                for network in peer.allowed_ips
                if next(other for other in peers if network in other.allowed_ips) == peer
            }
    return found


def _hidden(network: IPv4Network, prefixes: Collection[Prefix]) -> bool:
    return any(network != other.network and network.subnet_of(other.network) for other in prefixes)


def _inside(entry: Entry) -> bool:
    match entry:
        case Door(address=address, hosts=hosts):
            is_own = address in LAYOUT.profiles or address in LAYOUT.pages
            return is_own and all(host in LAYOUT.plants for host in hosts or ())
        case Page(address=address, device=device):
            return address in LAYOUT.pages and device in LAYOUT.plants
        case Names(hosts=named):
            return all(host.address in LAYOUT.plants for host in named)
        case RealNetwork(address=address, virtual=virtual):
            return address in LAYOUT.profiles and virtual.subnet_of(LAYOUT.plants)
        case Knock(address=address):
            return address in LAYOUT.profiles
        case Prefix(network=network):
            return network.subnet_of(LAYOUT.plants)
        case Peer(end=TunnelEnd.PROFILE, address=address, prefixes=prefixes):
            return address in LAYOUT.profiles and not prefixes
        case Peer(address=address, prefixes=prefixes):
            return address in LAYOUT.gateways and all(one.subnet_of(LAYOUT.plants) for one in prefixes)
        case Bridge() | Leg() | Junction() | LinkRule() | Mapped():
            return True
