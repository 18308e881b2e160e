"""Homes of portals as their first start leaves them: with tables and static files. Made once, then copied."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "kept"

#: What an installation must not get from whoever runs the tests.
_FOREIGN = ("FURKA_", "DJANGO_", "COV", "PYTEST_")


def own_environment() -> dict[str, str]:
    """The environment for a portal that knows nothing of these tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


def as_installed(home: Path, *, tables: bool = True) -> Path:
    """Put into that folder what the first start makes, so that the next one is quick; without tables for a database
    that is elsewhere."""
    with _ready() as ready:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copytree(ready / "static", home / "static")
        shutil.copy2(ready / "static.stamp", home)
        if tables:
            shutil.copy2(ready / "furka.db", home)
    return home


@contextmanager
def begun_with_tables() -> Iterator[None]:
    """In here, a database for tests that is a file begins with the tables; what they still lack is added as ever."""
    if connection.vendor != "sqlite":
        yield
        return
    creation: Any = connection.creation
    plain = creation._create_test_db

    def create(*args: Any, **kwargs: Any) -> str:
        name: str = plain(*args, **kwargs)
        if not creation.is_in_memory_db(name):
            with _ready() as ready:
                shutil.copyfile(ready / "furka.db", name)
        return name

    creation._create_test_db = create
    try:
        yield
    finally:
        del creation._create_test_db


@contextmanager
def _ready() -> Iterator[Path]:
    """The home that is copied, as long as nobody makes another one."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        ready = KEPT / f"home-{_fingerprint()}"
        if not ready.exists():
            for old in KEPT.glob("home-*"):
                shutil.rmtree(old)
            _make(KEPT / "home-draft").rename(ready)
        yield ready


def _make(home: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "furka.cli", "database", "update", "--home", str(home)],
        cwd=ROOT,
        env=own_environment(),
        check=True,
        capture_output=True,
        timeout=1200,
    )
    return home


def _fingerprint() -> str:
    """Another one when the tables are others. The portal brings up to date what else has changed."""
    told = hashlib.sha256()
    for path in sorted(
        [*ROOT.glob("furka/**/migrations/*.py"), ROOT / "requirements/portal.txt", Path(__file__)]
    ):
        told.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return told.hexdigest()[:16]
