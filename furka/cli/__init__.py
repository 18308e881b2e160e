"""The one command, `furka`: each program and each tool is a subcommand, loaded only when it is called.

Loading late keeps Django out of hubs and gateways, where it is not installed.
"""

from __future__ import annotations

from importlib import import_module

import click

from furka import __version__

#: name → (module with the click command, its attribute, help in one line)
COMMANDS = {
    "up": (
        "furka.cli.up",
        "up",
        "Start everything on this machine: portal, worker and, on request, the lab.",
    ),
    "portal": ("furka.cli.portal", "portal", "Run the portal (web pages, API, uplink of hubs and gateways)."),
    "worker": ("furka.cli.worker", "worker", "Run the background loops (mail, time limits, checks)."),
    "hub": ("furka.hub.commands", "hub", "Run a hub, the server that ends the tunnels."),
    "browse": (
        "furka.browse.commands",
        "browse",
        "Open pages of devices in browsers, beside a hub.",
    ),
    "gateway": ("furka.gateway.commands", "gateway", "Claim and run the gateway of a site."),
    "watch": ("furka.watch.commands", "watch", "Watch a portal from another machine; publish a static page."),
    "lab": ("furka.lab.commands", "lab", "An internet, a hub, four plants and a laptop on this machine."),
    "operate": ("furka.cli.operate", "operate", "Enrol hubs; open an operator's session."),
    "journal": ("furka.cli.journal", "journal", "Verify the journal."),
    "world": ("furka.cli.world", "world", "Fill the database with a made-up installation of any size."),
    "database": ("furka.cli.database", "database", "Create or update the tables; fill in the sample."),
}


class LateGroup(click.Group):
    """A group whose subcommands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(
    cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="furka")
def main() -> None:
    """Furka: reach technical plants from afar, with exactly the rights and the time that were granted."""
