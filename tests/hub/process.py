"""`furka hub run` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from furka.kernel.wireguard import public_key_of

ROOT = Path(__file__).parents[2]


class HubProcess:
    """A hub program against a small portal, with a folder of its own."""

    def __init__(self, portal: str, home: Path) -> None:
        self.home = home
        self.token_file = home / "token"
        self.token_file.write_text("fake-token\n")
        self._portal = portal
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "furka.cli", "hub", "run"),
                    *("--portal", self._portal, "--token-file", self.token_file),
                    *("--home", self.home / "hub", "--endpoint", "198.18.1.1:51820", "-v"),
                ],
                stdout=log,
                stderr=log,
                cwd=self.home,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def end(self, number: signal.Signals) -> int:
        """Send a signal; returns the exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        status = self._process.wait(20)
        self._process = None
        return status

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def processor_seconds(self) -> float:
        """What the program has taken of the processor since it began."""
        assert self._process is not None
        words = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def key(self) -> str:
        return public_key_of((self.home / "hub" / "private.key").read_text().strip())

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()
