"""One WireGuard interface of this machine: keys, peers and their state, whichever back end carries it.

Two back ends: the kernel's module, driven by the `wg` program, and wireguard-go in user space, driven over
its Unix socket (https://www.wireguard.com/xplatform/). Private keys travel through file descriptors and
sockets only, never through arguments that other users of the machine can read.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from furka.clock import monotonic

BackEnd = Literal["kernel", "wireguard-go"]
BackEndChoice = Literal["auto", "kernel", "wireguard-go"]
Network = IPv4Network | IPv6Network

#: Where wireguard-go keeps its sockets; shared by all network namespaces that share this folder.
SOCKETS = Path("/run/wireguard")

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,15}$")
_START_LIMIT = 5.0  # seconds until wireguard-go answers
_ANSWER_LIMIT = 10.0  # seconds for one question to it
_PEERS_PER_CALL = 200
_NO_KEY = bytes(32)
_FILE_OF = "the file of "  # stands where the file of a secret belongs


class WireGuardError(Exception):
    """The interface could not be made, changed or read; the message says what to look at."""


def generate_private_key() -> str:
    """A new X25519 private key in base64, as WireGuard writes it (RFC 7748)."""
    return base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode()


def public_key_of(private: str) -> str:
    """The public key that belongs to a private key, both in base64; ValueError if it is none."""
    return base64.b64encode(
        X25519PrivateKey.from_private_bytes(_raw_key(private)).public_key().public_bytes_raw()
    ).decode()


@dataclass(frozen=True, slots=True)
class PeerState:
    """What WireGuard knows about a peer. Byte counters run since the peer was added."""

    allowed_ips: tuple[Network, ...] = ()
    endpoint: str | None = None
    handshake_at: datetime | None = None
    received_bytes: int = 0
    sent_bytes: int = 0
    keepalive: int = 0
    preshared_key: str = field(default="", repr=False)  # empty: none


@dataclass(frozen=True, slots=True)
class PeerWish:
    """How a peer has to be configured; None leaves endpoint, keepalive or pre-shared key as they are."""

    allowed_ips: tuple[Network, ...]
    endpoint: str | None = None
    keepalive: int | None = None
    preshared_key: str | None = field(default=None, repr=False)  # empty: none

    def met_by(self, state: PeerState) -> bool:
        """Whether nothing would change. A roaming peer's endpoint is not set back for it."""
        return (
            set(self.allowed_ips) == set(state.allowed_ips)
            and (self.endpoint is None or state.endpoint is not None)
            and (self.keepalive is None or self.keepalive == state.keepalive)
            and (self.preshared_key is None or self.preshared_key == state.preshared_key)
        )


class WireGuardInterface:
    """A WireGuard interface by name. Calls may be repeated; only `drop_peer` and `remove` end sessions."""

    def __init__(self, name: str) -> None:
        if not _NAME.match(name):
            raise ValueError(
                f"{name!r} is not a name for a network interface (at most 15 letters and digits)"
            )
        self.name = name
        self._driver: _Driver | None = None

    def ensure(self, back_end: BackEndChoice = "auto") -> BackEnd:
        """Make the interface unless it is there, and say what carries it.

        A wireguard-go that an earlier run of the program left behind is found again and kept. A new one has a
        session of its own and outlives us.
        """
        found = self._found()
        if found is None:
            found = self._make(back_end)
        elif back_end not in ("auto", found):
            raise WireGuardError(f"{self.name} exists already, carried by {found}; remove it first")
        self._driver = _Socket(self.name) if found == "wireguard-go" else _Program(self.name)
        return found

    def exists(self) -> bool:
        """Whether the interface is there and answers."""
        return self._found() is not None

    def configure(self, private_key: str, listen_port: int | None = None) -> None:
        """Set the key and the UDP port; what is so already is left alone. None leaves the port as it is."""
        _raw_key(private_key)
        key_is, port_is = self._with_driver().own()
        wrong_port = listen_port is not None and listen_port != port_is
        if key_is != private_key or wrong_port:
            self._with_driver().configure(
                private_key if key_is != private_key else None, listen_port if wrong_port else None
            )

    def listen_port(self) -> int:
        """The UDP port it listens on; 0 while it is down."""
        return self._with_driver().own()[1]

    def peers(self) -> dict[str, PeerState]:
        """All peers by their public key in base64."""
        return self._with_driver().peers()

    def put_peer(
        self,
        public_key: str,
        allowed_ips: Iterable[Network],
        endpoint: str | None = None,
        keepalive: int | None = None,
    ) -> None:
        """Create a peer or change it without dropping its session. Its allowed addresses are replaced.

        `endpoint` is host:port. An address that another peer had moves to this one.
        """
        self._with_driver().change({public_key: PeerWish(tuple(allowed_ips), endpoint, keepalive)}, ())

    def drop_peer(self, public_key: str) -> None:
        """Forget a peer; nothing happens if there is none."""
        self._with_driver().change({}, (public_key,))

    def change_peers(self, put: Mapping[str, PeerWish], drop: Iterable[str]) -> None:
        """Drop peers, then put others, in as few transactions as the back end allows."""
        self._with_driver().change(put, drop)

    def sync_peers(self, wanted: Mapping[str, PeerWish]) -> tuple[int, int]:
        """Have exactly these peers, touching only those that differ; returns how many it put and dropped."""
        present = self.peers()
        surplus = [key for key in present if key not in wanted]
        differing = {
            key: wish for key, wish in wanted.items() if key not in present or not wish.met_by(present[key])
        }
        if surplus or differing:
            self._with_driver().change(differing, surplus)
        return len(differing), len(surplus)

    def remove(self) -> None:
        """Take the interface away, and with it wireguard-go; nothing happens if there is none."""
        with IPRoute() as kernel:
            for index in kernel.link_lookup(ifname=self.name):
                kernel.link("del", index=index)
        deadline = monotonic() + _START_LIMIT
        while _answers(self.name) and monotonic() < deadline:
            _pause()
        _forget_socket(self.name)
        self._driver = None

    def _with_driver(self) -> _Driver:
        if self._driver is None:
            self.ensure()
        if self._driver is None:
            raise WireGuardError(f"{self.name} can't be made")
        return self._driver

    def _found(self) -> BackEnd | None:
        kind = _kind_of_link(self.name)
        if kind == "wireguard":
            return "kernel"
        alive = _answers(self.name)
        if kind is None:
            if alive:
                raise WireGuardError(f"a wireguard-go named {self.name} runs in another network namespace")
            return None
        if not alive:
            raise WireGuardError(f"an interface named {self.name} exists that is not WireGuard's")
        return "wireguard-go"

    def _make(self, choice: BackEndChoice) -> BackEnd:
        if choice in ("auto", "kernel"):
            try:
                with IPRoute() as kernel:
                    kernel.link("add", ifname=self.name, kind="wireguard")
            except NetlinkError as error:
                if choice == "kernel":
                    raise WireGuardError(
                        f"this kernel has no WireGuard, or we may not use it: {error}"
                    ) from error
            else:
                if shutil.which("wg") is None:
                    raise WireGuardError("the program wg is missing (package wireguard-tools)")
                return "kernel"
        _start_wireguard_go(self.name)
        return "wireguard-go"


class _Driver(Protocol):
    """What a back end can do."""

    def own(self) -> tuple[str | None, int]:
        """The private key and the port of the interface."""
        ...

    def configure(self, private_key: str | None, listen_port: int | None) -> None: ...

    def peers(self) -> dict[str, PeerState]: ...

    def change(self, put: Mapping[str, PeerWish], drop: Iterable[str]) -> None: ...


class _Socket:
    """wireguard-go over its Unix socket."""

    def __init__(self, name: str) -> None:
        self._path = SOCKETS / f"{name}.sock"

    def own(self) -> tuple[str | None, int]:
        first = dict(line for line in self._ask("get=1\n\n")[0])
        key = first.get("private_key")
        return (_from_hex(key) if key else None), int(first.get("listen_port", "0"))

    def configure(self, private_key: str | None, listen_port: int | None) -> None:
        lines = ["set=1"]
        if private_key is not None:
            lines.append(f"private_key={_raw_key(private_key).hex()}")
        if listen_port is not None:
            lines.append(f"listen_port={listen_port}")
        self._ask("\n".join(lines) + "\n\n")

    def peers(self) -> dict[str, PeerState]:
        states = {}
        for block in self._ask("get=1\n\n")[1:]:
            values = dict(block)
            seconds, nanoseconds = (
                int(values.get(f"last_handshake_time_{unit}", "0")) for unit in ("sec", "nsec")
            )
            states[_from_hex(values["public_key"])] = PeerState(
                allowed_ips=tuple(_network(value) for name, value in block if name == "allowed_ip"),
                endpoint=values.get("endpoint"),
                handshake_at=datetime.fromtimestamp(seconds + nanoseconds / 1e9, UTC) if seconds else None,
                received_bytes=int(values.get("rx_bytes", "0")),
                sent_bytes=int(values.get("tx_bytes", "0")),
                keepalive=int(values.get("persistent_keepalive_interval", "0")),
                preshared_key=_preshared(values.get("preshared_key", "")),
            )
        return states

    def change(self, put: Mapping[str, PeerWish], drop: Iterable[str]) -> None:
        lines = ["set=1"]
        for key in drop:
            lines += [f"public_key={_raw_key(key).hex()}", "remove=true"]
        for key, wish in put.items():
            lines.append(f"public_key={_raw_key(key).hex()}")
            if wish.endpoint is not None:
                lines.append(f"endpoint={_resolved(wish.endpoint)}")
            if wish.keepalive is not None:
                lines.append(f"persistent_keepalive_interval={wish.keepalive}")
            if wish.preshared_key is not None:
                secret = _raw_key(wish.preshared_key) if wish.preshared_key else _NO_KEY
                lines.append(f"preshared_key={secret.hex()}")
            lines.append("replace_allowed_ips=true")
            lines += [f"allowed_ip={network}" for network in wish.allowed_ips]
        self._ask("\n".join(lines) + "\n\n")

    def _ask(self, question: str) -> list[list[tuple[str, str]]]:
        """The answer as blocks of name and value: first the interface's own, then one per peer."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(_ANSWER_LIMIT)
                line.connect(str(self._path))
                line.sendall(question.encode())
                answer = bytearray()
                while not answer.endswith(b"\n\n"):
                    part = line.recv(1 << 18)
                    if not part:
                        break
                    answer += part
        except OSError as error:
            raise WireGuardError(f"wireguard-go does not answer at {self._path}: {error}") from error
        blocks: list[list[tuple[str, str]]] = [[]]
        for text in answer.decode().split("\n"):
            name, equals, value = text.partition("=")
            if name == "errno":
                if value != "0":
                    reason = os.strerror(abs(int(value)))
                    raise WireGuardError(f"wireguard-go refused the change: {reason}")
                return blocks
            if name == "public_key":
                blocks.append([])
            if equals:
                blocks[-1].append((name, value))
        raise WireGuardError("wireguard-go broke off its answer")


class _Program:
    """The kernel's WireGuard through the `wg` program."""

    def __init__(self, name: str) -> None:
        self._name = name

    def own(self) -> tuple[str | None, int]:
        key, _, port, _ = self._dump()[0]
        return (None if key == "(none)" else key), int(port)

    def configure(self, private_key: str | None, listen_port: int | None) -> None:
        arguments = [] if listen_port is None else ["listen-port", str(listen_port)]
        if private_key is not None:
            arguments += ["private-key", "/dev/stdin"]
        self._wg("set", self._name, *arguments, text=private_key or "")

    def peers(self) -> dict[str, PeerState]:
        return {
            key: PeerState(
                allowed_ips=() if allowed == "(none)" else tuple(map(_network, allowed.split(","))),
                endpoint=None if endpoint == "(none)" else endpoint,
                handshake_at=datetime.fromtimestamp(int(handshake), UTC) if int(handshake) else None,
                received_bytes=int(received),
                sent_bytes=int(sent),
                keepalive=0 if keepalive == "off" else int(keepalive),
                preshared_key="" if preshared == "(none)" else preshared,
            )
            for key, preshared, endpoint, allowed, handshake, received, sent, keepalive in self._dump()[1:]
        }

    def change(self, put: Mapping[str, PeerWish], drop: Iterable[str]) -> None:
        each = [["peer", key, "remove"] for key in drop]
        secrets: dict[str, str] = {}
        for key, wish in put.items():
            arguments = ["peer", key]
            if wish.preshared_key is not None:
                secrets[key] = wish.preshared_key
                arguments += ["preshared-key", f"{_FILE_OF}{key}"]
            if wish.endpoint is not None:
                arguments += ["endpoint", wish.endpoint]
            if wish.keepalive is not None:
                arguments += ["persistent-keepalive", str(wish.keepalive)]
            each.append([*arguments, "allowed-ips", ",".join(map(str, wish.allowed_ips))])
        for start in range(0, len(each), _PEERS_PER_CALL):
            some = each[start : start + _PEERS_PER_CALL]
            self._set([word for words in some for word in words], secrets)

    def _set(self, words: list[str], secrets: Mapping[str, str]) -> None:
        """Secrets go through files that exist in memory only, as long as the program runs."""
        with ExitStack() as open_files:
            files: list[int] = []
            for place, word in enumerate(words):
                if not word.startswith(_FILE_OF):
                    continue
                secret = secrets[word.removeprefix(_FILE_OF)]
                words[place] = "/dev/null"
                if secret:
                    file = os.memfd_create("key")
                    open_files.callback(os.close, file)
                    os.write(file, secret.encode())
                    files.append(file)
                    words[place] = f"/dev/fd/{file}"
            self._wg("set", self._name, *words, files=files)

    def _dump(self) -> list[list[str]]:
        return [line.split("\t") for line in self._wg("show", self._name, "dump").splitlines()]

    def _wg(self, *arguments: str, text: str = "", files: Sequence[int] = ()) -> str:
        try:
            done = subprocess.run(
                ["wg", *arguments],
                input=text,
                capture_output=True,
                text=True,
                timeout=_ANSWER_LIMIT,
                check=False,
                pass_fds=files,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WireGuardError(f"the program wg can't be run: {error}") from error
        if done.returncode != 0:
            raise WireGuardError(f"wg {arguments[0]} {self._name}: {done.stderr.strip()}")
        return done.stdout


@lru_cache(maxsize=65_536)
def _network(text: str) -> Network:
    """The same few thousand texts come back every second, and parsing one takes longer than all the rest."""
    return ip_network(text)


def _raw_key(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != 32:
        raise ValueError("a WireGuard key has 32 bytes")
    return raw


def _preshared(told: str) -> str:
    """A pre-shared key as it is told; of zeros only, there is none."""
    return _from_hex(told) if told.strip("0") else ""


def _from_hex(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def _resolved(endpoint: str) -> str:
    """host:port with the host as a number, as wireguard-go wants it."""
    host, _, port = endpoint.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
    except (OSError, ValueError) as error:
        raise WireGuardError(f"the address {endpoint!r} can't be found: {error}") from error
    family, _, _, _, address = found[0]
    return f"[{address[0]}]:{port}" if family == socket.AF_INET6 else f"{address[0]}:{port}"


def _kind_of_link(name: str) -> str | None:
    """The kernel's word for the kind of an interface; None if there is none of that name."""
    with IPRoute() as kernel:
        for index in kernel.link_lookup(ifname=name):
            for link in kernel.get_links(index):
                about = link.get_attr("IFLA_LINKINFO")
                return (about and about.get_attr("IFLA_INFO_KIND")) or "unknown"
    return None


def _answers(name: str) -> bool:
    """Whether a wireguard-go of that name is alive: its socket file alone proves nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_ANSWER_LIMIT)
        try:
            line.connect(str(SOCKETS / f"{name}.sock"))
        except OSError:
            return False
        return True


def _forget_socket(name: str) -> None:
    if not _answers(name):
        (SOCKETS / f"{name}.sock").unlink(missing_ok=True)


def _start_wireguard_go(name: str) -> None:
    if shutil.which("wireguard-go") is None:
        raise WireGuardError("this kernel has no WireGuard, and the program wireguard-go is missing")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise WireGuardError("wireguard-go needs /dev/net/tun, which is missing or closed to us")
    _forget_socket(name)
    # setsid --fork: nobody's child, so that it neither dies with us nor stays behind as a zombie.
    subprocess.run(
        ["setsid", "--fork", "wireguard-go", name],
        env={**os.environ, "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        check=True,
        timeout=_ANSWER_LIMIT,
    )
    deadline = monotonic() + _START_LIMIT
    while not (_answers(name) and _kind_of_link(name)):
        if monotonic() > deadline:
            raise WireGuardError(f"wireguard-go did not start {name} within {_START_LIMIT:.0f} seconds")
        _pause()


def _pause() -> None:
    time.sleep(0.02)
