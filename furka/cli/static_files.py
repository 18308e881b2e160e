"""Collects the static files, unless they are those that were collected the last time: to pack them takes seconds."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

#: Beside the folder, since what is in it is shown to everybody.
_STAMP = "static.stamp"

#: What has a say in how files are packed and named.
_PACKERS = ("django", "whitenoise", "brotli")


def collect() -> None:
    """Have the files of this version where the portal serves them from."""
    from django.conf import settings
    from django.core.management import call_command

    folder = Path(settings.STATIC_ROOT)
    stamp, wanted = folder.with_name(_STAMP), _fingerprint()
    if folder.is_dir() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted, encoding="ascii")


def _fingerprint() -> str:
    """Another one as soon as any file, its name or the way of packing is another."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders

    told = hashlib.sha256(repr((settings.STORAGES, [version(name) for name in _PACKERS])).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            with storage.open(name) as file:
                told.update(f"{name}\0{hashlib.sha256(file.read()).hexdigest()}\n".encode())
    return told.hexdigest()
