"""Addresses, routes and switches of this machine's interfaces."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from furka.kernel import links
from furka.kernel.links import Link, LinkError
from tests.kernel.namespace import run

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("network")]

A = IPv4Network("100.65.0.0/16")
B = IPv4Network("10.128.0.0/9")


@pytest.fixture
def tunnel(network: None) -> Link:
    """An interface to play with."""
    run("ip", "tuntap", "add", "t0", "mode", "tun")
    link = Link("t0")
    link.bring_up()
    return link


def test_an_interface_has_exactly_the_wanted_addresses(tunnel: Link) -> None:
    one, two = IPv4Interface("100.64.0.1/32"), IPv4Interface("100.64.0.2/24")
    tunnel.replace_addresses([one, two])
    assert tunnel.addresses() == {one, two}
    tunnel.replace_addresses([two])
    tunnel.replace_addresses([two])
    assert tunnel.addresses() == {two}


def test_an_interface_has_exactly_the_wanted_routes(tunnel: Link) -> None:
    tunnel.replace_addresses([IPv4Interface("100.64.0.1/24")])
    tunnel.replace_routes([A, B], IPv4Address("100.64.0.1"))
    assert tunnel.routes() == {A, B}
    tunnel.replace_routes([B])
    tunnel.replace_routes([B])
    assert tunnel.routes() == {B}
    assert "100.64.0.0/24 dev t0 proto kernel" in run("ip", "route")


def test_bringing_up_sets_the_size_of_packets(tunnel: Link) -> None:
    tunnel.bring_up(1300)
    said = run("ip", "link", "show", "t0")
    assert "mtu 1300" in said
    assert "UP" in said


def test_what_is_not_there_is_an_error() -> None:
    assert not Link("t9").exists()
    with pytest.raises(LinkError, match="no interface t9"):
        Link("t9").routes()


def test_an_interface_is_found_by_the_network_it_lies_in(tunnel: Link) -> None:
    tunnel.replace_addresses([IPv4Interface("192.168.1.9/24"), IPv4Interface("10.1.1.1/32")])
    assert links.interface_in(IPv4Network("192.168.1.0/24")) == "t0"
    assert links.interface_in(IPv4Network("192.168.0.0/16")) == "t0"
    assert links.interface_in(IPv4Network("192.168.2.0/24")) is None
    assert links.interface_in(IPv4Network("10.1.1.0/24")) is None
    assert links.interface_in(IPv4Network("192.168.1.0/24"), other_than=["t0"]) is None


def test_switches_are_set_for_all_that_count(tunnel: Link) -> None:
    links.forward_packets()
    links.stop_redirects("t0")
    links.loosen_reverse_path("t0")
    links.switch_off_ipv6("t0")
    switches = Path("/proc/sys/net")
    assert (switches / "ipv4/ip_forward").read_text() == "1\n"
    for which in ("all", "default", "t0"):
        assert (switches / f"ipv4/conf/{which}/send_redirects").read_text() == "0\n"
    assert (switches / "ipv4/conf/t0/rp_filter").read_text() == "2\n"
    assert "inet6" not in run("ip", "address", "show", "dev", "t0")
