"""Secrets at rest: what must be read again is sealed (encrypted), what must only be recognised is hashed.

Sealing is Fernet (AES-128-CBC with HMAC-SHA-256) under a key derived with HKDF (RFC 5869) from the installation's
secret key; older secret keys keep opening what they sealed, and keep recognising what they were shown.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

#: Digits and letters that can't be mistaken for each other when read over the phone (Crockford's base 32).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _key(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"furka " + purpose).derive(secret.encode())


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_key(secret, b"seal"))) for secret in keys])


def seal(text: str) -> str:
    """Encrypt a text that must be read again later."""
    return _fernet().encrypt(text.encode()).decode()


#: What is read of a sealed text while sealed texts stay sealed.
MASK = "••••••••"

_stay_sealed: Final[ContextVar[bool]] = ContextVar("stay_sealed", default=False)


@contextmanager
def kept_sealed(closed: bool = True) -> Iterator[None]:
    """Meanwhile nothing sealed is read, whoever asks for it."""
    token = _stay_sealed.set(closed)
    try:
        yield
    finally:
        _stay_sealed.reset(token)


def unseal(sealed: str) -> str:
    """Read a sealed text. Raises cryptography.fernet.InvalidToken if it was not sealed here."""
    if _stay_sealed.get():
        return MASK
    return _fernet().decrypt(sealed.encode()).decode()


def new_token() -> str:
    """A secret for programs: 256 bits, safe in a URL and in a header."""
    return secrets.token_urlsafe(32)


def new_code(groups: int = 3, size: int = 4) -> str:
    """A secret that a person can read and type: groups of characters, 5 bits each, joined by hyphens."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(size)) for _ in range(groups))


def read_code(typed: str) -> str:
    """What somebody typed, with look-alikes and separators set right."""
    plain = "".join(character for character in typed.upper() if character.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))


def fingerprint(secret: str) -> str:
    """What is stored of a secret that must only be recognised: keyed, so that a stolen table says nothing."""
    return fingerprints(secret)[0]


def fingerprints(secret: str) -> list[str]:
    """What may be stored of it: under the secret key, then under older ones. What is shown is looked up by these."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.new(_key(key, b"fingerprint"), secret.encode(), hashlib.sha256).hexdigest() for key in keys]


def signing_seeds(purpose: str) -> list[bytes]:
    """Seeds of 32 bytes for keys that sign for that purpose: the one to sign with, then those of older secret keys."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_key(key, b"sign " + purpose.encode()) for key in keys]


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def public_key_id() -> str:
    """A public name for a row in URLs and messages: 12 characters, 60 random bits, no order and no count in it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12)).lower()
