"""`furka watch`: look at a portal from another machine, and publish a static page."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import click

from furka.clock import now
from furka.watch.program import Alarm, Setting, Watcher
from furka.watch.texts import LANGUAGES


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--portal", required=True, metavar="URL", help="Address of the portal to watch.")
@click.option(
    "--store",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File (SQLite) in which the watcher remembers. Made if missing.",
)
@click.option(
    "--folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the static page, which a web server hands out. Made if missing.",
)
@click.option(
    "--relay", "relays", multiple=True, metavar="HOST:PORT", help="A relay to look at, too; may be repeated."
)
@click.option("--every", default=30.0, show_default=True, help="Seconds between two looks.")
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    default="de",
    show_default=True,
    help="Language of index.html and of mails.",
)
@click.option(
    "--mail-url-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with smtp://user:password@host:587 for mails; best a server that is not the portal's.",
)
@click.option("--mail-from", default="Furka <furka@localhost>", show_default=True, help="Sender of mails.")
@click.option(
    "--alarm-mail", multiple=True, help="Who is written when a part falls or rises; may be repeated."
)
@click.option("--once", is_flag=True, help="One look, then end.")
def watch(
    portal: str,
    store: Path,
    folder: Path,
    relays: tuple[str, ...],
    every: float,
    language: str,
    mail_url_file: Path | None,
    mail_from: str,
    alarm_mail: tuple[str, ...],
    once: bool,
) -> None:
    """Look at a portal from outside, and publish what was measured as a static page.

    Run it on another machine than the portal: it goes on while portal and database are down. It needs no rights, no
    database and no account; it asks what everybody may ask.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if urlsplit(portal).scheme not in ("http", "https") or not urlsplit(portal).hostname:
        raise click.BadParameter("must be like https://portal.example.org", param_hint="--portal")
    if bool(alarm_mail) != (mail_url_file is not None):
        raise click.UsageError("--alarm-mail and --mail-url-file belong together.")
    if any(not place.rpartition(":")[2].isdigit() for place in relays):
        raise click.BadParameter("must be HOST:PORT, such as vpn.example.org:443", param_hint="--relay")
    alarm = Alarm(mail_url_file.read_text().strip(), mail_from, alarm_mail) if mail_url_file else None
    watcher = Watcher(Setting(portal, store, folder, relays, every, language, alarm))
    if once:
        watcher.round(now())
        return
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watcher.run(stop)
