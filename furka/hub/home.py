"""The folder in which a hub keeps its key and what it must remember; everything in it is written atomically."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path

from pydantic import ValidationError

from furka.hub.watch import Memory
from furka.kernel.wireguard import generate_private_key, public_key_of

log = logging.getLogger(__name__)


class HomeError(Exception):
    """The folder can't be used; the message says why."""


class Home:
    """One hub's folder. Only one program at a time may use it; it is made if it is missing, for root only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise HomeError(f"the folder {folder} can't be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise HomeError(f"another hub program uses {folder}") from error

    def close(self) -> None:
        """Leave the folder to others."""
        os.close(self._lock)

    def private_key(self) -> str:
        """The hub's private key, made when it is asked for the first time, readable by its owner only."""
        place = self._folder / "private.key"
        try:
            key = place.read_text().strip()
        except FileNotFoundError:
            key = generate_private_key()
            self._write("private.key", key + "\n")
        try:
            public_key_of(key)
        except ValueError as error:
            raise HomeError(f"{place} holds no WireGuard key") from error
        return key

    def memory(self) -> Memory:
        """What an earlier run remembered."""
        try:
            return Memory.model_validate_json((self._folder / "watch.json").read_bytes())
        except FileNotFoundError:
            return Memory()
        except ValidationError as error:
            log.warning("What an earlier run remembered can't be read, so it is forgotten: %s", error)
            return Memory()

    def remember(self, memory: Memory) -> None:
        """Keep this for the next run."""
        self._write("watch.json", memory.model_dump_json())

    def _write(self, name: str, text: str) -> None:
        new = self._folder / f"{name}.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:  # noqa: PTH123
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
