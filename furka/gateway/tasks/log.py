"""What the program said last, kept for whoever asks how it is; secrets are never logged."""

from __future__ import annotations

import logging
from collections import deque


class LastWords(logging.Handler):
    """The last lines of the log, in the order in which they were said."""

    def __init__(self, lines: int = 60) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=lines)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record).partition("\n")[0])

    def lines(self) -> tuple[str, ...]:
        """They are few."""
        return tuple(self._lines)
