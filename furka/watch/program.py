"""One round after the other: look at the portal from outside, remember, publish, and write when something changes."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from urllib.parse import unquote, urlsplit

from furka.clock import now
from furka.probes import looks
from furka.probes.found import Found
from furka.watch.page import publish
from furka.watch.store import Outage, Store
from furka.watch.texts import name_of, say

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whom to write, and over which server; not that of the portal, if possible."""

    url: str = field(repr=False)
    sender: str
    to: Sequence[str]


@dataclass(frozen=True, slots=True)
class Setting:
    """How one watcher was started."""

    portal: str
    store: Path
    folder: Path
    relays: Sequence[str] = ()
    every: float = 30.0
    language: str = "de"
    alarm: Alarm | None = None


def look_at(setting: Setting) -> list[Found]:
    """All parts, each under its name."""
    portal = setting.portal.rstrip("/")
    place = urlsplit(portal)
    asked: list[tuple[str, Callable[[], Found]]] = [
        ("portal", lambda: looks.page(f"{portal}/health/ready")),
        ("worker", lambda: looks.page(f"{portal}/health/worker")),
    ]
    if place.scheme == "https":
        asked.append(("certificate", lambda: looks.certificate_of(place.hostname or "", place.port or 443)))
    asked += [(f"tcp:{relay}", _relay(relay)) for relay in setting.relays]
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        found = list(pool.map(lambda each: each[1](), asked))
    named = [replace(each, what=name) for (name, _look), each in zip(asked, found, strict=True)]
    # Whether the background work runs can't be told by a portal that does not answer.
    return [each for each in named if each.what != "worker" or each.number is not None or not each.code]


def _relay(place: str) -> Callable[[], Found]:
    host, _, port = place.rpartition(":")
    return lambda: looks.door(host.strip("[]"), int(port))


class Watcher:
    """One run."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._store = Store(setting.store)

    def round(self, at: datetime) -> list[Outage]:
        """Look, remember, publish; returns what fell or rose."""
        found = look_at(self._setting)
        changes = [change for each in found if (change := self._store.take(each, at)) is not None]
        publish(self._store, self._setting.folder, at, self._setting.language)
        for change in changes:
            log.warning("%s: %s", change.name, "works again" if change.ended_at else "does not work")
            self._write(change)
        return changes

    def run(self, stop: Event) -> None:
        """Until it is told to stop."""
        names = [each.what for each in look_at(self._setting)]
        self._store.forget(now(), [*names, "worker"])
        while not stop.is_set():
            try:
                self.round(now())
            except Exception:  # the next round may work; a watcher never ends by a fault
                log.exception("a round failed")
            stop.wait(self._setting.every)

    def _write(self, change: Outage) -> None:
        alarm = self._setting.alarm
        if alarm is None:
            return
        try:
            for to in alarm.to:
                send(alarm, letter(alarm, to, change, self._setting.language))
        except (OSError, smtplib.SMTPException) as error:
            log.warning("the mail was not taken: %s", type(error).__name__)


def letter(alarm: Alarm, to: str, change: Outage, language: str) -> EmailMessage:
    """What is written about an outage."""
    values = {
        "part": name_of(change.name, language),
        "begin": f"{change.began_at:%Y-%m-%d %H:%M} UTC",
        "end": f"{change.ended_at:%Y-%m-%d %H:%M} UTC" if change.ended_at else "",
    }
    text = say("mail-up" if change.ended_at else "mail-down", language) % values
    message = EmailMessage()
    message["From"], message["To"] = alarm.sender, to
    message["Subject"] = f"{say('title', language)}: {values['part']}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text + "\n")
    return message


def send(alarm: Alarm, message: EmailMessage) -> None:
    """Over SMTP. Raises OSError or SMTPException."""
    server = urlsplit(alarm.url)
    host, context = server.hostname or "", ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.scheme == "smtps":
        smtp = smtplib.SMTP_SSL(host, server.port or 465, timeout=20, context=context)
    else:
        smtp = smtplib.SMTP(host, server.port or 587, timeout=20)
    with smtp:
        if server.scheme == "smtp" and host not in ("127.0.0.1", "localhost"):
            smtp.starttls(context=context)
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)
