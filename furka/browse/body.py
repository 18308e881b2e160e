"""Bodies on their way to the browser: the device's own addresses in its pages are replaced. Pure."""

from __future__ import annotations

from furka.browse.origin import Origin

#: Kept back at the end of each piece, since an address may be cut in two: longer than the longest address.
KEPT_BACK = 64

_WITH_ADDRESSES = (
    "text/html",
    "text/css",
    "text/javascript",
    "text/xml",
    "application/javascript",
    "application/x-javascript",
    "application/json",
    "application/xml",
    "application/xhtml+xml",
    "image/svg+xml",
)


def has_addresses(content_type: str, content_encoding: str, status: int) -> bool:
    """Whether addresses are looked for: in whole texts, unless the device packs them although nobody asked it to."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _WITH_ADDRESSES and content_encoding.lower() in ("", "identity") and status != 206


class Rewriter:
    """Takes a body piece by piece and gives it back with the device's addresses replaced."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be passed on after this piece."""
        return self._pass_on(self._kept + piece, KEPT_BACK)

    def finish(self) -> bytes:
        """What was kept back."""
        return self._pass_on(self._kept, 0)

    def _pass_on(self, text: bytes, back: int) -> bytes:
        border = max(0, len(text) - back)
        parts, at = [], 0
        for found in self._origin.addresses_in_bytes.finditer(text):
            if back and found.start() >= border:
                break
            parts += [text[at : found.start()], self._origin.in_bytes(found)]
            at = found.end()
        border = max(at, border)
        self._kept = text[border:]
        return b"".join([*parts, text[at:border]])
