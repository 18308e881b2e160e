"""The one hub of the portal that the tests with a browser share: all speak for it, nothing stands behind it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.wire import PREFIX


def call(base_url: str, path: str, body: Mapping[str, object], token: str = "") -> httpx.Response:
    """What hub or gateway say."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.post(f"{base_url}{PREFIX}{path}", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer


def a_hub(base_url: str, portal_home: Path) -> str:
    """Have the hub say hello, with pages of devices and a relay; returns its token, the one before counts no more."""
    foreign = ("FURKA_", "DJANGO_")
    done = subprocess.run(
        [sys.executable, "-m", "furka.cli", "operate", "hub", "--home", str(portal_home), "hub-1"],
        env={name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        | {"FURKA_URL": base_url},
        capture_output=True,
        text=True,
        check=True,
    )
    token = done.stdout.strip()
    hello = {
        "version": "1",
        "public_key": public_key_of(generate_private_key()),
        "endpoint": "hub.example.org:51820",
        "back_end": "memory",
        "pages": "http://*.localhost:9",
        "relay": {"endpoint": "hub.example.org:443"},
    }
    call(base_url, "/hub/hello", hello, token)
    return token
