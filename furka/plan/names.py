"""Names for what is reached through the tunnel: from what people call things to labels of the DNS, each once.

A device is known as `device.site.owner.furka.internal`, where the owner is the customer, or the reseller of a
site without one. `internal` is reserved for private use (ICANN, 2024): no such name ever stands in the public DNS.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator

#: Below it are the names of an installation.
DOMAIN = "furka.internal"

#: A label of the DNS has 63 letters at most (RFC 1035); shorter ones can be read, and leave room to tell two apart.
LONGEST_LABEL = 40

_SPELLED = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "oe",
        "å": "aa",
        "ł": "l",
        "đ": "d",
    }
)
_OTHERS = re.compile(r"[^a-z0-9]+")


def label_of(text: str, otherwise: str) -> str:
    """A name as one label: lower case, letters, digits and single hyphens; `otherwise` if nothing is left of it."""
    spelled = unicodedata.normalize("NFC", text).casefold().translate(_SPELLED)
    # An accent is a mark of its own after that; it goes, the letter stays.
    letters = (each for each in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(each))
    return _OTHERS.sub("-", "".join(letters)).strip("-")[:LONGEST_LABEL].strip("-") or otherwise


def spellings(label: str, key: str) -> Iterator[str]:
    """The label as it stands, and then ever longer ones that tell it apart by the key of what is called so."""
    yield label
    for length in range(4, len(key) + 1):
        yield f"{label}-{key[:length]}"


def free_name(label: str, rest: str, key: str, taken: Container[str]) -> str:
    """The first spelling of the label, with the rest behind it, that nothing else has."""
    names = (f"{each}{rest}" for each in spellings(label, key))
    return next(name for name in names if name not in taken)
