"""What a hub takes with 100, 1,000 and 10,000 sites: beginning, changes, cuts, packets, and doing nothing.

The hub program, WireGuard and nftables are real, and so are a laptop's and a plant's tunnels; the other sites stand in
the plan and are away. The portal is a small one: a change counts from the moment at which it would be committed. All
share this machine's processors, so read the ratios first.

    python -m tests.bench.hub [RUNS]
"""

from __future__ import annotations

import base64
import contextlib
import multiprocessing
import random
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from furka.clock import monotonic
from furka.plan.entries import Door, Entry, Peer, Prefix, TunnelEnd
from tests.hub.fake_portal import FakePortal
from tests.hub.process import HubProcess
from tests.hub.tunnels import DEVICE, LAPTOP, PORT, SITE, Tunnels, tunnels
from tests.kernel.namespace import inside, own_network, run
from tests.lab.waiting import eventually

SITES = (100, 1_000, 10_000)
DOORS = (10, 1_000, 100_000)
RUNS = 50
#: How often each figure of packets and throughput is taken, in turns, and for how many seconds each time.
TURNS = 5
SECONDS = 2.0
REST = 60.0
_LIMIT = 300.0

_GATEWAYS = IPv4Address("100.65.1.0")
_PLANTS = IPv4Address("10.129.0.0")
_PROFILES = IPv4Address("100.73.0.0")


def main() -> None:
    """Print medians with their spread, and ratios from the same run."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    for sites in SITES:
        changes(sites, runs)
    packets()


@dataclass(frozen=True, slots=True)
class Hub:
    """A running hub with its portal, and two real ends of tunnels."""

    portal: FakePortal
    process: HubProcess
    ends: Tunnels
    began: float  # seconds from the start of the program until all was in force

    def wait_until_in_force(self, revision: int) -> None:
        eventually(lambda: self.applied() >= revision, _LIMIT, every=0.001)

    def applied(self) -> int:
        return self.portal.reports[-1].applied_revision or 0 if self.portal.reports else -1


@contextlib.contextmanager
def a_hub(entries: Sequence[Entry]) -> Iterator[Hub]:
    """A new hub that gets this plan, beside the two real ends."""
    with (
        tempfile.TemporaryDirectory(prefix="furka-bench-") as folder,
        own_network(),
        FakePortal() as portal,
        tunnels() as ends,
    ):
        process = HubProcess(portal.url, Path(folder))
        revision = portal.say(*ends.entries(), *entries)
        begin = monotonic()
        process.start()
        try:
            hub = Hub(portal, process, ends, 0.0)
            hub.wait_until_in_force(revision)
            hub = Hub(portal, process, ends, monotonic() - begin)
            ends.connect(process.key)
            for end in (ends.gateway, ends.laptop):
                eventually(
                    lambda end=end: (seen := portal.peer(end.public_key)) and seen.online,  # type: ignore[misc]
                    _LIMIT,
                )
            yield hub
        finally:
            process.end(signal.SIGKILL)


def far_sites(count: int) -> list[Entry]:
    """Sites with a gateway each that never comes."""
    chance = random.Random(1)
    entries: list[Entry] = []
    for number in range(count):
        network = IPv4Network((int(_PLANTS) + 256 * number, 24))
        peer = Peer(
            name=f"gateway-{number}",
            end=TunnelEnd.GATEWAY,
            public_key=base64.b64encode(chance.randbytes(32)).decode(),
            address=_GATEWAYS + number,
            prefixes=(network,),
        )
        entries += [peer, Prefix(network=network, site=SITE + 1 + number)]
    return entries


def far_doors(portal: FakePortal, count: int) -> list[Entry]:
    """Doors of people who are not there."""
    return [door(portal, _PROFILES + number, f"profile-{number}") for number in range(count)]


def door(portal: FakePortal, address: IPv4Address = LAPTOP, profile: str = "lap") -> Door:
    """A door to the plant for an hour."""
    now = portal.now()
    return Door(
        profile=profile,
        site_name="school",
        address=address,
        site=SITE,
        not_before=now - timedelta(seconds=1),
        not_after=now + timedelta(hours=1),
    )


def changes(sites: int, runs: int) -> None:
    """How soon what the portal says is in force, and what the program takes while nothing happens."""
    with a_hub(far_sites(sites)) as hub:
        opened, cut = [], []
        for _ in range(runs):
            entry = door(hub.portal)
            begin = monotonic()
            hub.portal.say(entry)
            eventually(lambda: hub.ends.ask(0.02), every=0.0)
            opened.append(1000 * (monotonic() - begin))
            cut.append(1000 * seconds_to_last_packet(hub, entry))
        before = hub.process.processor_seconds
        time.sleep(REST)
        rest = 100 * (hub.process.processor_seconds - before) / REST
    print(f"{sites} sites, {runs} runs, milliseconds from the commit:")
    print(
        f"  a new hub has all in force after {hub.began:.1f} s; at rest it takes {rest:.1f} % of one processor"
    )
    for name, taken in (("first packet through a new door", opened), ("last packet after the cut", cut)):
        middle, late = statistics.median(taken), percentile(taken, 99)
        print(f"  {name:32} p50 {middle:6.1f}   p99 {late:6.1f}   most {max(taken):6.1f}")


def seconds_to_last_packet(hub: Hub, entry: Door) -> float:
    """Ask without a pause, take the door away, and see when the last answer came."""
    begin = monotonic()
    hub.portal.say(gone=(entry.key,))
    last, silent = begin, begin
    while silent < last + 0.3:
        silent = monotonic()
        if hub.ends.ask(0.01):
            last = monotonic()
    return last - begin


def packets() -> None:
    """Small packets with few and many doors, and bytes with and without the filter, each as a share of the first."""
    with a_hub(far_sites(SITES[0])) as hub:
        rates: dict[int, list[float]] = {count: [] for count in DOORS}
        present = 0
        hub.wait_until_in_force(hub.portal.say(door(hub.portal)))
        for count in DOORS:
            more = far_doors(hub.portal, count)[present:]
            hub.wait_until_in_force(hub.portal.say(*more))
            present = count
            rates[count] = [packet_rate(hub.ends) for _ in range(TURNS)]
        print(f"small packets that arrive, {TURNS} times {SECONDS:.0f} s, thousands a second:")
        for count, taken in rates.items():
            share = statistics.median(taken) / statistics.median(rates[DOORS[0]])
            print(f"  {count:7} doors  {spread([each / 1000 for each in taken])}   ratio {share:.2f}")
    with a_hub([]) as hub:
        revision = hub.portal.say(door(hub.portal))
        filtered, bare = [], []
        for _ in range(TURNS):
            hub.wait_until_in_force(revision)
            filtered.append(throughput())
            hub.process.end(signal.SIGKILL)
            take_filter_away()
            bare.append(throughput())
            hub.portal.reports.clear()
            hub.process.start()
    ratios = [one / other for one, other in zip(filtered, bare, strict=True)]
    print(f"throughput through the hub, {TURNS} times {SECONDS:.0f} s, Mbit/s:")
    print(f"  with doors {spread(filtered)}   bare tunnels {spread(bare)}")
    print(f"  ratio {spread(ratios, 2)}")


def take_filter_away() -> None:
    """Leave nothing but tunnels and routes: without its filter the hub passes nothing by itself."""
    run("nft", "delete", "table", "inet", "furka")
    run("ip", "rule", "del", "fwmark", "0", "iif", "furka0", "blackhole")


def packet_rate(ends: Tunnels) -> float:
    """Packets a second that reach the device while the laptop sends as fast as it can."""
    fork = multiprocessing.get_context("fork")
    sender = fork.Process(target=_send_packets, args=(ends.phone,))
    ends.device.setblocking(True)
    ends.device.settimeout(0.5)
    sender.start()
    arrived, begin, last = 0, 0.0, 0.0
    with contextlib.suppress(TimeoutError):
        while True:
            ends.device.recv(2048)
            last = monotonic()
            begin = begin or last
            arrived += 1
    sender.join()
    ends.device.setblocking(False)
    return arrived / (last - begin)


def _send_packets(line: socket.socket) -> None:
    until = monotonic() + SECONDS
    while monotonic() < until:
        for _ in range(100):
            with contextlib.suppress(BlockingIOError):
                line.sendto(b"x" * 64, (str(DEVICE), PORT))


def throughput() -> float:
    """Mbit/s over one TCP connection from the laptop to the device."""
    with inside("plant"):
        listener = socket.create_server((str(DEVICE), 0))
    with inside("laptop"):
        line = socket.create_connection(listener.getsockname(), timeout=20)
    there, _ = listener.accept()
    fork = multiprocessing.get_context("fork")
    sender = fork.Process(target=_send_bytes, args=(line,))
    sender.start()
    line.close()
    arrived, begin = 0, monotonic()
    with there, listener:
        while chunk := there.recv(1 << 20):
            arrived += len(chunk)
    taken = monotonic() - begin
    sender.join()
    return 8 * arrived / taken / 1e6


def _send_bytes(line: socket.socket) -> None:
    until = monotonic() + SECONDS
    block = bytes(1 << 16)
    while monotonic() < until:
        line.sendall(block)
    line.close()


def percentile(taken: Sequence[float], hundredth: int) -> float:
    """The value that so many of a hundred don't exceed."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, round(hundredth / 100 * len(ordered)))]


def spread(taken: Sequence[float], digits: int = 0) -> str:
    """Median, least and most."""
    return f"{statistics.median(taken):.{digits}f} ({min(taken):.{digits}f} to {max(taken):.{digits}f})"


if __name__ == "__main__":
    main()
