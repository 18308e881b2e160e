"""Who is on the network: everybody is asked by ARP, gently; other languages only if that was wished."""

from __future__ import annotations

from ipaddress import IPv4Address

from furka.gateway.tasks import questions
from furka.gateway.tasks.arp import sweep
from furka.gateway.tasks.bench import Bench, Found, finding, mac_text
from furka.wire.probes import Scan

_MOST_ASKED = 254


def scan(probe: Scan, bench: Bench) -> Found:
    """Hosts first, as they answer; then what they say of themselves."""
    lan = bench.lan_of(probe.network)
    hosts: dict[IPv4Address, None] = {}
    yield finding("own", address=lan.address, mac=mac_text(lan.mac))
    for each in sweep(lan, probe.network, bench):
        if each is None or each.address is None:
            yield None
            continue
        hosts[each.address] = None
        # Who has an address of another network on this wire is a find, too.
        what = "host" if each.address in probe.network else "stray"
        yield finding(what, address=each.address, mac=mac_text(each.mac))
    for wished, ask in (
        (probe.mdns, questions.mdns),
        (probe.knx, questions.knx),
        (probe.bacnet, questions.bacnet),
    ):
        if wished and not bench.is_over:
            yield from ask(lan, bench)
    if probe.modbus:
        for host in [each for each in hosts if each in probe.network][:_MOST_ASKED]:
            if not bench.wait(0.1):
                break
            yield from questions.modbus(host, bench)
            yield None
    yield finding("hosts", number=len(hosts))
