"""`furka portal`: the web pages, the API and the uplink of hubs and gateways."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from furka.cli.django import home_option, prepare, start


@click.command()
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--copies", default=1, show_default=True, help="How many processes serve.")
def portal(home: Path, host: str, port: int, copies: int) -> None:
    """Run the portal. Tables are brought up to date first. Put a proxy with HTTPS in front of it."""
    start(home)
    prepare()
    granian = str(Path(sys.executable).with_name("granian"))
    arguments = [
        granian,
        *("--interface", "asginl"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(copies)),
        *("--workers-kill-timeout", "3"),  # open live streams would otherwise keep it from ending
        *("--log-level", "warning"),
        "furka.config.asgi:application",
    ]
    os.execv(granian, arguments)  # noqa: S606  # the same program under its own name; no shell
