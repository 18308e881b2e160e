"""Starts Django inside a command, with the home folder and address that the command was given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


def start(home: Path | None = None) -> None:
    """Make the portal's rooms usable in this process. Ends the command if it is not installed or wrongly set up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "furka.config.settings")
    if home is not None:
        os.environ["FURKA_HOME"] = str(home.absolute())
    try:
        import django
    except ImportError:
        raise click.ClickException("The portal is not installed here; install furka[portal].") from None
    from furka.config.env import WrongEnvironment

    try:
        django.setup()
    except WrongEnvironment as error:
        raise click.ClickException(str(error)) from None


def prepare() -> None:
    """Bring tables and static files to what this version needs."""
    from django.core.management import call_command

    from furka.cli import static_files

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    static_files.collect()


def furka_program() -> list[str]:
    """How this program is started again as another process."""
    return [sys.executable, "-m", "furka.cli"]


home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="FURKA_HOME",
    default=Path("var"),
    show_default=True,
    help="Folder for everything that is kept.",
)
