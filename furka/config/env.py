"""What an installation may choose, read once from the environment, checked as a whole, every fault by its name.

Each variable is `FURKA_<NAME>`; a secret may come from a file instead (`FURKA_<NAME>_FILE`). Unknown ones are faults.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

#: Variables of other programs of the family, which the portal does not read.
FOREIGN = ("FURKA_GATEWAY_", "FURKA_HUB_", "FURKA_LAB_", "FURKA_TEST_")


#: Addresses that sites use inside (RFC 1918, 6598, 4193); never a machine's own or those of its link.
PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)

#: A shorter one could be guessed.
SHORTEST_SECRET_KEY = 32
SHORTEST_METRICS_TOKEN = 20


class WrongEnvironment(Exception):
    """At least one variable is wrong; the message lists all of them."""


@dataclass(frozen=True, slots=True)
class Env:
    """The environment of portal and worker."""

    home: Path = field(
        default=Path("var"), metadata={"help": "Folder for everything that is kept: database, secrets."}
    )
    database_url: str = field(
        default="",
        metadata={"help": "postgresql://user:password@host/name; empty: SQLite in the home folder."},
    )
    secret_key: str = field(
        default="", metadata={"help": "Signs and seals; empty: made once in the home folder."}
    )
    secret_key_fallbacks: str = field(
        default="", metadata={"help": "Older secret keys, separated by commas."}
    )
    url: str = field(
        default="http://127.0.0.1:8000", metadata={"help": "The address under which browsers see the portal."}
    )
    hosts: str = field(
        default="", metadata={"help": "More host names that may be asked for, separated by commas."}
    )
    behind_proxy: bool = field(
        default=False, metadata={"help": "Trust X-Forwarded-For and -Proto of the proxy in front."}
    )
    mail_url: str = field(
        default="", metadata={"help": "smtp://user:password@host:587 (STARTTLS), smtps:// for TLS."}
    )
    mail_from: str = field(default="Furka <furka@localhost>", metadata={"help": "Sender of mails."})
    identity_networks: str = field(
        default="",
        metadata={
            "help": "Private networks in which identity providers may be, such as 10.1.2.0/24, separated by commas."
        },
    )
    outbox_page: bool = field(
        default=False, metadata={"help": "Show mails on a local page instead of sending them."}
    )
    alarm_mail: str = field(
        default="",
        metadata={"help": "Addresses that are told of every incident of the cloud, separated by commas."},
    )
    time_server: str = field(
        default="", metadata={"help": "A time server (NTP) with which the clock is compared."}
    )
    look_every: str = field(
        default="15", metadata={"help": "Seconds between two looks at the parts of the cloud, 1 to 300."}
    )
    public_status: bool = field(
        default=False, metadata={"help": "Show the state of the cloud to everybody, at /status/."}
    )
    metrics_token: str = field(
        default="",
        metadata={"help": "What a program shows that reads /metrics (Prometheus); empty: nobody reads it."},
    )
    log_level: str = field(default="INFO", metadata={"help": "DEBUG, INFO, WARNING or ERROR."})

    log_format: str = field(default="line", metadata={"help": "line, or json for programs that gather logs."})

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Env:
        """Read and check all variables. Raises WrongEnvironment with every fault."""
        faults: list[str] = []
        values: dict[str, object] = {}
        known = {f"FURKA_{f.name.upper()}": f for f in fields(cls)}
        for name in environ:
            plain = name.removesuffix("_FILE")
            if name.startswith("FURKA_") and plain not in known and not name.startswith(FOREIGN):
                faults.append(f"{name} is not a setting")
        for name, f in known.items():
            text = environ.get(name)
            if text is not None and f"{name}_FILE" in environ:
                faults.append(f"{name} and {name}_FILE are both set")
            if text is None and (path := environ.get(f"{name}_FILE")) is not None:
                try:
                    text = Path(path).read_text(encoding="utf-8").strip()
                except OSError as error:
                    faults.append(f"{name}_FILE can't be read: {error.strerror}")
            if text is None:
                continue
            if f.type == "bool":
                if text.lower() not in ("1", "0", "true", "false", "yes", "no"):
                    faults.append(f"{name} is yes or no, not {text!r}")
                values[f.name] = text.lower() in ("1", "true", "yes")
            else:
                values[f.name] = Path(text) if f.type == "Path" else text
        env = cls(**values)  # type: ignore[arg-type]  # each value was made for its field's type above
        faults += env._faults()
        if faults:
            raise WrongEnvironment("; ".join(faults))
        return env

    def _faults(self) -> list[str]:
        faults = []
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            faults.append("FURKA_URL is not an address such as https://portal.example.org")
        if self.database_url and urlsplit(self.database_url).scheme not in (
            "postgresql",
            "postgres",
            "sqlite",
        ):
            faults.append("FURKA_DATABASE_URL begins with postgresql:// or sqlite:///")
        if self.log_level not in logging.getLevelNamesMapping():
            faults.append("FURKA_LOG_LEVEL is DEBUG, INFO, WARNING or ERROR")
        if self.log_format not in ("line", "json"):
            faults.append("FURKA_LOG_FORMAT is line or json")
        if self.mail_url and urlsplit(self.mail_url).scheme not in ("smtp", "smtps"):
            faults.append("FURKA_MAIL_URL begins with smtp:// or smtps://")
        try:
            self.networks_of_providers()
        except ValueError as error:
            faults.append(f"FURKA_IDENTITY_NETWORKS lists private networks such as 10.1.2.0/24: {error}")
        try:
            self.seconds_between_looks()
        except ValueError as error:
            faults.append(f"FURKA_LOOK_EVERY is a number of seconds from 1 to 300: {error}")
        if self.mail_url and self.outbox_page:
            faults.append(
                "FURKA_OUTBOX_PAGE shows mails to everybody; it can't be used together with FURKA_MAIL_URL"
            )
        if self.metrics_token and len(self.metrics_token) < SHORTEST_METRICS_TOKEN:
            faults.append("FURKA_METRICS_TOKEN is too short: it could be guessed")
        if self.outbox_page and urlsplit(self.url).hostname not in ("127.0.0.1", "localhost", "::1"):
            faults.append("FURKA_OUTBOX_PAGE shows mails to everybody; it exists on this machine alone")
        return faults

    def seconds_between_looks(self) -> int:
        """How often the parts of the cloud are looked at. Raises ValueError."""
        seconds = int(self.look_every)
        if not 1 <= seconds <= 300:
            raise ValueError(f"{seconds} is not between 1 and 300")
        return seconds

    def networks_of_providers(self) -> list[IPv4Network | IPv6Network]:
        """The private networks in which identity providers may be. Raises ValueError."""
        found = [ip_network(text.strip()) for text in self.identity_networks.split(",") if text.strip()]
        for network in found:
            if not any(network.version == own.version and network.subnet_of(own) for own in PRIVATE):  # type: ignore[arg-type]  # of one version
                raise ValueError(f"{network} is not a private network")
        return found

    def kept_secret_key(self) -> str:
        """The secret key of this installation; made once in the home folder if none was given."""
        if self.secret_key:
            return self.secret_key
        path = self.home / "secret.key"
        if not path.exists():
            self._make_secret_key(path)
        key = path.read_text(encoding="ascii")
        if len(key) < SHORTEST_SECRET_KEY:
            raise WrongEnvironment(f"{path} holds no secret key")
        return key

    def _make_secret_key(self, path: Path) -> None:
        """Put a whole file in its place at once: of several programs that begin together all read the same key."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"secret.key.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # somebody was quicker; theirs counts
                os.link(draft, path)
        finally:
            draft.unlink()
