"""An internet, a hub, four plants and a laptop on this machine: real packets, for tests and for trying things out."""

from __future__ import annotations

from furka.lab.conditions import check
from furka.lab.programs import claim, connect, disconnect, start_gateway, start_hub, start_relay
from furka.lab.running import Lab, LabCannotRun, LabError, LabProcess, RunningLab

__all__ = [
    "Lab",
    "LabCannotRun",
    "LabError",
    "LabProcess",
    "RunningLab",
    "check",
    "claim",
    "connect",
    "disconnect",
    "start_gateway",
    "start_hub",
    "start_relay",
]
