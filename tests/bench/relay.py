"""Throughput through the relay as a share of that over UDP, in the same run: from a device at the plant to the hub.

Both ends of the tunnel, the relay and the network in between share this machine's processors: read the ratio. The two
ways take turns, so that whatever else runs meets both.

    python -m tests.bench.relay [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from furka.lab import start_gateway
from furka.lab.walls import Wall, set_wall
from tests.gateway.plants import Plant, one_plant
from tests.gateway.relay_beside import RelayBeside
from tests.lab.waiting import eventually

RUNS = 3
MIB = 48
_LIMIT = 180.0


def main() -> None:
    """Print medians, and the ratio with its spread."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with (
        tempfile.TemporaryDirectory(prefix="furka-bench-") as folder,
        one_plant(Path(folder) / "lab") as plant,
    ):
        relay = RelayBeside(plant.lab)
        plant.give(relay=relay.to_reach(plant.public_key))
        rates: dict[str, list[float]] = {"udp": [], "tls": []}
        for _ in range(runs):
            for wall, path in ((Wall.OPEN, "udp"), (Wall.TLS, "tls")):
                set_wall(plant.lab, "a", wall)
                start_anew(plant)
                eventually(lambda path=path: told(plant) == path and plant.page(), _LIMIT)  # type: ignore[misc]
                rates[path].append(rate(plant))
    ratios = sorted(tls / udp for udp, tls in zip(rates["udp"], rates["tls"], strict=True))
    medians = {path: statistics.median(each) for path, each in rates.items()}
    print(f"throughput from a plant to the hub, {runs} runs of {MIB} MiB, Mbit/s:")
    print(f"  UDP {medians['udp']:.0f}   relay on TCP 443 {medians['tls']:.0f}")
    print(f"  relay / UDP: median {statistics.median(ratios):.2f}   from {ratios[0]:.2f} to {ratios[-1]:.2f}")


def start_anew(plant: Plant) -> None:
    """A gateway that has just started takes the way that works within seconds."""
    plant.gateway.stop()
    plant.portal.reports.clear()
    plant.gateway = start_gateway(plant.lab, "a")


def told(plant: Plant) -> str:
    """The way that the gateway told last."""
    report = plant.last_report()
    return report.path if report is not None else ""


def rate(plant: Plant) -> float:
    """Mbit/s of one download."""
    url = f"http://{plant.device(10)}/download?mib={MIB}"
    command = ["curl", "-sfm120", "-o", "/dev/null", "-w", "%{speed_download}", url]
    return float(plant.lab.run("hub", command, check=True).stdout) * 8 / 1e6


if __name__ == "__main__":
    main()
