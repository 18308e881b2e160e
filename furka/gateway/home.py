"""The folder in which a gateway keeps what must survive a loss of power: who it is, and its last settings.

Every file is replaced as a whole and reaches the disk before its name changes hands, so that a gateway killed at any
moment finds the old content or the new one. Key and token live in one file: they can't come apart.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from furka.kernel.wireguard import public_key_of
from furka.wire.gateway import CutBy, GatewaySettings

Kept = TypeVar("Kept", bound=BaseModel)

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


class HomeError(Exception):
    """The folder can't be used; the message says why."""


class HomeInUse(HomeError):
    """Another process does the same in this folder."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Claim(_Kept):
    """The gateway serves a site: the portal took its claim."""

    portal: str
    token: str = Field(repr=False)
    site: str
    code_digest: str

    def was_made_with(self, code: str) -> bool:
        """Whether it was this code that was taken."""
        return self.code_digest == digest_of(code)


class Identity(_Kept):
    """Who the gateway is: its key, and whom it serves with it."""

    private_key: str = Field(repr=False)
    key_made_at: AwareDatetime | None = None  # None: not known
    next_key: str = Field(default="", repr=False)  # made, and does not count yet
    on_trial: bool = False  # the tunnel has the next key, to see whether it works
    claim: Claim | None = None
    proxy: str = Field(default="", repr=False)  # http://name:password@host:port; empty: none

    @property
    def public_key(self) -> str:
        return public_key_of(self.private_key)

    def renewed(self, at: datetime) -> Identity:
        """The same gateway once its next key counts."""
        fresh = {"private_key": self.next_key, "key_made_at": at, "next_key": "", "on_trial": False}
        return self.model_copy(update=fresh)


class KeptSettings(_Kept):
    """The last settings that were good, and the key to which they were given."""

    public_key: str
    settings: GatewaySettings


class KeptSwitch(_Kept):
    """How the switch at the site was turned last, by a command or a call; None lets through."""

    cut_by: CutBy | None
    at: AwareDatetime


class LocalKey(_Kept):
    """What is asked for in the plant's network before remote access is allowed again."""

    key: str = Field(repr=False)


class Status(_Kept):
    """How the service is, for those who ask on the spot."""

    interface: str
    back_end: str = ""
    applied_etag: str = ""
    missing: tuple[IPv4Network, ...] = ()
    trouble: str = ""
    portal_trouble: str = ""
    path: str = ""  # the way on which the hub answers
    path_since: AwareDatetime | None = None
    path_trouble: str = ""  # why the other way can't be taken
    cut_by: CutBy | None = None


def digest_of(code: str) -> str:
    """A claim code's fingerprint; how it is typed does not matter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


class Home:
    """One gateway's folder; made for its owner alone if it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(f"the folder {folder} can't be used: {error.strerror}") from error

    def identity(self) -> Identity | None:
        """Who the gateway is; None before its first claim and after it was released."""
        return self._read("gateway.json", Identity)

    def keep_identity(self, identity: Identity) -> None:
        self._write("gateway.json", identity)

    def settings_for(self, identity: Identity) -> GatewaySettings | None:
        """The last good settings, if they were meant for that key."""
        try:
            kept = self._read("settings.json", KeptSettings)
        except HomeError:
            return None  # they come again from the portal
        return kept.settings if kept is not None and kept.public_key == identity.public_key else None

    def keep_settings(self, identity: Identity, settings: GatewaySettings) -> None:
        self._write("settings.json", KeptSettings(public_key=identity.public_key, settings=settings))

    def status(self) -> Status | None:
        """What the service said last."""
        try:
            return self._read("status.json", Status)
        except HomeError:
            return None

    def keep_status(self, status: Status) -> None:
        self._write("status.json", status, durable=False)

    def switch(self) -> KeptSwitch | None:
        """How the switch at the site was turned last; None if it never was. Raises HomeError if that can't be read."""
        return self._read("switch.json", KeptSwitch)

    def keep_switch(self, switch: KeptSwitch) -> None:
        self._write("switch.json", switch)

    def local_key(self) -> str:
        """The key with which somebody at the site allows remote access again; made when it is first asked for."""
        kept = self._read("local-key.json", LocalKey)
        if kept is None:
            kept = LocalKey(key=secrets.token_hex(8))
            self._write("local-key.json", kept)
        return kept.key

    def forget(self) -> None:
        """Become a gateway that nobody knows. Who it is goes last: until then the portal would say so again.

        How the switch at the site stands is not for the portal to say: it stays.
        """
        for name in ("settings.json", "status.json", "gateway.json"):
            (self.folder / name).unlink(missing_ok=True)
            self._flush_folder()

    @contextlib.contextmanager
    def reserved_for(self, what: str) -> Iterator[None]:
        """Do something that only one process at a time may do here. Raises HomeInUse."""
        try:
            lock = os.open(self.folder / f"{what}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._hand_over(lock)
        except OSError as error:
            raise HomeError(f"the folder {self.folder} can't be used: {error.strerror}") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HomeInUse(
                    f"another process of this gateway ({what}) is at work in {self.folder}"
                ) from error
            yield
        finally:
            os.close(lock)

    def _read(self, name: str, kind: type[Kept]) -> Kept | None:
        place = self.folder / name
        try:
            return kind.model_validate_json(place.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HomeError(f"{place} can't be read: {error.strerror}") from error
        except ValidationError as error:
            raise HomeError(f"{place} is damaged ({error.error_count()} faults)") from error

    def _write(self, name: str, content: BaseModel, *, durable: bool = True) -> None:
        new = self.folder / f"{name}.new"
        try:
            with os.fdopen(os.open(new, _NEW_FILE, 0o600), "wb") as file:
                file.write(content.model_dump_json().encode())
                file.flush()
                self._hand_over(file.fileno())
                if durable:
                    os.fsync(file.fileno())
            new.replace(self.folder / name)
            if durable:
                self._flush_folder()
        except OSError as error:
            raise HomeError(f"{self.folder / name} can't be written: {error.strerror}") from error

    def _hand_over(self, file: int) -> None:
        """What root writes here belongs to whoever has the folder: the service may be an ordinary user."""
        owner = self.folder.stat()
        if os.geteuid() == 0 != owner.st_uid:
            os.fchown(file, owner.st_uid, owner.st_gid)

    def _flush_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
