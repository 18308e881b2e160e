"""WireGuard interfaces of this machine, with the real programs."""

from __future__ import annotations

import socket
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from furka.kernel import wireguard
from furka.kernel.wireguard import (
    PeerState,
    PeerWish,
    WireGuardError,
    WireGuardInterface,
    generate_private_key,
    public_key_of,
)
from tests.kernel.namespace import run
from tests.lab.waiting import eventually

ONE = IPv4Network("100.72.0.1/32")
TWO = IPv4Network("100.72.0.2/32")
PLANT = IPv4Network("10.128.1.0/24")


def a_public_key() -> str:
    return public_key_of(generate_private_key())


def test_keys_are_those_that_wg_would_make() -> None:
    private = generate_private_key()
    made = subprocess.run(["wg", "pubkey"], input=private, check=True, capture_output=True, text=True)
    assert public_key_of(private) == made.stdout.strip()


def test_a_key_of_the_wrong_length_is_none() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        public_key_of("c2hvcnQ=")


def test_a_wish_does_not_call_a_roaming_peer_back() -> None:
    wish = PeerWish((ONE,), endpoint="192.0.2.1:51820", keepalive=25)
    assert wish.met_by(PeerState((ONE,), "198.51.100.9:4444", keepalive=25))
    assert not wish.met_by(PeerState((ONE,), None, keepalive=25))
    assert not wish.met_by(PeerState((ONE,), "192.0.2.1:51820", keepalive=0))
    assert not wish.met_by(PeerState((ONE, TWO), "192.0.2.1:51820", keepalive=25))


@pytest.mark.lab
@pytest.mark.usefixtures("network")
class TestWithWireguardGo:
    def test_an_interface_is_made_once_and_found_again(self) -> None:
        first = WireGuardInterface("test0")
        assert first.ensure() == "wireguard-go"
        private = generate_private_key()
        first.configure(private, 51999)
        again = WireGuardInterface("test0")
        assert again.ensure() == "wireguard-go"
        assert again.listen_port() == 51999
        assert run("wg", "show", "test0", "public-key").strip() == public_key_of(private)

    def test_peers_are_put_changed_and_dropped(self) -> None:
        interface = WireGuardInterface("test0")
        interface.ensure()
        key, other = a_public_key(), a_public_key()
        interface.put_peer(key, [ONE], "127.0.0.1:4444", 25)
        interface.put_peer(other, [PLANT])
        interface.put_peer(key, [TWO])
        peers = interface.peers()
        assert {name: set(peer.allowed_ips) for name, peer in peers.items()} == {key: {TWO}, other: {PLANT}}
        assert (peers[key].endpoint, peers[key].keepalive) == ("127.0.0.1:4444", 25)
        assert peers[key].handshake_at is None
        interface.drop_peer(other)
        interface.drop_peer(other)
        assert interface.peers().keys() == {key}

    def test_an_address_moves_to_the_peer_that_gets_it_last(self) -> None:
        interface = WireGuardInterface("test0")
        interface.ensure()
        key, other = a_public_key(), a_public_key()
        interface.put_peer(key, [ONE, PLANT])
        interface.put_peer(other, [PLANT])
        assert {name: peer.allowed_ips for name, peer in interface.peers().items()} == {
            key: (ONE,),
            other: (PLANT,),
        }

    def test_sync_touches_only_what_differs(self) -> None:
        interface = WireGuardInterface("test0")
        interface.ensure()
        keys = [a_public_key() for _ in range(3)]
        wanted = {key: PeerWish((IPv4Network(f"100.72.0.{n}/32"),)) for n, key in enumerate(keys)}
        assert interface.sync_peers(wanted) == (3, 0)
        assert interface.sync_peers(wanted) == (0, 0)
        del wanted[keys[0]]
        assert interface.sync_peers(wanted) == (0, 1)
        assert interface.peers().keys() == set(keys[1:])

    def test_the_wg_program_and_the_socket_say_the_same(self) -> None:
        interface = WireGuardInterface("test0")
        interface.ensure()
        private, key = generate_private_key(), a_public_key()
        by_program, by_socket = wireguard._Program("test0"), wireguard._Socket("test0")
        by_program.configure(private, 51998)
        by_program.change(
            {key: PeerWish((ONE, PLANT), "127.0.0.1:4444", 25), a_public_key(): PeerWish(())}, ()
        )
        assert by_program.own() == by_socket.own() == (private, 51998)
        assert by_program.peers() == by_socket.peers()
        secret, other = generate_private_key(), generate_private_key()
        for writer, wanted in (
            (by_program, secret),
            (by_socket, other),
            (by_program, None),
            (by_program, ""),
        ):
            writer.change({key: PeerWish((ONE,), preshared_key=wanted)}, ())
            found = by_socket.peers()[key]
            assert by_program.peers()[key] == found
            assert found.preshared_key == (other if wanted is None else wanted)
            assert not wanted or wanted not in repr(found)
        by_program.change({}, [key])
        assert len(by_socket.peers()) == 1

    def test_a_socket_that_a_killed_program_left_behind_is_not_believed(self) -> None:
        folder = Path("/run/wireguard")
        folder.mkdir()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(str(folder / "test0.sock"))
        interface = WireGuardInterface("test0")
        assert not interface.exists()
        assert interface.ensure() == "wireguard-go"
        assert interface.exists()

    def test_removing_ends_the_program(self) -> None:
        interface = WireGuardInterface("test0")
        interface.ensure()
        interface.remove()
        interface.remove()
        eventually(lambda: not Path("/run/wireguard/test0.sock").exists())
        assert not interface.exists()

    def test_a_key_that_is_refused_is_an_error(self) -> None:
        interface = WireGuardInterface("test0")
        interface.ensure()
        with pytest.raises(WireGuardError, match="can't be found"):
            interface.put_peer(a_public_key(), [ONE], "no-such-host.invalid:1")

    def test_an_interface_of_another_kind_is_left_alone(self) -> None:
        run("ip", "tuntap", "add", "test0", "mode", "tun")
        with pytest.raises(WireGuardError, match="not WireGuard's"):
            WireGuardInterface("test0").ensure()
