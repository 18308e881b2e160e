"""The lab from outside: start it, run programs on its hosts, stop it; alone or from another terminal."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from furka.lab import conditions, control

_START_LIMIT = 30.0  # seconds
_END_LIMIT = 10.0
_KEPT_FREE = Path("/run")  # the lab has a folder of its own in its place


class LabError(Exception):
    """The lab could not do what was asked; the message says why."""


class LabCannotRun(LabError):
    """This machine lacks something that the lab needs; `missing` has a sentence for each."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(" ".join(missing))
        self.missing = tuple(missing)


class LabProcess:
    """A process on a host of the lab. It ends with this object's connection at the latest."""

    def __init__(
        self,
        home: Path,
        host: str,
        argv: Sequence[str],
        streams: Sequence[int],
        *,
        env: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> None:
        self.host = host
        self.argv = tuple(argv)
        self._ended: int | None = None
        self._line = control.new_socket()
        try:
            with control.path_of(home) as path:
                self._line.connect(path)
        except OSError as error:
            self._line.close()
            raise LabError(f"no lab is running in {home}") from error
        message: control.Message = {
            "start": host,
            "argv": list(argv),
            "env": dict(env or {}),
            "folder": os.getcwd(),  # noqa: PTH109  # a text is asked for
            "terminal": terminal,
        }
        with contextlib.suppress(OSError):  # then the answer is missing
            control.send(self._line, message, streams)
        answer, _ = control.receive(self._line)
        if answer is None or "started" not in answer:
            self._line.close()
            raise LabError(answer["refused"] if answer else "the lab has ended")
        #: Its number inside the lab.
        self.number = answer["started"]

    def fileno(self) -> int:
        """Readable when it has ended."""
        return self._line.fileno()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        if self._ended is None and select.select([self._line], [], [], 0)[0]:
            self._note_end()
        return self._ended is None

    def signal(self, number: int) -> None:
        """Send it a signal; nothing happens once it has ended."""
        if self.alive:
            with contextlib.suppress(OSError):
                control.send(self._line, {"signal": int(number)})

    def kill(self) -> None:
        """End it at once (SIGKILL) and wait for that."""
        self.signal(signal.SIGKILL)
        self.wait(_END_LIMIT)

    def stop(self, limit: float = _END_LIMIT) -> int:
        """Ask it to end (SIGTERM), insist after `limit` seconds; returns its exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait(_END_LIMIT)

    def wait(self, limit: float | None = None) -> int:
        """Its exit code, negative after a signal. Raises subprocess.TimeoutExpired after `limit` seconds."""
        if self._ended is None:
            if not select.select([self._line], [], [], limit)[0]:
                raise subprocess.TimeoutExpired(self.argv, limit or 0)
            self._note_end()
        return self._ended if self._ended is not None else -signal.SIGKILL

    def clear(self) -> None:
        """End what it left behind: nothing, since its group ends with it."""
        self.close()

    def close(self) -> None:
        """Let go of it; if it still runs, it is killed with its group."""
        self._line.close()
        if self._ended is None:
            self._ended = -signal.SIGKILL

    def _note_end(self) -> None:
        message, _ = control.receive(self._line)
        self._ended = message["ended"] if message else -signal.SIGKILL
        self._line.close()


class RunningLab:
    """A lab that runs in that folder, whoever started it."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self._spawned: list[LabProcess] = []

    @property
    def alive(self) -> bool:
        """Whether a lab runs there."""
        with control.new_socket() as line:
            try:
                with control.path_of(self.home) as path:
                    line.connect(path)
            except OSError:
                return False
            return True

    def run(
        self,
        host: str,
        argv: Sequence[str],
        *,
        timeout: float = 30,
        text: str = "",
        env: Mapping[str, str] | None = None,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on a host to its end, with `text` as its input.

        Raises LabError if it can't be started, subprocess.TimeoutExpired after `timeout` seconds (it is killed
        then), and with `check` subprocess.CalledProcessError if its exit code is not 0.
        """
        with (
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as complaints,
            tempfile.TemporaryFile() as given,
        ):
            given.write(text.encode())
            given.seek(0)
            streams = (given.fileno(), out.fileno(), complaints.fileno())
            process = LabProcess(self.home, host, argv, streams, env=env)
            try:
                code = process.wait(timeout)
            finally:
                process.close()
            done = subprocess.CompletedProcess(list(argv), code, _text_of(out), _text_of(complaints))
        if check:
            done.check_returncode()
        return done

    def spawn(
        self,
        host: str,
        argv: Sequence[str],
        *,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        given: int | None = None,
    ) -> LabProcess:
        """Start a program on a host; what it says is appended to `log` (default: logs/HOST.log in the home).

        `given` is an open file that it has as its input, such as a socket on which this machine listens.
        """
        place = log or self.home / "logs" / f"{host}.log"
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("ab") as out, Path(os.devnull).open("rb") as nothing:
            streams = (nothing.fileno() if given is None else given, out.fileno(), out.fileno())
            process = LabProcess(self.home, host, argv, streams, env=env)
        self._spawned.append(process)
        return process

    def attach(
        self,
        host: str,
        argv: Sequence[str],
        streams: tuple[int, int, int],
        *,
        env: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> LabProcess:
        """Start a program on a host with those files as its input, output and complaints.

        With `terminal`, its input is a terminal of its own that it takes control of.
        """
        return LabProcess(self.home, host, argv, streams, env=env, terminal=terminal)

    def stop(self) -> None:
        """End the lab with everything in it; nothing happens if none runs."""
        with control.new_socket() as line, contextlib.suppress(OSError):
            with control.path_of(self.home) as path:
                line.connect(path)
            control.send(line, {"stop": True})
            select.select([line], [], [], _END_LIMIT)


class Lab(RunningLab):
    """A lab of our own: it ends with this process, even if that is killed."""

    def __init__(
        self,
        home: Path,
        inside: subprocess.Popen[bytes],
        doorway: subprocess.Popen[bytes],
        lifeline: socket.socket,
    ) -> None:
        super().__init__(home)
        self._inside = inside
        self._doorway = doorway
        self._lifeline = lifeline

    @classmethod
    def start(cls, home: Path, portal_port: int) -> Lab:
        """Build the lab; `home` holds its logs and what its programs keep.

        203.0.113.2 port 80 in the lab leads to `portal_port` of this machine's loopback. Raises LabCannotRun if
        this machine lacks something, LabError for everything else.
        """
        if missing := conditions.check():
            raise LabCannotRun(missing)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = home.resolve()
        if home.is_relative_to(_KEPT_FREE):
            raise LabError(f"the folder of the lab can't lie in {_KEPT_FREE}, which the lab has of its own")
        if RunningLab(home).alive:
            raise LabError(f"a lab is running in {home} already")
        (home / "logs").mkdir(exist_ok=True)
        (home / control.SOCKET).unlink(missing_ok=True)
        ours, theirs = control.new_pair()
        inside = None
        try:
            with control.new_socket() as listener, (home / "logs" / "lab.log").open("ab") as log:
                with control.path_of(home) as path:
                    listener.bind(path)
                (home / control.SOCKET).chmod(0o600)
                listener.listen(64)
                files = (listener.fileno(), theirs.fileno())
                inside = subprocess.Popen(
                    [*conditions.isolation(), *_module("inside"), str(home), *map(str, files)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=files,
                    start_new_session=True,
                )
            theirs.close()
            port = _wait_until_built(ours, home)
            try:
                doorway = subprocess.Popen(
                    [*_module("forward"), str(port), str(portal_port)],
                    stdin=subprocess.PIPE,
                    pass_fds=(port,),
                    start_new_session=True,
                )
            finally:
                os.close(port)
        except BaseException:
            ours.close()
            theirs.close()
            if inside is not None:
                _end(inside)
            raise
        return cls(home, inside, doorway, ours)

    @property
    def alive(self) -> bool:
        return self._inside.poll() is None

    def wait(self) -> None:
        """Until the lab has ended, from inside or by `stop` from elsewhere."""
        self._inside.wait()

    def stop(self) -> None:
        """End everything in the lab at once; nothing is left of it but its home."""
        for process in self._spawned:
            process.close()
        self._lifeline.close()
        _end(self._inside)
        if self._doorway.stdin is not None:
            self._doorway.stdin.close()
        _end(self._doorway)
        (self.home / control.SOCKET).unlink(missing_ok=True)

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"furka.lab.{name}"]


def _wait_until_built(lifeline: socket.socket, home: Path) -> int:
    """The open socket that listens on the portal's port in the lab."""
    if not select.select([lifeline], [], [], _START_LIMIT)[0]:
        raise LabError(f"the lab is not built after {_START_LIMIT:.0f} seconds, see {home}/logs/lab.log")
    message, files = control.receive(lifeline)
    if message is None or not files:
        said = message["refused"] if message else f"it ended at its start, see {home}/logs/lab.log"
        raise LabError(f"the lab can't be built: {said}")
    return files[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that ends by itself now, and insist if it does not."""
    try:
        process.wait(_END_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
