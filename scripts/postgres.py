"""Run a command with a PostgreSQL of its own: ``postgres.py COMMAND …``.

Makes a cluster in a temporary folder, starts it on a free loopback port, gives its address to the command in
``FURKA_DATABASE_URL`` and takes everything away afterwards, however the command ends. Nothing of a PostgreSQL
that may already run on the machine is touched. Never for data: nothing is flushed to disk, anyone on this
machine may log in.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

START_SECONDS = 60
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=128MB",
)


def main() -> int:
    """Returns the exit code of the command."""
    command = sys.argv[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, end_tidily)
    signal.signal(signal.SIGHUP, end_tidily)
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="furka-postgres-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        owner = make_cluster(programs, folder)
        port = free_port()
        server = start(programs, folder, owner, port)
        wait_until_ready(programs, folder, server, port)
        environment = dict(os.environ, FURKA_DATABASE_URL=f"postgresql://furka@127.0.0.1:{port}/postgres")
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def end_tidily(number: int, _: FrameType | None) -> None:
    """Leave by an exception, so that the cluster is stopped and removed."""
    sys.exit(128 + number)


def find_programs() -> Path:
    """Folder of the newest PostgreSQL's programs; Debian keeps them off the path."""

    def version(folder: Path) -> tuple[int, ...]:
        return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))

    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=version)
    on_path = shutil.which("initdb")
    if on_path is None:
        sys.exit("There is no PostgreSQL on this machine: apt install postgresql")
    return Path(on_path).resolve().parent


def make_cluster(programs: Path, folder: Path) -> str | None:
    """Create the cluster; returns whose it is if not ours (PostgreSQL refuses to run as root)."""
    owner = "postgres" if os.geteuid() == 0 else None
    if owner:
        shutil.chown(folder, owner, owner)
    initdb = [
        str(programs / "initdb"),
        "--pgdata",
        str(folder / "data"),
        "--username",
        "furka",
        "--auth",
        "trust",
    ]
    options = ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    made = subprocess.run(
        [*as_user(owner), *initdb, *options], cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        sys.exit(f"PostgreSQL could not make a cluster: {made.stderr.strip()}")
    return owner


def start(programs: Path, folder: Path, owner: str | None, port: int) -> subprocess.Popen[bytes]:
    """Start the server as our child, in a session of its own so that Ctrl-C reaches the command first."""
    listen = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}")
    options = [part for setting in (*listen, *FAST) for part in ("-c", setting)]
    server = [str(programs / "postgres"), "-D", str(folder / "data"), *options]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*as_user(owner), *ends_with_us(), *server],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def as_user(owner: str | None) -> list[str]:
    """Prefix that changes to the user."""
    if owner is None:
        return []
    return ["setpriv", "--reuid", owner, "--regid", owner, "--clear-groups"]


def ends_with_us() -> list[str]:
    """Prefix after which the kernel stops the server even when this program is killed outright."""
    return ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []


def free_port() -> int:
    """A loopback port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(programs: Path, folder: Path, server: subprocess.Popen[bytes], port: int) -> None:
    """Return when the server answers; leave with its log when it does not."""
    question = [str(programs / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(question, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
