"""Writes the static page: files that any web server can hand out, while nothing else of the cloud is there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from furka.probes.found import Level, worst
from furka.watch.store import Day, Outage, Part, Store
from furka.watch.texts import LANGUAGES, name_of, say

DAYS, MOST_OUTAGES = 90, 20
#: A page that is older, in seconds, says that it is.
OLD = 300

_STATIC = Path(__file__).parent / "static"

_SHAPES = {"ok": "●", "weak": "▲", "bad": "■"}


def publish(store: Store, folder: Path, at: datetime, language: str) -> None:
    """Write all files; each is whole at every moment. `language` is that of `index.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, outages = store.parts(), store.outages(MOST_OUTAGES)
    days = {part.name: store.days(part.name, (at - timedelta(days=DAYS - 1)).date()) for part in parts}
    for name in ("status.css", "status.js"):
        _write(folder / name, (_STATIC / name).read_text(encoding="utf-8"))
    _write(folder / "status.json", _json(parts, outages, days, at))
    for code in LANGUAGES:
        text = _page(parts, outages, days, at, code)
        _write(folder / f"index.{code}.html", text)
        if code == language:
            _write(folder / "index.html", text)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _page(
    parts: list[Part], outages: list[Outage], days: dict[str, list[Day]], at: datetime, code: str
) -> str:
    state = worst([part.standing.state for part in parts])
    links = " ".join(
        f'<a href="index.{each}.html" lang="{each}" hreflang="{each}">{name}</a>'
        for each, name in LANGUAGES.items()
    )
    listed = "\n".join(_part(part, days[part.name], at, code) for part in parts)
    were = "".join(f"<li>{_outage(each, code)}</li>" for each in outages)
    were = f"<ul>{were}</ul>" if were else f"<p>{say('no-outages', code)}</p>"
    calming = f"<p>{say('open-go-on', code)}</p>" if state is Level.BAD else ""
    whole = say("all-ok" if state is Level.OK else "weak" if state is Level.WEAK else "not-ok", code)
    return f"""<!doctype html>
<html lang="{code}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{say("title", code)}</title>
<link rel="stylesheet" href="status.css"><script src="status.js" defer></script>
</head>
<body>
<nav>{links}</nav>
<h1>{say("title", code)}</h1>
<p id="stale" data-at="{_iso(at)}" data-old="{OLD}" hidden>{say("stale", code)}</p>
<p><strong class="{state.value}">{_SHAPES[state.value]} {whole}</strong><br>
<small>{say("measured", code)} <time datetime="{_iso(at)}">{_moment(at)}</time></small></p>
{calming}
<ul>
{listed}
</ul>
<h2>{say("outages", code)}</h2>
{were}
</body>
</html>
"""


def _part(part: Part, days: list[Day], at: datetime, code: str) -> str:
    state = part.standing.state.value
    looks, bad = sum(day.looks for day in days), sum(day.bad for day in days)
    share = f"{int(10_000 * (1 - bad / looks)) / 100:.2f} %" if looks else "–"
    word = f'<span class="{state}">{_SHAPES[state]} {say(state, code)}</span>'
    label = f"{say('days', code)}: {share}"
    return (
        f'<li><div class="line"><strong>{escape(name_of(part.name, code))}</strong>{word}</div>'
        f'<svg viewBox="0 0 {DAYS * 4} 24" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"{_bars(days, at)}</svg>"
        f'<div class="line"><small>{say("days", code)}</small><small>{share}</small></div></li>'
    )


def _bars(days: list[Day], at: datetime) -> str:
    known = {day.day: day for day in days}
    paths: dict[str, list[str]] = {"ok": [], "weak": [], "bad": [], "none": []}
    for number in range(DAYS):
        day = known.get((at - timedelta(days=DAYS - 1 - number)).date())
        level = "none" if day is None else _level(day)
        paths[level].append(f"M{number * 4} {20 if day is None else 0}h3V24h-3z")
    return "".join(f'<path class="{level}" d="{"".join(each)}"/>' for level, each in paths.items() if each)


def _level(day: Day) -> str:
    if day.bad:
        return "bad" if day.bad * 50 >= day.looks else "weak"
    return "weak" if day.weak else "ok"


def _outage(outage: Outage, code: str) -> str:
    end = _moment(outage.ended_at) if outage.ended_at else say("goes-on", code)
    return f"<strong>{escape(name_of(outage.name, code))}</strong><br><small>{_moment(outage.began_at)} – {end}</small>"


def _json(parts: list[Part], outages: list[Outage], days: dict[str, list[Day]], at: datetime) -> str:
    told = {
        "measured_at": _iso(at),
        "state": worst([part.standing.state for part in parts]),
        "parts": [
            {
                "name": part.name,
                "state": part.standing.state,
                "since": _iso(part.standing.since) if part.standing.since else None,
                "code": part.code,
                "ms": part.ms,
                "looks": sum(day.looks for day in days[part.name]),
                "bad": sum(day.bad for day in days[part.name]),
            }
            for part in parts
        ],
        "outages": [
            {
                "name": each.name,
                "began_at": _iso(each.began_at),
                "ended_at": _iso(each.ended_at) if each.ended_at else None,
            }
            for each in outages
        ],
    }
    return json.dumps(told, indent=1) + "\n"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
