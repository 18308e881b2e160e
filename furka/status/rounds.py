"""One round after the other: look at everything, tell what was found. While the database is away what was found is
kept, and told afterwards with the moments at which it was so."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connection

from furka.status.kinds import EVERY
from furka.status.looking import Eyes
from furka.status.measuring import Look, claim_round, take
from furka.tree.operation import program

log = logging.getLogger(__name__)

#: So many rounds are kept at most while they can't be told.
MOST_KEPT = 2000


class Rounds:
    """Those of one worker."""

    def __init__(self, look: Callable[[datetime, float], list[Look]] | None = None) -> None:
        self._look = look or Eyes().look
        self._kept: deque[tuple[datetime, list[Look]]] = deque(maxlen=MOST_KEPT)
        self._alone_since: datetime | None = None

    def run(self, at: datetime) -> int:
        """Look, if it is this worker's turn; returns how many looks were told."""
        try:
            turn, late = claim_round(at)
            self._alone_since = None
        except (DatabaseError, InterfaceError):
            connection.close()
            turn, late = self._alone(at), 0.0
        if turn:
            self._kept.append((at, self._look(at, late)))
        return self._tell()

    def _alone(self, at: datetime) -> bool:
        """Nobody can say whose turn it is; so everybody looks."""
        if self._alone_since is not None and at - self._alone_since < EVERY:
            return False
        self._alone_since = at
        return True

    def _tell(self) -> int:
        told = 0
        while self._kept:
            at, looks = self._kept[0]
            try:
                take(program("worker", at), looks)
            except (DatabaseError, InterfaceError) as error:
                log.warning("what was measured can't be told, and is kept: %s", type(error).__name__)
                connection.close()
                break
            self._kept.popleft()
            told += len(looks)
        return told
