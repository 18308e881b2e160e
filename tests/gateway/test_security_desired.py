"""What a portal that means harm can not make a gateway do."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network

import pytest

from furka.gateway.desired import ImproperSettings, desired
from furka.wire.gateway import GatewaySettings, HubToReach

KEY = "R+GlJJCsNojuaa+1TGb3QAuZGsip9EomLeaBymP/UzM="


@pytest.mark.parametrize(
    "ranges",
    [
        [f"{first}.0.0.0/8" for first in range(256)],  # together the way to everything
        ["198.51.100.0/24"],  # somebody's server
        ["224.0.0.0/8"],
        ["127.0.0.0/8"],
    ],
)
def test_the_tunnel_takes_no_way_that_is_not_private(ranges: list[str]) -> None:
    hub = HubToReach(
        public_key=KEY, endpoint="hub.example.org:51820", allowed=tuple(map(IPv4Network, ranges))
    )
    settings = GatewaySettings(
        now=datetime(2026, 11, 24, 12, tzinfo=UTC),
        etag="1",
        site="School",
        address=IPv4Address("100.65.0.1"),
        hub=hub,
    )

    with pytest.raises(ImproperSettings, match="is not private"):
        desired(settings, lambda network: None)
