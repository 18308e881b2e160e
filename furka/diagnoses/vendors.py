"""Who made a device, by its hardware address: the register of the IEEE, as a library carries it."""

from __future__ import annotations

from functools import cache

import aiooui
from asgiref.sync import async_to_sync

#: This bit of the first byte says that the address was chosen by the device itself, not by its maker.
_LOCAL = 0x02


@cache
def vendor_of(mac: str) -> str:
    """The maker's name; empty if it is not known, or the address says nothing of a maker."""
    if int(mac[:2], 16) & _LOCAL:
        return ""
    if not aiooui.is_loaded():
        async_to_sync(aiooui.async_load)()
    return aiooui.get_vendor(mac) or ""
