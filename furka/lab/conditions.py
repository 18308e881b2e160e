"""What a machine has to offer so that the lab can run on it."""

from __future__ import annotations

import os
import shutil
import subprocess

_PROGRAMS = {
    "unshare": "util-linux",
    "mount": "mount",
    "setsid": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "wg": "wireguard-tools",
}


def isolation() -> list[str]:
    """The call that starts a program in namespaces of its own; what it starts ends with the process it starts."""
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    kinds = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return ["unshare", *as_root, *kinds, "--"]


def check() -> list[str]:
    """What is missing, each in a sentence; empty if the lab can run."""
    missing = [
        f"The program {program} is missing (package {package})."
        for program, package in _PROGRAMS.items()
        if shutil.which(program) is None
    ]
    if missing:
        return missing
    if (complaint := _try("mount", "-t", "tmpfs", "lab", "/run")) is not None:
        hint = (
            "root without the right to make namespaces (a container?)"
            if os.geteuid() == 0
            else "user namespaces are closed to ordinary users "
            "(kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
        )
        return [f"Private network namespaces can't be made: {hint}. The system says: {complaint}"]
    if _try("ip", "link", "add", "lab", "type", "wireguard") is None:
        return []
    if shutil.which("wireguard-go") is None:
        missing.append(
            "This kernel has no WireGuard, and the program wireguard-go is missing (package wireguard-go)."
        )
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        missing.append("This kernel has no WireGuard, and /dev/net/tun can't be opened for wireguard-go.")
    return missing


def _try(*command: str) -> str | None:
    """What went wrong with a command in namespaces of its own; None if it worked."""
    done = subprocess.run([*isolation(), *command], capture_output=True, text=True, check=False, timeout=20)
    return None if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}")
