"""How the gateway itself is: its line out, addresses, load, temperature, time, versions, what it said last."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import time
from pathlib import Path

from furka import __version__
from furka.clock import now
from furka.gateway.tasks.bench import Bench, Found, finding, kernel, read
from furka.wire.probes import OwnState, Restart

_MOST_LINES = 40
_MOST_ADDRESSES = 30


def own_state(_probe: OwnState, bench: Bench) -> Found:
    """Facts, each by its name."""
    yield finding("fact", name="time", text=now().isoformat(timespec="seconds"))
    yield finding("fact", name="furka", text=__version__)
    yield finding("fact", name="system", text=_system())
    yield finding("fact", name="kernel", text=f"{platform.release()} {platform.machine()}")
    yield finding("fact", name="python", text=platform.python_version())
    yield finding("fact", name="host", text=socket.gethostname())
    if uptime := read("/proc/uptime").split():
        yield finding("fact", name="up-seconds", number=int(float(uptime[0])))
    load = os.getloadavg()
    yield finding(
        "fact", name="load", text=f"{load[0]:.2f} {load[1]:.2f} {load[2]:.2f}", number=os.cpu_count()
    )
    yield from _memory()
    free = shutil.disk_usage("/")
    yield finding("fact", name="disk-free", number=free.free)
    for place in sorted(Path("/sys/class/thermal").glob("thermal_zone*"))[:4]:
        degrees = read(str(place / "temp")).strip()
        if degrees.lstrip("-").isdigit():
            kind = read(str(place / "type")).strip()
            yield finding("fact", name="temperature", text=f"{int(degrees) / 1000:.1f} °C ({kind})")
    yield from _network(bench)
    for line in bench.log[-_MOST_LINES:]:
        yield finding("log", text=line)


def restart(_probe: Restart, _bench: Bench) -> Found:
    """Said before it happens; afterwards nobody is there to say so."""
    yield finding("restarts", number=os.getpid())


def _network(bench: Bench) -> Found:
    hub = bench.settings.hub
    if hub is not None:
        yield finding("fact", name="hub", text=hub.endpoint)
    with kernel() as routes:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in routes.get_links()}
        for route in routes.get_default_routes(family=socket.AF_INET):
            name, way = names.get(route.get_attr("RTA_OIF"), "?"), route.get_attr("RTA_GATEWAY") or ""
            yield finding("fact", name="uplink", text=f"{name} {way}")
        for one in list(routes.get_addr(family=socket.AF_INET))[:_MOST_ADDRESSES]:
            address = one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS")
            if address == "127.0.0.1":
                continue
            text = f"{names.get(one['index'], '?')} {address}/{one['prefixlen']}"
            yield finding("fact", name="address", text=text)


def _memory() -> Found:
    lines = dict(line.split(":", 1) for line in read("/proc/meminfo").splitlines() if ":" in line)
    free = lines.get("MemAvailable", "").split()
    if free and free[0].isdigit():
        yield finding("fact", name="memory-free", number=int(free[0]) * 1024)


def _system() -> str:
    lines = dict(line.split("=", 1) for line in read("/etc/os-release").splitlines() if "=" in line)
    return lines.get("PRETTY_NAME", "").strip('"') or time.tzname[0]
