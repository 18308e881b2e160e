"""Routers without Linux commands: RouterOS, the firewalls that are set up on pages, and any other with WireGuard."""

from __future__ import annotations

from furka.plan.render.router import (
    KEEPALIVE_SECONDS,
    MTU,
    PRIVATE_KEY_PLACE,
    TUNNEL,
    RouterWorld,
    wireguard,
)


def routeros(world: RouterWorld) -> str:
    """Commands for a terminal of RouterOS 7."""
    lists = ",".join(map(str, world.sources))
    from_hub = f"src-address-list={TUNNEL}-hub"
    mark = f'comment="{TUNNEL}"'
    nat, filter_ = "/ip firewall nat add", "/ip firewall filter add"
    lines = [
        f'/interface wireguard add name={TUNNEL} mtu={MTU} private-key="{PRIVATE_KEY_PLACE}"',
        f'/interface wireguard peers add interface={TUNNEL} public-key="{world.hub_key}"'
        f" endpoint-address={world.host} endpoint-port={world.port} allowed-address={lists}"
        f" persistent-keepalive={KEEPALIVE_SECONDS}s",
        f"/ip address add interface={TUNNEL} address={world.address}/32",
    ]
    for source in world.sources:
        lines += [
            f"/ip route add dst-address={source} gateway={TUNNEL} {mark}",
            f"/ip firewall address-list add list={TUNNEL}-hub address={source} {mark}",
        ]
    for pair in world.pairs:
        lines += [
            f"{nat} chain=dstnat in-interface={TUNNEL} {from_hub} dst-address={pair.virtual} action=netmap"
            f" to-addresses={pair.real} {mark}",
            f"{nat} chain=srcnat {from_hub} dst-address={pair.real} action=masquerade {mark}",
            f"{filter_} chain={TUNNEL}-in {from_hub} dst-address={pair.real} connection-nat-state=dstnat"
            f" action=accept {mark}",
        ]
    lines += [
        f"{filter_} chain={TUNNEL}-in action=drop {mark}",
        f"{filter_} chain={TUNNEL}-out connection-state=established,related action=accept {mark}",
        f"{filter_} chain={TUNNEL}-out action=drop {mark}",
        f"{filter_} chain={TUNNEL}-self dst-address={world.address} protocol=icmp action=accept {mark}",
        f"{filter_} chain={TUNNEL}-self action=drop {mark}",
        "{",
        f':local others [/ip firewall filter find where !dynamic and comment!="{TUNNEL}"]',
        *(
            f"{filter_} chain={chain} {side}-interface={TUNNEL} action=jump jump-target={TUNNEL}-{target}"
            f' comment="{TUNNEL} first"'
            for chain, side, target in (
                ("forward", "in", "in"),
                ("forward", "out", "out"),
                ("input", "in", "self"),
            )
        ),
        ":if ([:len $others] > 0) do={",
        f'  /ip firewall filter move [find where comment="{TUNNEL} first"] destination=[:pick $others 0]',
        "}",
        "}",
        *(
            f"/ip firewall mangle add chain=forward {side}-interface={TUNNEL} protocol=tcp tcp-flags=syn"
            f" action=change-mss new-mss=clamp-to-pmtu passthrough=yes {mark}"
            for side in ("in", "out")
        ),
    ]
    return "\n".join((*lines, ""))


def sense(world: RouterWorld) -> str:
    """What is typed into the pages of pfSense and OPNsense; pf calls the translation binat."""
    sources = ", ".join(map(str, world.sources))
    lines = [
        "1. VPN > WireGuard: a tunnel (instance)",
        f"   Description          {TUNNEL}",
        f"   Private key          {PRIVATE_KEY_PLACE}",
        f"   Tunnel address       {world.address}/32",
        f"   MTU                  {MTU}",
        "2. VPN > WireGuard: a peer of this tunnel",
        f"   Public key           {world.hub_key}",
        f"   Endpoint             {world.host}",
        f"   Endpoint port        {world.port}",
        f"   Allowed IPs          {sources}",
        f"   Keep alive           {KEEPALIVE_SECONDS}",
        f"3. Interfaces > Assignments: assign the tunnel as FURKA, enable it, MTU {MTU}, MSS {MTU}",
        f"   Routes (if they do not appear by themselves): {sources} by FURKA",
        "4. Firewall > NAT > 1:1 (binat), one for each line:",
        *(
            f"   Interface FURKA      external {pair.virtual}   internal {pair.real}   destination any"
            for pair in world.pairs
        ),
        "5. Firewall > NAT > Outbound (hybrid), on the interface of each network:",
        *(
            f"   Source {sources}   destination {pair.real}   translation: interface address"
            for pair in world.pairs
        ),
        "6. Firewall > Rules > FURKA: nothing but these",
        *(f"   Pass   any protocol   source {sources}   destination {pair.real}" for pair in world.pairs),
        "7. Firewall > Rules > Floating: quick, direction out, interface FURKA",
        "   Block   any protocol   source any   destination any",
        "",
    ]
    return "\n".join(lines)


def other(world: RouterWorld) -> str:
    """The tunnel as a file, and what has to be set up by hand."""
    told = [
        "# By hand in the router:",
        *(
            f"# - translate {pair.virtual} to {pair.real}, 1:1 (NETMAP), for what comes out of the tunnel"
            for pair in world.pairs
        ),
        "# - ask in the router's own name (masquerade) for what was translated",
        f"# - let out of the tunnel only {world.allowed}, and only to these networks",
        "# - let nothing into the tunnel but replies",
    ]
    return "\n".join((*told, wireguard(world)))
