"""Throughput of bridged and routed links as shares of that of the bare tunnel, in the same run.

All three go from plant b through the hub to plant a; the bare tunnel from gateway to gateway, without filter,
translation or bridge. All ends share this machine's processors: read the ratios. The ways take turns.

    python -m tests.bench.links [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from furka.plan.entries import Entry
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule
from tests.hub.linked_plants import GATEWAY, NUMBERS, LinkedPlants, end_of, leg, linked_plants, prefix_of
from tests.lab.waiting import eventually

RUNS = 5
MIB = 32
PORT = 8090

_SERVE = f"""
from furka.lab.devices import HeatingController
HeatingController(("0.0.0.0", {PORT}), "bench").serve_forever()
"""

#: Where whoever downloads is, and from where.
WAYS = {
    "bare tunnel": ("gateway-a", str(end_of("b"))),
    "routed": ("heating-a", str(prefix_of("b")[10])),
    "bridged": ("heating-a", "192.168.1.20"),
}


def main() -> None:
    """Print medians, and the ratios with their spread."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with (
        tempfile.TemporaryDirectory(prefix="furka-bench-") as folder,
        linked_plants(Path(folder) / "lab", "ab") as plants,
    ):
        join(plants)
        rates: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(runs):
            for way, (host, address) in WAYS.items():
                rates[way].append(rate(plants, host, address))
    print(f"throughput from plant to plant, {runs} runs of {MIB} MiB, Mbit/s:")
    print("  " + "   ".join(f"{way} {statistics.median(each):.0f}" for way, each in rates.items()))
    bare = rates["bare tunnel"]
    for way in ("routed", "bridged"):
        ratios = sorted(one / other for one, other in zip(rates[way], bare, strict=True))
        spread = f"from {ratios[0]:.2f} to {ratios[-1]:.2f}"
        print(f"  {way} / bare tunnel: median {statistics.median(ratios):.2f}   {spread}")


def join(plants: LinkedPlants) -> None:
    """Both links at once, and a way from gateway to gateway that the programs would not leave open."""
    links: list[Entry] = [
        Bridge(link="wire", number=1),
        LinkRule(link="routed", number=2, name="all", allow=True),
    ]
    for letter in "ab":
        own = {"member": letter, "site_name": letter, "site": NUMBERS[letter]}
        bridged = {"link": "wire", "number": 1, "gateway": end_of(letter), "segment": NUMBERS[letter]}
        routed = {"link": "routed", "number": 2, "prefixes": (prefix_of(letter),)}
        links += [Leg.model_validate(own | bridged), Junction.model_validate(own | routed)]
        other = prefix_of("b" if letter == "a" else "a")
        ends = end_of(letter).exploded.rpartition(".")[0] + ".0/24"
        plants.give(letter, (leg(letter, NUMBERS[letter]),), (other, type(other)(ends)), (other,))
    plants.say(*links)
    plants.do("heating-a", "ip", "route", "add", "10.128.0.0/9", "via", GATEWAY)
    plants.do("heating-b", "ip", "address", "add", "192.168.1.20/24", "dev", "eth0")
    # What connects from a bridged plant has an address that heating-b does not have itself.
    plants.do("heating-a", "ip", "address", "add", "192.168.1.30/24", "dev", "eth0")
    plants.do("heating-a", "ip", "route", "add", "192.168.1.20", "dev", "eth0", "src", "192.168.1.30")
    for host in ("heating-b", "gateway-b"):
        plants.start_python(host, _SERVE, log=f"bench-{host}")
    for program in (plants.hub, *plants.gateways.values()):
        program.kill()
    between = ["ip", "saddr", "100.65.0.0/16", "ip", "daddr", "100.65.0.0/16", "accept"]
    plants.do("hub", "nft", "insert", "rule", "inet", "furka", "forward", *between)
    for letter in "ab":
        table = ["rule", "ip", "furka_gateway"]
        plants.do(f"gateway-{letter}", "nft", "insert", *table, "input", *between)
    for host, address in WAYS.values():
        eventually(lambda h=host, a=address: rate(plants, h, a, 1), 30)  # type: ignore[misc]


def rate(plants: LinkedPlants, host: str, address: str, mib: int = MIB) -> float:
    """Mbit/s of one download."""
    url = f"http://{address}:{PORT}/download?mib={mib}"
    command = ["curl", "-sfm120", "-o", "/dev/null", "-w", "%{speed_download}", url]
    return float(plants.lab.run(host, command, timeout=130).stdout or 0) * 8 / 1e6


if __name__ == "__main__":
    main()
