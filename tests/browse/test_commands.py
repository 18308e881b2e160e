"""`furka browse` as a person meets it, and as a process: over TLS, told by a hub, ended by a signal."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
import threading
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address
from pathlib import Path
from queue import Queue

import httpx
import pytest
from click.testing import CliRunner

from furka import clock
from furka.browse.commands import browse
from furka.hub.page_line import PageLine
from furka.plan.entries import Page, Way
from furka.wire.hub import PageClosed
from tests.thread.installation import free_port, wait_for

LABEL = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--pages", "https://pages.example.org"], "must be like"),
        (["--pages", ""], "must be like"),
        (["--listen", "8090"], "must be HOST:PORT"),
        (["--certificate", __file__], "given together"),
    ],
)
def test_what_is_wrong_is_said(options: list[str], complaint: str, tmp_path: Path) -> None:
    usual = [
        "--pages",
        "https://*.pages.example.org",
        "--page-socket",
        str(tmp_path / "s"),
        "--home",
        str(tmp_path),
    ]
    result = CliRunner().invoke(browse, ["run", *usual, "--listen", "127.0.0.1:0", *options])
    assert (result.exit_code != 0, complaint in result.output) == (True, True), result.output


def test_it_needs_no_django_and_no_rights_of_a_hub() -> None:
    code = (
        "import sys, furka.browse.commands; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('django', 'pyroute2', 'nftables')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_it_runs_over_tls_and_ends_when_told(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=pages"]
    subprocess.run([*argv, "-keyout", str(key), "-out", str(certificate)], capture_output=True, check=True)
    closed: Queue[PageClosed] = Queue()
    line = PageLine(closed.put)
    threading.Thread(target=line.opened_at(tmp_path / "pages.sock"), daemon=True).start()
    port, now = free_port(), clock.now()
    line.tell(now, (_page(now),))
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "furka.cli", "browse", "run"),
            *("--pages", "https://*.pages.example.org", "--page-socket", str(tmp_path / "pages.sock")),
            *("--home", str(tmp_path / "home"), "--listen", f"127.0.0.1:{port}"),
            *("--certificate", str(certificate), "--private-key", str(key)),
        ]
    )
    trusted = ssl.create_default_context(cafile=str(certificate))
    trusted.check_hostname = False
    try:
        with httpx.Client(
            verify=trusted, trust_env=False, headers={"Host": f"{LABEL}.pages.example.org"}
        ) as browser:
            wait_for("it answers", lambda: _answers(browser, port), 30)
            entered = browser.get(f"https://127.0.0.1:{port}/.furka/open?t=ticket")
            assert (entered.status_code, "__Host-furka-page" in entered.headers["Set-Cookie"]) == (303, True)
    finally:
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0


def _answers(browser: httpx.Client, port: int) -> bool:
    try:
        return browser.get(f"https://127.0.0.1:{port}/").status_code == 403
    except httpx.TransportError:
        return False


def _page(now: object) -> Page:
    return Page.model_validate(
        {
            "name": "page",
            "label": LABEL,
            "ticket_hash": sha256(b"ticket").hexdigest(),
            "ticket_until": clock.now() + timedelta(minutes=1),
            "address": IPv4Address("127.8.0.1"),
            "device": IPv4Address("127.9.9.9"),
            "known_as": IPv4Address("127.9.9.9"),
            "ways": (Way(scheme="http", port=80),),
            "not_before": now,
            "not_after": clock.now() + timedelta(hours=1),
        }
    )
