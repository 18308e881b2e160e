"""Both ends of the relay, over real TLS on the loopback."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.lab.proxy import HttpProxy
from furka.relay import heads
from furka.relay.certificate import client_context
from furka.relay.limits import Limits
from furka.relay.line import Credential
from furka.relay.proxy import Proxy
from furka.relay.tickets import prove
from tests.lab.waiting import eventually
from tests.relay.beside import Beside, a_line, a_relay, wireguard


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    with a_relay(tmp_path) as beside:
        yield beside


@contextlib.contextmanager
def spoken(beside: Beside) -> Iterator[ssl.SSLSocket]:
    """A TLS connection to the relay on which one says what one likes."""
    with socket.create_connection(("127.0.0.1", beside.port), 5) as plain:
        context = client_context(beside.certificate)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as line:
            yield line


def heard(line: ssl.SSLSocket) -> bytes:
    """Everything that is said until the other side hangs up."""
    found = b""
    with contextlib.suppress(OSError):
        while part := line.recv(4096):
            found += part
    return found


def test_datagrams_of_all_sizes_travel_both_ways_in_their_order(beside: Beside) -> None:
    with wireguard() as end, a_line(beside.target(), beside.credential(), end) as line:
        eventually(lambda: line.up)
        sent = [bytes([97 + index % 26]) * (1 + index * 37 % 1480) for index in range(60)]
        for datagram in sent:
            end.send(datagram)
        assert [end.recv(4096) for _ in sent] == [datagram.upper() for datagram in sent]
        assert beside.hub.heard == sent


def test_a_line_comes_back_when_the_relay_does(tmp_path: Path) -> None:
    with a_relay(tmp_path) as first:
        credential, target = first.credential(), first.target()
    with wireguard() as end, a_line(target, credential, end) as line:
        eventually(lambda: line.trouble)
        assert not line.up
        with a_relay(tmp_path, port=target.port) as second:
            line.renew(second.ticket(_public(credential)))
            eventually(lambda: line.up, 20)
            end.send(b"back")
            assert end.recv(100) == b"BACK"
        eventually(lambda: not line.up)


def _public(credential: Credential) -> str:
    return public_key_of(credential.private_key)


@pytest.mark.parametrize(
    "what", ["nothing", "nonsense", "another hub's", "signed by others", "somebody else's"]
)
def test_without_a_ticket_of_ones_own_nothing_is_carried(beside: Beside, tmp_path: Path, what: str) -> None:
    own = beside.credential()
    with a_relay(tmp_path / ".") as other:
        shown = {
            "nothing": dataclasses.replace(own, ticket=""),
            "nonsense": dataclasses.replace(own, ticket="abc.def"),
            "another hub's": dataclasses.replace(own, ticket=beside.ticket(_public(own), "hub-2")),
            "signed by others": other.credential(),
            "somebody else's": dataclasses.replace(own, private_key=generate_private_key()),
        }[what]
    with wireguard() as end, a_line(beside.target(), shown, end) as line:
        eventually(lambda: line.trouble)
        assert line.trouble == "the relay refuses: 403 Forbidden"
        end.send(b"hello")
        assert not beside.hub.heard


def test_a_proof_is_good_for_one_connection_only(beside: Beside) -> None:
    credential = beside.credential()
    with spoken(beside) as line:
        line.sendall(heads.question("x", credential.ticket))
        assert line.recv(4096).startswith(b"HTTP/1.1 401 ")
        line.sendall(heads.question("x", credential.ticket, "0" * 64))
        assert heard(line).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 "),
        (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 "),
        (b"\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 5000, b"HTTP/1.1 431 "),
    ],
)
def test_other_questions_get_nothing(beside: Beside, said: bytes, answer: bytes) -> None:
    with spoken(beside) as line:
        line.sendall(said)
        assert heard(line).startswith(answer)
    eventually(lambda: not beside.relay.admission.connected)


def test_whoever_says_nothing_is_sent_away(tmp_path: Path) -> None:
    with (
        a_relay(tmp_path, Limits(head_seconds=2)) as beside,
        socket.create_connection(("127.0.0.1", beside.port), 30) as plain,
        spoken(beside) as line,
    ):
        line.settimeout(30)
        assert plain.recv(100) == b""
        assert heard(line) == b""


def test_one_address_gets_a_bounded_number_of_connections(tmp_path: Path) -> None:
    with (
        a_relay(tmp_path, Limits(per_source=2)) as beside,
        spoken(beside),
        spoken(beside),
        socket.create_connection(("127.0.0.1", beside.port), 5) as third,
        contextlib.suppress(ConnectionResetError),
    ):
        assert third.recv(100) == b""


def test_a_gateway_has_one_session_the_newest(beside: Beside) -> None:
    credential = beside.credential()
    with wireguard() as one, a_line(beside.target(), credential, one) as older:
        eventually(lambda: older.up)
        with spoken(beside) as line:
            line.sendall(heads.question("x", credential.ticket))
            challenge = heads.parse(line.recv(4096).removesuffix(heads.END)).challenge()
            proof = prove(credential.private_key, challenge, credential.ticket)
            line.sendall(heads.question("x", credential.ticket, proof))
            assert line.recv(4096).startswith(b"HTTP/1.1 101 ")
            eventually(lambda: not older.up)
            assert len(beside.relay.sessions) == 1


def test_a_relay_that_shows_another_certificate_is_not_used(beside: Beside, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with a_relay(other) as stranger, wireguard() as end:
        target = dataclasses.replace(beside.target(), certificate=stranger.certificate)
        with a_line(target, beside.credential(), end) as line:
            eventually(lambda: line.trouble)
            assert line.trouble.startswith("the relay's certificate does not count")


def test_through_a_proxy_with_a_login(beside: Beside) -> None:
    with HttpProxy(("127.0.0.1", 0), "plant:secret word", ports={beside.port}) as proxy:
        right = Proxy.parse(f"http://plant:secret%20word@127.0.0.1:{proxy.port}")
        with wireguard() as end, a_line(beside.target(right), beside.credential(), end) as line:
            eventually(lambda: line.up)
            end.send(b"through")
            assert end.recv(100) == b"THROUGH"
        wrong = Proxy.parse(f"http://127.0.0.1:{proxy.port}")
        with wireguard() as end, a_line(beside.target(wrong), beside.credential(), end) as line:
            eventually(lambda: line.trouble)
            assert line.trouble == f"the proxy 127.0.0.1:{proxy.port} wants another login"


@pytest.mark.parametrize(
    "url", ["https://p:1", "http://", "http://h:x", "h:3128", "http://u:secret@h/x", "http://u:se%0acret@h"]
)
def test_a_proxy_that_is_written_wrongly_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="has to be written as") as refused:
        Proxy.parse(url)
    assert "secret" not in str(refused.value)
