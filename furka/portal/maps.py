"""A map as a picture that the portal draws itself: outlines of countries, and the sites that have a place.

No map server is asked, so nobody learns where the plants are. Web Mercator (EPSG:3857), in units of its whole width.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from furka.portal.towns import TOWNS

_OUTLINES = Path(__file__).parent / "static" / "vendor" / "outlines.json"

#: The picture, in its own units.
WIDTH, HEIGHT = 1000, 640
#: Beyond that the projection has no end.
_HIGHEST = 85.0
#: So much of the world is shown at least (about 60 km in Switzerland), and so much room is left around.
_LEAST, _AROUND = 0.0022, 1.25
#: So much of the world is as wide as a small country.
_COUNTRY = 0.016
#: Room for the name of a town, on a picture as wide as a page and on a small one.
_LABEL, _SMALL_LABEL = (270, 56), (380, 80)
#: Around a single place more of it is shown (about 330 km), so that borders tell where it is.
_LEAST_ALONE = 0.012
#: Marks that lie closer than that are drawn as one with a number.
_CLOSE = 46

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something with a place: degrees (WGS 84), what it is called, how it is shown, where its page is."""

    longitude: float
    latitude: float
    name: str
    kind: str  # of the status component
    word: str
    url: str


@dataclass(frozen=True, slots=True)
class Spot:
    """One mark on the picture, or several that lie together."""

    x: float
    y: float
    marks: tuple[Mark, ...]

    @property
    def kind(self) -> str:
        """The state that needs somebody most."""
        order = ("bad", "warn", "busy", "off", "ok")
        kinds = {mark.kind for mark in self.marks}
        return next((kind for kind in order if kind in kinds), "off")


@dataclass(frozen=True, slots=True)
class Town:
    """A town on the picture."""

    x: float
    y: float
    name: str

    @property
    def is_far_right(self) -> bool:
        """Whether its name has more room on its left."""
        return self.x > WIDTH * 0.7


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture: the outlines as one path, the towns and the spots on it; and which part of the world it shows."""

    path: str
    spots: tuple[Spot, ...]
    towns: tuple[Town, ...]
    left: float
    top: float
    size: float
    width: int = WIDTH
    height: int = HEIGHT


def draw(marks: Sequence[Mark], *, small: bool = False) -> Drawn | None:
    """The map around these marks, for a whole page or small beside other things; None if there are none."""
    if not marks:
        return None
    drawn = _drawn(marks, *_window([_projected(mark.longitude, mark.latitude) for mark in marks]))
    return replace(drawn, towns=_apart(drawn.towns, *(_SMALL_LABEL if small else _LABEL)))


def draw_around(longitude: float, latitude: float, marks: Sequence[Mark]) -> Drawn:
    """The map around a place, with those of the marks that lie on it: about as much as a small country."""
    x, y = _projected(longitude, latitude)
    top = y - _COUNTRY * HEIGHT / WIDTH / 2
    return _drawn(marks, x - _COUNTRY / 2, top, _COUNTRY)


def _drawn(marks: Sequence[Mark], left: float, top: float, size: float) -> Drawn:
    def on_picture(point: Point) -> Point:
        return round((point[0] - left) / size * WIDTH, 1), round((point[1] - top) / size * WIDTH, 1)

    spots: list[tuple[Point, list[Mark]]] = []
    for mark in marks:
        point = on_picture(_projected(mark.longitude, mark.latitude))
        near = next((found for found in spots if math.dist(found[0], point) < _CLOSE), None)
        if near is None:
            spots.append((point, [mark]))
        else:
            near[1].append(mark)
    bottom = top + size * HEIGHT / WIDTH
    lines = _lines_in(left, top, left + size, bottom)
    path = "".join(_path(map(on_picture, line)) for line in lines)
    shown = tuple(Spot(x, y, tuple(together)) for (x, y), together in spots if _is_on_picture(x, y))
    towns = tuple(_towns(on_picture))
    return Drawn(path, shown, towns, left, top, size)


def _towns(on_picture: Callable[[Point], Point]) -> Iterator[Town]:
    """The towns that lie on the picture, better known ones first."""
    for name, longitude, latitude in TOWNS:
        x, y = on_picture(_projected(longitude, latitude))
        if _is_on_picture(x, y):
            yield Town(x, y, name)


def _apart(towns: Iterable[Town], width: int, height: int) -> tuple[Town, ...]:
    """Those whose names can be read beside each other."""
    found: list[Town] = []
    for town in towns:
        if not any(abs(town.x - near.x) < width and abs(town.y - near.y) < height for near in found):
            found.append(town)
    return tuple(found)


def _is_on_picture(x: float, y: float) -> bool:
    return 0 <= x <= WIDTH and 0 <= y <= HEIGHT


def _window(places: Sequence[Point]) -> tuple[float, float, float]:
    """Left, top and width of what is shown."""
    xs, ys = [x for x, _y in places], [y for _x, y in places]
    least = _LEAST if len(set(places)) > 1 else _LEAST_ALONE
    wide = max(max(xs) - min(xs), (max(ys) - min(ys)) * WIDTH / HEIGHT, least) * _AROUND
    size = min(wide, 1.0)
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return middle_x - size / 2, middle_y - size * HEIGHT / WIDTH / 2, size


def _projected(longitude: float, latitude: float) -> Point:
    """Web Mercator: from 0 (west, north) to 1 (east, south)."""
    bounded = math.radians(max(-_HIGHEST, min(_HIGHEST, latitude)))
    return (longitude + 180) / 360, (1 - math.asinh(math.tan(bounded)) / math.pi) / 2


@cache
def _outlines() -> tuple[tuple[tuple[float, float, float, float], tuple[Point, ...]], ...]:
    """Every line with the box around it; read once per process."""
    if not _OUTLINES.is_file():
        return ()  # a checkout whose assets were not built: the marks alone
    found = []
    for line in json.loads(_OUTLINES.read_text(encoding="utf-8")):
        points = tuple(_projected(longitude, latitude) for longitude, latitude in line)
        xs, ys = [x for x, _y in points], [y for _x, y in points]
        found.append(((min(xs), min(ys), max(xs), max(ys)), points))
    return tuple(found)


def _lines_in(left: float, top: float, right: float, bottom: float) -> list[tuple[Point, ...]]:
    return [
        points
        for (west, north, east, south), points in _outlines()
        if west <= right and east >= left and north <= bottom and south >= top
    ]


def _path(points: Iterable[Point]) -> str:
    """Lines of an SVG path; points that can't be told apart are drawn once."""
    steps: list[str] = []
    last: Point | None = None
    for x, y in points:
        if last is None or abs(x - last[0]) >= 1 or abs(y - last[1]) >= 1:
            steps.append(f"{'L' if steps else 'M'}{x:g} {y:g}")
            last = (x, y)
    return "".join(steps)
