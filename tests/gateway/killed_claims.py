"""Claims that are killed after 0, 1, 2 … lines of the code that keeps things, each then repeated; called as

    python -m tests.gateway.killed_claims FOLDER PORTAL

Prints, as JSON, the public key with which each gateway serves its site in the end. The last one was not killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from furka.gateway import claim as claim_module
from furka.gateway import home as home_module
from furka.gateway.home import Home
from furka.wire.portal_link import PortalLink

WATCHED = {claim_module.__file__, home_module.__file__}


class KillAfter:
    """Lets that many lines pass, then kills this process."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def __call__(self, frame: FrameType, event: str, arg: Any) -> KillAfter | None:
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def claim(folder: Path, code: str, portal: str, link: PortalLink) -> str:
    claim_module.claim(Home(folder), code, portal, link)
    identity = Home(folder).identity()
    return identity.public_key if identity is not None and identity.claim is not None else ""


def killed(lines: int, folder: Path, code: str, portal: str, link: PortalLink) -> bool:
    """Whether a claim in a process of its own was killed before its end."""
    child = os.fork()
    if child == 0:
        sys.settrace(KillAfter(lines))
        claim_module.claim(Home(folder), code, portal, link)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def main() -> None:
    portal = sys.argv[2]
    link = PortalLink(portal)  # made once: it reads all certificates of the machine
    keys: list[str] = []
    unfinished = True
    while unfinished:
        lines = len(keys)
        folder, code = Path(sys.argv[1], str(lines)), f"CODE-{lines}"
        unfinished = killed(lines, folder, code, portal, link)
        keys.append(claim(folder, code, portal, link))
    sys.stdout.write(json.dumps(keys))


if __name__ == "__main__":
    main()
