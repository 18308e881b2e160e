"""The few lines of HTTP/1.1 with which a session begins (RFC 9110, Upgrade): they pass proxies and load balancers."""

from __future__ import annotations

from dataclasses import dataclass

PATH = "/furka/relay"
PROTOCOL = "furka-relay/1"
SCHEME = "Furka"

#: A head may be so long; longer ones are not waited for.
LONGEST = 4096

END = b"\r\n\r\n"


class NoHead(Exception):
    """What came is not the head of an HTTP message that is understood."""


@dataclass(frozen=True, slots=True)
class Head:
    """First line and fields of a message; names of fields in small letters."""

    first: tuple[str, str, str]
    fields: dict[str, str]

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.first[1]) if self.first[1].isascii() and self.first[1].isdigit() else 0

    @property
    def asks_for_relay(self) -> bool:
        """Whether it is a question of a gateway."""
        return self.first[:2] == ("GET", PATH) and self.fields.get("upgrade", "").lower() == PROTOCOL

    def credentials(self) -> tuple[str, str]:
        """Ticket and proof that a gateway shows; empty where there is none."""
        kind, _, rest = self.fields.get("authorization", "").partition(" ")
        if kind != SCHEME:
            return "", ""
        ticket, _, proof = rest.strip().partition(" ")
        return ticket, proof

    def challenge(self) -> str:
        """What a relay asks."""
        kind, _, rest = self.fields.get("www-authenticate", "").partition(" ")
        return rest.strip() if kind == SCHEME else ""


def parse(raw: bytes) -> Head:
    """The head of a message, without its empty line. Raises NoHead."""
    lines = raw.decode("latin-1").split("\r\n")
    one, two, three = (*lines[0].split(" ", 2), "", "")[:3]
    if not one or not two:
        raise NoHead("no first line")
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise NoHead("a field without a name")
        fields[name.lower()] = value.strip()
    return Head((one, two, three), fields)


def question(host: str, ticket: str, proof: str = "") -> bytes:
    """A gateway asks for a session."""
    shown = f"{SCHEME} {ticket} {proof}".rstrip()
    return _lines(
        f"GET {PATH} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        f"Upgrade: {PROTOCOL}",
        f"Authorization: {shown}",
    )


def welcome() -> bytes:
    """The session begins: datagrams follow."""
    return _lines("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", f"Upgrade: {PROTOCOL}")


def ask_for_proof(challenge: str) -> bytes:
    """The ticket counts; now show that it is yours, on this connection."""
    return _lines("HTTP/1.1 401 Unauthorized", f"WWW-Authenticate: {SCHEME} {challenge}", "Content-Length: 0")


def refusal(status: int, words: str) -> bytes:
    """No."""
    return _lines(f"HTTP/1.1 {status} {words}", "Content-Length: 0", "Connection: close")


def _lines(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("ascii")
