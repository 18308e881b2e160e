"""A terminal of this machine, lent to a program on a host of the lab."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Mapping, Sequence

from furka.lab.running import LabProcess, RunningLab

_AT_ONCE = 1 << 14


def run_here(lab: RunningLab, host: str, argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a program on a host with this process's input and output; returns its exit code.

    From a terminal it gets one of its own, so that Ctrl-C, job control and full-screen programs work. Otherwise our
    SIGINT and SIGTERM are passed on.
    """
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _through_terminal(lab, host, argv, env)
    process = lab.attach(host, argv, (0, 1, 2), env=env)
    before = {number: signal.signal(number, lambda n, _: process.signal(n)) for number in _PASSED_ON}
    try:
        return process.wait()
    finally:
        for number, how in before.items():
            signal.signal(number, how)
        process.close()


_PASSED_ON = (signal.SIGINT, signal.SIGTERM)


def _through_terminal(lab: RunningLab, host: str, argv: Sequence[str], env: Mapping[str, str]) -> int:
    ours, theirs = os.openpty()
    _copy_size(theirs)
    saved = termios.tcgetattr(0)
    before = signal.signal(signal.SIGWINCH, lambda *_: _copy_size(ours))
    try:
        process = lab.attach(host, argv, (theirs, theirs, theirs), env=env, terminal=True)
        os.close(theirs)
        tty.setraw(0)
        try:
            _carry(ours, process)
            return process.wait()
        finally:
            process.close()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, saved)
        signal.signal(signal.SIGWINCH, before)
        os.close(ours)


def _carry(ours: int, process: LabProcess) -> None:
    """Carry what is typed and what is said until the program has ended and said everything."""
    listening = [0, ours, process.fileno()]
    while True:
        ready, _, _ = select.select(listening, [], [])
        if ours in ready:
            with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
                os.write(1, os.read(ours, _AT_ONCE))
                continue
            return
        if 0 in ready:
            typed = os.read(0, _AT_ONCE)
            if not typed:
                return
            os.write(ours, typed)
        if process.fileno() in ready:
            return


def _copy_size(terminal: int) -> None:
    size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
