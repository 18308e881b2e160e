"""The picture of a link: its sites around a line, or under the centre; laid out here, drawn by a template. Pure.

There are two: a wide one with sites on both sides of the line, and a narrow one for phones, so that its texts stay
readable there. Numbers are units of the picture, about pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: So many sites are drawn; the table has all of them.
MOST_DRAWN = 24

_WIDE, _NARROW = 760, 340
_PITCH, _GAP, _TOP = 22, 14, 8
_HEAD = 52
_LETTER = 7.4  # about as wide as a letter is on average


@dataclass(frozen=True, slots=True)
class Spot:
    """A site as it is drawn: what is written in its box, and its state as the status component has it."""

    name: str
    url: str
    lines: tuple[str, ...]
    kind: str
    word: str
    flows: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A box with texts, and the line that joins it."""

    x: int
    y: int
    width: int
    height: int
    name: str
    full_name: str
    url: str
    lines: tuple[tuple[int, str], ...]  # where, what
    kind: str
    word: str
    state_y: int
    join_from: int  # x of the spine
    join_to: int  # x of the edge of the box
    join_y: int

    @property
    def middle(self) -> int:
        """Where a mark on its line stands."""
        return (self.join_from + self.join_to) // 2

    @property
    def text_x(self) -> int:
        """Where texts begin."""
        return self.x + 14

    @property
    def name_y(self) -> int:
        """Where its name stands."""
        return self.y + 28

    @property
    def sign_y(self) -> int:
        """Where the sign of its state begins."""
        return self.state_y - 12

    @property
    def word_x(self) -> int:
        """Where the word of its state begins, beside the sign."""
        return self.x + 34

    @property
    def is_joined(self) -> bool:
        """Whether packets pass on its line."""
        return self.kind == "ok"

    @property
    def arrow(self) -> str:
        """The head of an arrow at the edge of the box."""
        away = -9 if self.join_to > self.join_from else 9
        return (
            f"M{self.join_to + away} {self.join_y - 6}L{self.join_to} {self.join_y}"
            f"L{self.join_to + away} {self.join_y + 6}"
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """The whole picture."""

    width: int
    height: int
    spine_x: int
    spine_top: int
    spine_end: int
    boxes: tuple[Box, ...]
    centre: Box | None
    head: str  # what stands on the line, where it has no centre
    head_x: int
    head_width: int
    more: str
    more_y: int

    @property
    def box_width(self) -> int:
        """With room for the edges of the outer boxes."""
        return self.width + 4

    @property
    def head_middle(self) -> int:
        """The middle of what stands on the line."""
        return self.head_x + self.head_width // 2


def draw(
    spots: Sequence[Spot], *, head: str, centre: Spot | None = None, more: str = "", wide: bool = True
) -> Drawn:
    """Lay out these sites; `head` is written on the line where no site is the centre."""
    width = _WIDE if wide else _NARROW
    spine = width // 2 if wide else 20
    if centre is not None:
        top = _height(centre)
        place = (width - 300) // 2 if wide else 0
        middle = _box(centre, place, _TOP, 300 if wide else width, spine)
    else:
        top, middle = _HEAD - 12, None
    y = _TOP + top + 22
    boxes: list[Box] = []
    if wide:
        ends = [y, y + (_height(spots[0]) // 2 if len(spots) > 1 else 0)]
        for number, spot in enumerate(spots):
            side = number % 2
            box = _box(spot, 0 if side == 0 else width - 300, ends[side], 300, spine)
            boxes.append(box)
            ends[side] += box.height + _GAP
        below = max(ends)
    else:
        for spot in spots:
            box = _box(spot, 46, y, width - 46, spine)
            boxes.append(box)
            y += box.height + _GAP
        below = y
    last = max((box.join_y for box in boxes), default=_TOP + top)
    head_width = min(width, round(len(head) * _LETTER) + 40)
    return Drawn(
        width=width,
        height=below + (24 if more else 0),
        spine_x=spine,
        spine_top=_TOP + top,
        spine_end=last,
        boxes=tuple(boxes),
        centre=middle,
        head=head,
        head_x=(width - head_width) // 2 if wide else 0,
        head_width=head_width,
        more=more,
        more_y=below + 12,
    )


def _height(spot: Spot) -> int:
    return 24 + _PITCH * (2 + len(_lines(spot)))


def _lines(spot: Spot) -> tuple[str, ...]:
    shown = spot.lines[:3] if len(spot.lines) <= 3 else (*spot.lines[:2], "…")
    return (*shown, spot.flows) if spot.flows else shown


def _box(spot: Spot, x: int, y: int, width: int, spine: int) -> Box:
    height = _height(spot)
    fits = int((width - 28) / _LETTER)
    on_left = x + width <= spine
    return Box(
        x=x,
        y=y,
        width=width,
        height=height,
        name=_cut(spot.name, fits),
        full_name=spot.name,
        url=spot.url,
        lines=tuple(
            (y + 28 + _PITCH * number, _cut(line, fits)) for number, line in enumerate(_lines(spot), start=1)
        ),
        kind=spot.kind,
        word=spot.word,
        state_y=y + 28 + _PITCH * (1 + len(_lines(spot))),
        join_from=spine,
        join_to=x + width if on_left else x,
        join_y=y + height // 2,
    )


def _cut(text: str, fits: int) -> str:
    return text if len(text) <= fits else f"{text[: fits - 1].rstrip()}…"
