"""Routers with Linux inside: wg-quick with nftables, OpenWrt, and OpenWrt with iptables (also of makers of routers).

All of them do what our gateway does: translate 1:1, ask in the router's own name, let nothing else out of the tunnel
and nothing at all into it but replies.
"""

from __future__ import annotations

from collections.abc import Iterator

from furka.plan.render.router import KEEPALIVE_SECONDS, MTU, PRIVATE_KEY_PLACE, TUNNEL, RouterWorld, wireguard

TABLE = "furka_router"


def linux(world: RouterWorld) -> str:
    """One file for wg-quick. The filter stands before the tunnel does, and goes after it."""
    name = "%i"  # what wg-quick calls the tunnel: the file's name
    lines = [
        "PreUp = sysctl -q -w net.ipv4.ip_forward=1",
        f"PreUp = nft 'add table ip {TABLE}; delete table ip {TABLE}; add table ip {TABLE}'",
    ]
    for chain, head, rules in _chains(world, name):
        lines.append(f"PreUp = nft 'add chain ip {TABLE} {chain}{f' {{ {head} }}' if head else ''}'")
        lines += [f"PreUp = nft 'add rule ip {TABLE} {chain} {rule}'" for rule in rules]
    return wireguard(world, *lines, f"PostDown = nft 'delete table ip {TABLE}'")


def openwrt(world: RouterWorld) -> str:
    """Commands for a shell of OpenWrt 22.03 or newer (firewall4)."""
    filter_ = [f"add table ip {TABLE}", f"delete table ip {TABLE}", f"table ip {TABLE} {{"]
    for chain, head, rules in _chains(world, TUNNEL):
        filter_ += [f"  chain {chain} {{", *([f"    {head}"] if head else [])]
        filter_ += [*(f"    {rule}" for rule in rules), "  }"]
    return "\n".join(
        (
            "# In a root shell of the router. Needed beforehand: the package wireguard-tools.",
            "cat > /etc/furka.nft <<'END'",
            *filter_,
            "}",
            "END",
            "grep -qx /etc/furka.nft /etc/sysupgrade.conf || echo /etc/furka.nft >> /etc/sysupgrade.conf",
            *_uci(world),
            "set firewall.furka_filter=include",
            "set firewall.furka_filter.type='nftables'",
            "set firewall.furka_filter.path='/etc/furka.nft'",
            "set firewall.furka_filter.position='ruleset-post'",
            *_END_OF_UCI,
        )
    )


def openwrt_iptables(world: RouterWorld) -> str:
    """Commands for a shell of OpenWrt before 22.03 and of systems that are built on it (firewall3)."""
    return "\n".join(
        (
            "# In a root shell of the router. Needed beforehand: WireGuard, and NETMAP for iptables",
            "# (on plain OpenWrt: the packages wireguard-tools and iptables-mod-nat-extra).",
            "cat > /etc/furka.firewall <<'END'",
            *_iptables(world),
            "END",
            *_uci(world),
            "set firewall.furka_filter=include",
            "set firewall.furka_filter.path='/etc/furka.firewall'",
            "set firewall.furka_filter.reload='1'",
            *_END_OF_UCI,
        )
    )


_END_OF_UCI = (
    "commit network",
    "commit firewall",
    "END",
    "/etc/init.d/network reload",
    "/etc/init.d/firewall restart",
    "",
)


def _chains(world: RouterWorld, tunnel: str) -> Iterator[tuple[str, str, list[str]]]:
    """The chains of the filter: name, what it hangs on, rules. Those that are jumped to come first."""
    sources = ", ".join(map(str, world.sources))
    translated = [
        f"ip saddr {{ {sources} }} ip daddr {pair.real} ct original ip daddr {pair.virtual} ct status dnat accept"
        for pair in world.pairs
    ]
    replies = [
        f"ct direction reply ct original ip daddr {pair.virtual} ct status dnat accept"
        for pair in world.pairs
    ]
    pairs = ", ".join(f"{pair.virtual} : {pair.real}" for pair in world.pairs)
    into = [f'iifname "{tunnel}" dnat ip prefix to ip daddr map {{ {pairs} }}'] if pairs else []
    yield "from_tunnel", "", [*translated, "drop"]
    yield "to_tunnel", "", [*replies, "drop"]
    yield (
        "forward",
        "type filter hook forward priority filter; policy accept;",
        [f'iifname "{tunnel}" goto from_tunnel', f'oifname "{tunnel}" goto to_tunnel'],
    )
    yield (
        "input",
        "type filter hook input priority filter; policy accept;",
        [
            f'iifname "{tunnel}" ip daddr {world.address} icmp type echo-request accept',
            f'iifname "{tunnel}" drop',
        ],
    )
    yield (
        "clamp",
        "type filter hook forward priority mangle; policy accept;",
        [
            f'{side} "{tunnel}" tcp flags syn tcp option maxseg size set rt mtu'
            for side in ("iifname", "oifname")
        ],
    )
    yield "translate", "type nat hook prerouting priority dstnat; policy accept;", into
    yield (
        "hide",
        "type nat hook postrouting priority srcnat; policy accept;",
        [f'iifname "{tunnel}" ct status dnat masquerade'],
    )


def _uci(world: RouterWorld) -> list[str]:
    """Tunnel and zone as OpenWrt keeps them; said again they replace what was there."""
    return [
        "for part in network.furka network.furka_hub firewall.furka firewall.furka_lan firewall.furka_filter; do",
        '  uci -q delete "$part"',
        "done",
        "uci batch <<'END'",
        "set network.furka=interface",
        "set network.furka.proto='wireguard'",
        f"set network.furka.private_key='{PRIVATE_KEY_PLACE}'",
        f"set network.furka.mtu='{MTU}'",
        f"add_list network.furka.addresses='{world.address}/32'",
        "set network.furka_hub=wireguard_furka",
        f"set network.furka_hub.public_key='{world.hub_key}'",
        f"set network.furka_hub.endpoint_host='{world.host}'",
        f"set network.furka_hub.endpoint_port='{world.port}'",
        f"set network.furka_hub.persistent_keepalive='{KEEPALIVE_SECONDS}'",
        "set network.furka_hub.route_allowed_ips='1'",
        *(f"add_list network.furka_hub.allowed_ips='{each}'" for each in world.sources),
        "set firewall.furka=zone",
        "set firewall.furka.name='furka'",
        "add_list firewall.furka.network='furka'",
        "set firewall.furka.input='REJECT'",
        "set firewall.furka.output='ACCEPT'",
        "set firewall.furka.forward='REJECT'",
        "set firewall.furka.mtu_fix='1'",
        "set firewall.furka_lan=forwarding",
        "set firewall.furka_lan.src='furka'",
        "set firewall.furka_lan.dest='lan'",
    ]


def _iptables(world: RouterWorld) -> list[str]:
    chains = (("nat", "PREROUTING"), ("nat", "POSTROUTING"), ("filter", "FORWARD"), ("filter", "INPUT"))
    lines = []
    for table, hook in chains:
        chain = f"furka_{hook.lower()}"
        lines += [
            f"iptables -t {table} -N {chain} 2>/dev/null || iptables -t {table} -F {chain}",
            f"iptables -t {table} -D {hook} -j {chain} 2>/dev/null",
            f"iptables -t {table} -I {hook} -j {chain}",
        ]
    for pair in world.pairs:
        was = f"-m conntrack --ctstate DNAT --ctorigdst {pair.virtual}"
        lines += [
            f"iptables -t nat -A furka_prerouting -i {TUNNEL} -d {pair.virtual} -j NETMAP --to {pair.real}",
            f"iptables -t nat -A furka_postrouting {was} -j MASQUERADE",
            *(
                f"iptables -A furka_forward -i {TUNNEL} -s {source} -d {pair.real} {was} -j ACCEPT"
                for source in world.sources
            ),
            f"iptables -A furka_forward -o {TUNNEL} {was} --ctdir REPLY -j ACCEPT",
        ]
    return [
        *lines,
        f"iptables -A furka_forward -i {TUNNEL} -j DROP",
        f"iptables -A furka_forward -o {TUNNEL} -j DROP",
        f"iptables -A furka_input -i {TUNNEL} -d {world.address} -p icmp --icmp-type echo-request -j ACCEPT",
        f"iptables -A furka_input -i {TUNNEL} -j DROP",
    ]
