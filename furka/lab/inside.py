"""The first process inside the lab: builds the hosts, starts the devices, then starts what is asked for.

It is number 1 of its own process namespace: when it ends, however it ends, the kernel ends everything in the lab
and takes the networks away. It ends as soon as nobody holds the other end of its lifeline any more. Called as

    python -m furka.lab.inside HOME LISTENER LIFELINE     (the numbers of two open sockets)
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import TCPServer

from furka.lab import control, topology
from furka.lab.devices import HeatingController, Meter
from furka.lab.proxy import HttpProxy
from furka.lab.topology import HOSTS, Host

_CLONE_NEWNET = 0x4000_0000
_NAMED = Path("/run/netns")
_SWITCHES = Path("/proc/sys/net")

_libc = ctypes.CDLL(None, use_errno=True)


class NotBuilt(Exception):
    """The lab could not be built; the message says at what."""


@contextlib.contextmanager
def on_host(name: str) -> Iterator[None]:
    """Do something in the network of that host. The whole process changes over: it has one thread only."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        there = os.open(_NAMED / name, os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _enter(own)
    finally:
        os.close(own)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise NotBuilt(f"a network namespace can't be entered: {os.strerror(ctypes.get_errno())}")


def build() -> None:
    """Make all hosts with their cables, addresses, routes and the packet filters of the routers."""
    _do(["mount", "-t", "tmpfs", "-o", "mode=0755", "lab", "/run"])
    _do(["ip", "-batch", "-"], topology.cables())
    for host in HOSTS:
        with on_host(host.name):
            for name, value in topology.switches(host).items():
                if (_SWITCHES / name).exists():
                    (_SWITCHES / name).write_text(value)
            _do(["ip", "-batch", "-"], topology.settings(host))
            if host.inner:
                _do(["nft", "-f", "-"], [topology.ROUTER_RULES])


def _do(argv: list[str], lines: list[str] | None = None) -> None:
    text = "\n".join([*(lines or []), ""])
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotBuilt(f"{argv[0]} failed: {(done.stderr or done.stdout).strip()}")


def start_devices() -> None:
    """One process for each device; they take connections already when this returns."""
    for plant in topology.PLANTS:
        heating, meter = f"heating-{plant}", f"meter-{plant}"
        with on_host(heating):
            page = HeatingController((topology.HEATING, 80), f"Plant {plant.upper()}")
            _serve_apart(page)
        with on_host(meter):
            _serve_apart(Meter((topology.METER, 502)))
        with on_host(f"router-{plant}"):
            _serve_apart(HttpProxy((topology.PROXY, topology.PROXY_PORT), topology.PROXY_LOGIN))


def _serve_apart(server: TCPServer) -> None:
    if os.fork() == 0:
        try:
            server.serve_forever(poll_interval=3600)
        finally:
            os._exit(1)
    server.socket.close()


def portal_listener() -> socket.socket:
    """The portal's port 80 in the lab; whoever holds it outside answers there."""
    with on_host("portal"):
        return socket.create_server((topology.PORTAL, 80), backlog=128)


class Inside:
    """Starts processes on hosts when asked, and tells how they ended."""

    def __init__(self, home: Path, listener: socket.socket, lifeline: socket.socket) -> None:
        self._home = home
        self._lifeline = lifeline
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._lines: dict[int, socket.socket] = {}  # process → who asked for it
        self._processes: dict[socket.socket, subprocess.Popen[bytes]] = {}

    def serve(self) -> None:
        """Until the lifeline breaks."""
        ended, wake = socket.socketpair()
        for end in (ended, wake, self._listener):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        watched: list[tuple[socket.socket, Callable[[socket.socket], None]]] = [
            (ended, self._reap),
            (self._lifeline, self._leave),
            (self._listener, self._accept),
        ]
        for what, react in watched:
            self._selector.register(what, selectors.EVENT_READ, react)
        self._reap(ended)
        while True:
            for key, _ in self._selector.select():
                key.data(key.fileobj)

    def _leave(self, _: object) -> None:
        os._exit(0)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            line, _ = listener.accept()
            self._selector.register(line, selectors.EVENT_READ, self._hear)

    def _hear(self, line: socket.socket) -> None:
        message, files = control.receive(line)
        try:
            if message is None:
                self._hang_up(line)
            elif "stop" in message:
                self._leave(line)
            elif "signal" in message and line in self._processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._processes[line].pid, message["signal"])
            elif "start" in message and line not in self._processes:
                self._start(line, message, files)
        finally:
            for file in files:
                os.close(file)

    def _start(self, line: socket.socket, message: control.Message, files: list[int]) -> None:
        host = topology.BY_NAME.get(message["start"])
        if host is None or len(files) != 3:
            self._answer(line, {"refused": f"the lab has no host {message['start']}"})
            return
        try:
            with on_host(host.name):
                process = subprocess.Popen(
                    message["argv"],
                    stdin=files[0],
                    stdout=files[1],
                    stderr=files[2],
                    cwd=message["folder"],
                    env=self._environment(host) | message["env"],
                    start_new_session=True,
                    # One thread only here, so that Python may run between fork and exec.
                    preexec_fn=_take_terminal if message["terminal"] else None,
                )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._answer(line, {"refused": str(error)})
            return
        self._processes[line] = process
        self._lines[process.pid] = line
        self._answer(line, {"started": process.pid})

    def _environment(self, host: Host) -> dict[str, str]:
        programs = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go",
            **topology.environment(host, self._home),
        }

    def _reap(self, ended: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            ended.recv(4096)
        while True:
            try:
                number, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if number == 0:
                return
            line = self._lines.pop(number, None)
            if line is not None:
                code = os.waitstatus_to_exitcode(status)
                self._processes.pop(line).returncode = code
                self._answer(line, {"ended": code})

    def _answer(self, line: socket.socket, message: control.Message) -> None:
        with contextlib.suppress(OSError):
            control.send(line, message)

    def _hang_up(self, line: socket.socket) -> None:
        """Nobody waits for the process any more: it ends, with its group."""
        self._selector.unregister(line)
        line.close()
        process = self._processes.pop(line, None)
        if process is not None:
            self._lines.pop(process.pid, None)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.returncode = -signal.SIGKILL


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def main() -> None:
    home, listener, lifeline = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    line = socket.socket(fileno=lifeline)
    try:
        build()
        start_devices()
        port = portal_listener()
    except (NotBuilt, OSError) as error:
        control.send(line, {"refused": str(error)})
        sys.exit(1)
    control.send(line, {"ready": True}, [port.fileno()])
    port.close()
    Inside(home, socket.socket(fileno=listener), line).serve()


if __name__ == "__main__":
    main()
