"""PINs, and the codes that a supporter reads over the phone; neither is kept anywhere.

A code is six digits made of the installation's key, the prepared release and the running quarter of an hour, so it
proves that whoever reads it is logged in as that supporter now. The one before counts too: somebody may be dialling.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta

from furka.vault import fingerprint, fingerprints

DIGITS = 6
LASTS = timedelta(minutes=15)


def new_pin() -> str:
    """Six digits by chance."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def hash_of(node_id: int, pin: str) -> str:
    """What is kept of a PIN."""
    return fingerprint(f"release {node_id} {pin}")


def hashes_of(node_id: int, pin: str) -> list[str]:
    """The same under every key that the installation has had."""
    return fingerprints(f"release {node_id} {pin}")


def code_at(key: str, at: datetime) -> tuple[str, datetime]:
    """The code that the supporter of a prepared release reads out now, and until when a new one follows."""
    number = _number(at)
    return _code(key, number), datetime.fromtimestamp((number + 1) * LASTS.total_seconds(), tz=UTC)


def is_code(key: str, at: datetime, given: str) -> bool:
    """Whether it is the code of that release, the one that counts now or the one before."""
    number = _number(at)
    right = [hmac.compare_digest(_code(key, each), given) for each in (number, number - 1)]
    return any(right)


def _number(at: datetime) -> int:
    return int(at.timestamp() // LASTS.total_seconds())


def _code(key: str, number: int) -> str:
    return f"{int(fingerprint(f'release by phone {key} {number}'), 16) % 10**DIGITS:0{DIGITS}d}"
