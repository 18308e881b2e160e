"""The plan of the lab: its hosts, their cables and addresses, and the commands that build them.

    laptop ── router-laptop ──┐            ┌── router-a ── gateway-a, heating-a, meter-a
                              ├─ internet ─┤
    hub, portal ──────────────┘            ├── router-b ── gateway-b, heating-b, meter-b
                                           ├── router-c ── gateway-c, heating-c, meter-c
                                           └── router-d ── gateway-d, heating-d, meter-d

The internet is 203.0.113.0/24 (RFC 5737, documentation). All plants use 192.168.1.0/24; their devices have no
default gateway, as is usual with controllers, and their routers let nothing in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HUB = "203.0.113.1"
PORTAL = "203.0.113.2"
PORTAL_URL = f"http://{PORTAL}"
HUB_PORT = 51820
RELAY_PORT = 443

PLANT_NETWORK = "192.168.1.0/24"
HEATING = "192.168.1.10"
METER = "192.168.1.11"

#: Each plant's router has an HTTP proxy for its network, and this login for it.
PROXY = "192.168.1.1"
PROXY_PORT = 3128
PROXY_LOGIN = "plant:sample"
PROXY_URL = f"http://{PROXY_LOGIN}@{PROXY}:{PROXY_PORT}"

PLANTS = ("a", "b", "c", "d")


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of the lab, with one cable to `at` unless it is the internet itself."""

    name: str
    what: str
    at: str = ""
    interface: str = ""
    address: str = ""  # with its prefix length
    way_out: str = ""  # default gateway
    inner: str = ""  # address of a router towards its own network

    @property
    def plain_address(self) -> str:
        return self.address.partition("/")[0]


def _plant(letter: str, number: int) -> tuple[Host, ...]:
    router = f"router-{letter}"
    return (
        Host(
            router,
            f"router of plant {letter}: masquerades, lets nothing in",
            "internet",
            "wan",
            f"203.0.113.{number}/24",
            inner="192.168.1.1/24",
        ),
        Host(
            f"gateway-{letter}",
            f"gateway of plant {letter}",
            router,
            "eth0",
            "192.168.1.2/24",
            "192.168.1.1",
        ),
        Host(f"heating-{letter}", "heating controller, web page on port 80", router, "eth0", f"{HEATING}/24"),
        Host(f"meter-{letter}", "energy meter, Modbus/TCP on port 502", router, "eth0", f"{METER}/24"),
    )


HOSTS: tuple[Host, ...] = (
    Host("internet", "the lines in between", address="203.0.113.254/24"),
    Host("hub", "server that ends the tunnels", "internet", "eth0", f"{HUB}/24"),
    Host("portal", "leads to the portal of this machine, port 80 only", "internet", "eth0", f"{PORTAL}/24"),
    *_plant("a", 11),
    *_plant("b", 12),
    *_plant("c", 14),
    *_plant("d", 15),
    Host(
        "router-laptop",
        "router of the technician: masquerades, lets nothing in",
        "internet",
        "wan",
        "203.0.113.13/24",
        inner="192.168.0.1/24",
    ),
    Host("laptop", "laptop of a technician", "router-laptop", "eth0", "192.168.0.2/24", "192.168.0.1"),
)

BY_NAME: Mapping[str, Host] = {host.name: host for host in HOSTS}
ROUTERS: tuple[str, ...] = tuple(host.name for host in HOSTS if host.inner)

#: What a plant's router does: hide its network behind one address and let in answers only.
ROUTER_RULES = """
table ip router {
  chain hide {
    type nat hook postrouting priority srcnat
    oifname "wan" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy drop
    iifname "lan" accept
    ct state established,related accept
  }
  chain input {
    type filter hook input priority filter; policy accept
    iifname "wan" ct state new drop
  }
}
"""


def cables() -> list[str]:
    """The lines for `ip -batch` that make the hosts and the cables between them."""
    lines = [f"netns add {host.name}" for host in HOSTS]
    for host in HOSTS:
        if host.at:
            end = f"type veth peer name {host.name} netns {host.at}"
            lines.append(f"link add {host.interface} netns {host.name} {end}")
    return lines


def settings(host: Host) -> list[str]:
    """The lines for `ip -batch` inside one host: bridges, addresses, routes."""
    lines = ["link set lo up"]
    inside = [other.name for other in HOSTS if other.at == host.name]
    bridge = "lan" if host.inner else "lines"
    if inside:
        lines += [f"link add {bridge} type bridge", f"link set {bridge} up"]
        lines.append(f"address add {host.inner or host.address} dev {bridge}")
    for name in inside:
        lines += [f"link set {name} master {bridge}", f"link set {name} up"]
    if host.interface:
        lines += [
            f"link set {host.interface} up",
            f"address add {host.address} broadcast + dev {host.interface}",
        ]
    if host.way_out:
        lines.append(f"route add default via {host.way_out}")
    return lines


def switches(host: Host) -> dict[str, str]:
    """Settings below /proc/sys/net of one host; those that this kernel lacks are left out."""
    values = {
        "ipv4/ip_forward": "1" if host.inner else "0",
        "ipv6/conf/all/disable_ipv6": "1",
        "ipv6/conf/default/disable_ipv6": "1",
    }
    if host.inner or host.name == "internet":
        # Frames that a bridge passes on are no business of the packet filter above it.
        values |= {f"bridge/bridge-nf-call-{which}": "0" for which in ("iptables", "ip6tables", "arptables")}
    return values


def gateway_interface(plant: str) -> str:
    """The tunnel interface of a plant's gateway: all hosts share /run/wireguard, so its name is unique."""
    return f"furka-{plant}"


def environment(host: Host, home: Path) -> dict[str, str]:
    """What programs on that host find in their environment, so that their usual options need not be typed."""
    values = {"FURKA_LAB_HOST": host.name, "FURKA_LAB_HOME": str(home)}
    kind, _, plant = host.name.partition("-")
    if kind == "gateway":
        values |= {
            "FURKA_GATEWAY_HOME": str(home / host.name),
            "FURKA_GATEWAY_PORTAL": PORTAL_URL,
            "FURKA_GATEWAY_PLAIN_HTTP": "1",
            "FURKA_GATEWAY_INTERFACE": gateway_interface(plant),
        }
    return values
