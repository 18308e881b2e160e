"""Outlines of countries for the maps: TopoJSON, in which neighbours share their borders, turned into plain lines.

The format: https://github.com/topojson/topojson-specification (quantised arcs, each point the difference to the one
before).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

Line = list[tuple[float, float]]


def outlines(topojson: str) -> str:
    """Every border and coast once, as JSON: a list of lines of [longitude, latitude] in degrees."""
    topology = json.loads(topojson)
    used = set(_arcs_of(topology["objects"]["countries"]))
    lines = [
        line
        for number, arc in enumerate(topology["arcs"])
        if number in used and len(line := _line(arc, topology["transform"])) > 1
    ]
    return json.dumps(lines, separators=(",", ":"))


def _line(arc: list[list[int]], transform: dict[str, list[float]]) -> Line:
    (wide, high), (left, bottom) = transform["scale"], transform["translate"]
    found: Line = []
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        point = (round(x * wide + left, 3), round(y * high + bottom, 3))
        if not found or found[-1] != point:
            found.append(point)
    return found


def _arcs_of(shape: object) -> Iterator[int]:
    """The numbers of all arcs; one that is walked backwards is named by its complement."""
    if isinstance(shape, dict):
        for name in ("arcs", "geometries"):
            yield from _arcs_of(shape.get(name, []))
    elif isinstance(shape, list):
        for each in shape:
            if isinstance(each, int):
                yield each if each >= 0 else ~each
            else:
                yield from _arcs_of(each)
