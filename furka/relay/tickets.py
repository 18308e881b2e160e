"""Who may use a relay: a ticket that the portal signs, and the proof that whoever shows it has the gateway's key.

The relay needs no database for either. A ticket says: the gateway with this WireGuard key may use the relay of this hub
until then. It is no secret, for it is good only together with a proof (X25519 with a key that the relay makes for
one connection, RFC 7748), which nobody can make without the gateway's private key, and which can't be used twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

#: So long a ticket counts at least; a gateway gets a newer one with every answer of the portal.
COUNTS_FOR = timedelta(days=7)

#: Tickets of one day are the same text, so that a gateway has nothing to write down but once a day.
_ONE_TEXT = timedelta(days=1)

#: Longer ones are not looked at.
LONGEST = 600

_SIGNED_FOR = b"furka relay ticket 1\n"
_PROVED_FOR = b"furka relay proof 1"


class NoTicket(Exception):
    """The ticket or the proof does not count; the message says why."""


class Ticket(BaseModel):
    """The gateway with that WireGuard key may use the relay of that hub until then."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hub: str
    gateway: str  # its public key, base64
    until: AwareDatetime


def sign(seed: bytes, hub: str, gateway: str, at: datetime) -> str:
    """A ticket for a gateway, as text. `seed` is the portal's secret for tickets, 32 bytes."""
    day = datetime.fromtimestamp(at.timestamp() // _ONE_TEXT.total_seconds() * _ONE_TEXT.total_seconds(), UTC)
    ticket = Ticket(hub=hub, gateway=gateway, until=day + _ONE_TEXT + COUNTS_FOR)
    body = ticket.model_dump_json().encode()
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(_SIGNED_FOR + body)
    return f"{_text(body)}.{_text(signature)}"


def key_of(seed: bytes) -> str:
    """The public half of the portal's secret for tickets, as hubs are told it."""
    return base64.b64encode(
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    ).decode()


def read(text: str, keys: Iterable[str], hub: str, at: datetime) -> Ticket:
    """The ticket that the text is, if one of the portal's keys signed it for this hub and it still counts.

    Raises NoTicket.
    """
    if len(text) > LONGEST:
        raise NoTicket("it is too long")
    head, _, tail = text.partition(".")
    try:
        body, signature = _bytes(head), _bytes(tail)
        signed = any(_signed_by(key, body, signature) for key in keys)
        if not signed:
            raise NoTicket("nobody known has signed it")
        ticket = Ticket.model_validate_json(body)
    except (ValueError, ValidationError) as error:
        raise NoTicket("it is not understood") from error
    if ticket.hub != hub:
        raise NoTicket("it is for another hub")
    if ticket.until <= at:
        raise NoTicket("it has run out")
    return ticket


class Challenge:
    """What a relay asks on one connection, made anew for each."""

    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()
        self.text = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def is_met_by(self, proof: str, ticket: str, gateway: str) -> bool:
        """Whether the proof was made for this question and this ticket with that gateway's private key."""
        try:
            theirs = X25519PublicKey.from_public_bytes(base64.b64decode(gateway, validate=True))
            expected = _proof(self._key.exchange(theirs), self.text, ticket)
        except ValueError:
            return False
        return hmac.compare_digest(expected.encode(), proof.encode(errors="replace"))


def prove(private_key: str, challenge: str, ticket: str) -> str:
    """The gateway's answer to the relay's question. Raises NoTicket if the question makes no sense."""
    try:
        mine = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key, validate=True))
        theirs = X25519PublicKey.from_public_bytes(base64.b64decode(challenge, validate=True))
        return _proof(mine.exchange(theirs), challenge, ticket)
    except ValueError as error:
        raise NoTicket("the relay's question makes no sense") from error


def _proof(shared: bytes, challenge: str, ticket: str) -> str:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PROVED_FOR).derive(shared)
    return hmac.new(key, f"{challenge}\n{ticket}".encode(), hashlib.sha256).hexdigest()


def _signed_by(key: str, body: bytes, signature: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(signature, _SIGNED_FOR + body)
    except (InvalidSignature, ValueError):
        return False
    return True


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
