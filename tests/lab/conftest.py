"""A lab of its own for every file of tests, with a page behind the portal's address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from furka.lab import Lab
from furka.lab.devices import HeatingController


@pytest.fixture(scope="module")
def page_here() -> Iterator[ThreadingHTTPServer]:
    """A web page on this machine's loopback."""
    server = HeatingController(("127.0.0.1", 0), "this machine")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, page_here: ThreadingHTTPServer) -> Iterator[Lab]:
    """A running lab; where it can't run, the test fails and says what is missing."""
    home: Path = tmp_path_factory.mktemp("lab")
    with Lab.start(home, int(page_here.server_address[1])) as lab:
        yield lab
