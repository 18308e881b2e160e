"""What stands at sites: gateways in every state, claim codes, networks, devices."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network
from typing import Final

from furka.plan.addressing import PLAN, SHARE_OF_PLANTS, NoAddressLeft, aligned_after, next_prefix
from furka.sites.models import ClaimCode, Device, Gateway, Network
from furka.tree.models import Node
from furka.tree.operation import top_of
from furka.tunnel.models import Counter, Hub
from furka.vault import fingerprint, new_code, read_code, seal
from furka.world.ground import Ground, write

#: More gateways than that have no address in one installation.
_MOST_GATEWAYS = 60_000
_WITH_GATEWAY = 0.8

#: Length of the prefix, and in how many of a hundred networks.
_LENGTHS: Final = ((28, 60), (27, 25), (29, 15))
_DEVICES: Final = (
    ("Heizungsregler", "controller", True),
    ("Lüftungsregler", "controller", True),
    ("Wärmepumpe", "controller", True),
    ("Stromzähler", "meter", False),
    ("Wärmezähler", "meter", False),
    ("Bedienpanel", "panel", True),
    ("Kamera Eingang", "camera", True),
    ("Leitrechner", "computer", False),
    ("Datensammler", "other", False),
)


def make_plants(ground: Ground, sites: list[Node], hubs: tuple[Hub, Hub]) -> set[int]:
    """Write what stands at sites; returns the sites with a gateway. The second hub is one that has fallen silent."""
    ground.tell("gateways and claim codes")
    served = _gateways(ground, sites, hubs)
    ground.tell("networks and devices")
    _insides(ground, sites)
    return served


def _gateways(ground: Ground, sites: list[Node], hubs: tuple[Hub, Hub]) -> set[int]:
    draw = ground.draw
    chance = min(_WITH_GATEWAY, _MOST_GATEWAYS / len(sites))
    number = _last("gateways")
    gateways, codes = list[Gateway](), list[ClaimCode]()
    for site in sites:
        if not draw.happens(chance):
            if draw.happens(0.1):
                codes.append(_claim_code(ground, site))
            continue
        if number + 1 >= PLAN.gateways.num_addresses - 1:
            continue
        number += 1
        claimed = draw.before(ground.at, ground.at - site.created_at)
        online = draw.happens(0.93)
        gateways.append(
            Gateway(
                key=draw.key(),
                node=site,
                hub=hubs[1] if draw.happens(0.02) else hubs[0],
                number=number,
                public_key=draw.wireguard_key(),
                token_hash=fingerprint(draw.secret()),
                hostname=f"gateway-{number}",
                version="1.0",
                back_end="wireguard",
                claimed_at=claimed,
                online=online,
                online_changed_at=draw.before(ground.at, ground.at - claimed),
                handshake_at=ground.at - timedelta(seconds=draw.number(1, 120)) if online else claimed,
                endpoint=f"192.0.2.{draw.number(1, 254)}:{draw.number(20_000, 60_000)}",
                missing_networks=["192.168.77.0/24"] if draw.happens(0.01) else [],
                trouble="Der Speicher ist fast voll. (Beispiel)" if draw.happens(0.005) else "",
            )
        )
    for gateway in write(gateways):
        told = {"gateway": gateway.key, "hostname": gateway.hostname}
        ground.happened(gateway.node, "gateway.claimed", gateway.claimed_at, told, (None, "uplink"))
        changed = gateway.online_changed_at or gateway.claimed_at
        what = "gateway.online" if gateway.online else "gateway.offline"
        ground.happened(gateway.node, what, changed, {}, (None, gateway.hub.name))
    write(codes)
    _note_last("gateways", number)
    return {gateway.node_id for gateway in gateways}


def _claim_code(ground: Ground, site: Node) -> ClaimCode:
    code = new_code()
    return ClaimCode(
        node=site,
        code_hash=fingerprint(read_code(code)),
        sealed_code=seal(code),
        created_at=ground.at,
        expires_at=ground.at + timedelta(days=ground.draw.number(1, 30)),
    )


def _insides(ground: Ground, sites: list[Node]) -> None:
    draw, end = ground.draw, _last("plants")
    lengths = [length for length, share in _LENGTHS for _ in range(share)]
    used = dict[str, int]()  # virtual addresses by top-level node
    networks, devices = list[Network](), list[Device]()
    for site in sites:
        top, here = top_of(site), list[IPv4Network]()
        for number in range(draw.few(0.3, 6)):
            length = draw.one_of(lengths)
            size = 1 << (32 - length)
            try:
                virtual = next_prefix(PLAN.plants, length, end or None)
            except NoAddressLeft:
                break
            if used.get(top, 0) + size > SHARE_OF_PLANTS:
                break
            used[top] = used.get(top, 0) + size
            end = aligned_after(int(virtual.broadcast_address) + 1, length)
            real = IPv4Network(f"192.168.{number + 1}.0/{length}")
            here.append(real)
            networks.append(
                Network(
                    key=draw.key(),
                    node=site,
                    name=("Haustechnik", "Büro", "Gäste", "Kameras", "Messung", "Reserve")[number],
                    subnet=str(real),
                    virtual_subnet=str(virtual),
                    created_at=site.created_at,
                )
            )
        if here:
            devices += _devices(ground, site, here[0])
    write(networks)
    write(devices)
    _note_last("plants", end)


def _devices(ground: Ground, site: Node, network: IPv4Network) -> list[Device]:
    draw = ground.draw
    return [
        Device(
            key=draw.key(),
            node=site,
            name=name,
            kind=kind,
            address=str(network.network_address + 2 + number),
            web=web,
            created_at=site.created_at,
        )
        for number, (name, kind, web) in enumerate(draw.some_of(_DEVICES, draw.few(1.6, 5)))
    ]


def _last(name: str) -> int:
    return Counter.objects.get_or_create(name=name)[0].last


def _note_last(name: str, last: int) -> None:
    Counter.objects.filter(name=name).update(last=last)
