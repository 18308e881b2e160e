"""What one finds one's way with: steps of the breadcrumb, elements of the tree in the rail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """One step of the breadcrumb. Siblings come with the page, or from `siblings_url` when they are asked for."""

    kind: str
    name: str
    url: str
    siblings: Sequence[Level] = ()
    siblings_url: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """One element of the tree in the rail. `state` is a kind of the status component, said in `state_text`.

    What is below it comes with the page (`branches`) or from `more_url` when it is opened.
    """

    key: str
    name: str
    url: str
    icon: str
    is_here: bool = False
    is_open: bool = False
    state: str = ""
    state_text: str = ""
    branches: Sequence[Branch] = ()
    more_url: str = ""

    @property
    def can_open(self) -> bool:
        return bool(self.branches or self.more_url)
