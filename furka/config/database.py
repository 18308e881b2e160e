"""The database of an installation, from one address: SQLite embedded, PostgreSQL in production."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def database_of(url: str, home: Path) -> dict[str, Any]:
    """Django's settings for the database behind an address; empty means SQLite in the home folder."""
    if not url or url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///")) if url else home / "furka.db"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # SQLite gives its journals the same mode
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: what was answered with "done" survives a power cut, also with the write-ahead log.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
            "TEST": {"NAME": str(path.with_name("test-furka.db"))},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # Under ASGI connections end with their thread; the pool keeps them.
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 16, "timeout": 10}, **dict(parse_qsl(parts.query))},
    }
