"""The laws of access are tried themselves: with one condition of the room spoiled, at least one of them must fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: File, what stands there once, what is put in its place.
MUTATIONS = (
    ("policy.py", "            return place.reseller_id == node_id", "            return True"),
    (
        "policy.py",
        "            return place.customer_id == node_id",
        "            return place.id == node_id",
    ),
    ("policy.py", "place.kind is Kind.SITE and place.id == node_id", "place.kind is Kind.SITE"),
    ("policy.py", "place.id == node_id", "str(place.id).startswith(str(node_id))"),
    ("policy.py", "in here if key in narrow.rights and narrow.interval", "in here if narrow.interval"),
    (
        "policy.py",
        "in here if key in narrow.rights and narrow.interval.covers(at)]",
        "in here if key in narrow.rights]",
    ),
    ("policy.py", "and _reached(narrow, place)]", "]"),
    ("policy.py", "if not any(LOOK.key in narrow.rights for narrow, _ in now):", "if not here:"),
    (
        "policy.py",
        "if any(key in each.rights for _, each in now):",
        "if any(key in each.rights for _, each in here):",
    ),
    ("policy.py", "if any(key in each.rights for _, each in now):", "if False:"),
    ("policy.py", "if any(key in narrow.rights for narrow, _ in here):", "if any(here):"),
    ("policy.py", "return max(found, key=_HARDEST.index)", "return min(found, key=_HARDEST.index)"),
    ("policy.py", "return min((reason for reason in reasons", "return max((reason for reason in reasons"),
    ("policy.py", "    if key == LOOK.key:\n        return None\n", ""),
    ("policy.py", "    if key == LOOK.key:\n        return left\n", ""),
    ("policy.py", "if reason is Reason.CEILING or is_own_side", "if is_own_side"),
    ("policy.py", "return ceiling.person_id == held.person_id and key", "return key"),
    ("policy.py", "and key in ceiling.kept_from", ""),
    (
        "policy.py",
        "_keeps_out(ceiling, held, key) and ceiling.kept_out.covers(at)",
        "_keeps_out(ceiling, held, key)",
    ),
    (
        "policy.py",
        "left = subtract(left, (ceiling.kept_out,)) if _keeps_out(ceiling, held, key) else left",
        "pass",
    ),
    ("delegation.py", "each for each in above if each.person_id is None]", "each for each in above]"),
    ("policy.py", "and not covers(_confirmed(lying, held), at):", "and not _confirmed(lying, held):"),
    (
        "policy.py",
        "each.confirmed for each in ceilings if each.confirmed and each.person_id == held.person_id",
        "each.confirmed for each in ceilings if each.confirmed",
    ),
    ("policy.py", "left = intersection(left, _confirmed(lying, held))", "pass"),
    ("policy.py", "if not closed_by(ceilings_over(lying, site), each, key, at):", "if True:"),
    ("policy.py", "if _at_or_above(top, each.place)]", "]"),
    (
        "policy.py",
        "outside = ceiling.hours is not None and not covers(ceiling.hours, at)",
        "outside = False",
    ),
    (
        "policy.py",
        "if ceiling.hours is not None and not is_own_side(held, ceiling):",
        "if ceiling.hours is not None:",
    ),
    (
        "policy.py",
        "for ceiling in ceilings if _at_or_above(ceiling.place, place))",
        "for ceiling in ceilings)",
    ),
    ("policy.py", "if now and place.archived and key not in COUNTS_WHEN_ARCHIVED:", "if False:"),
    ("policy.py", "key not in narrow.rights or not narrow", "not narrow"),
    ("policy.py", "key not in narrow.rights or not narrow.interval.covers(at):", "key not in narrow.rights:"),
    ("policy.py", "each.narrowing].append(narrow.place)", "each.narrowing].append(each.place)"),
    ("policy.py", "alike[closed, each.narrowing]", "alike[closed, WHOLE]"),
    ("policy.py", "for each in held if each.narrowing.opens(spot)]", "for each in held]"),
    ("narrowing.py", "self.labels | other.labels", "self.labels"),
    ("narrowing.py", "    return one & other", "    return one"),
    (
        "narrowing.py",
        "any(own <= clause for own in self.labels)",
        "any(own >= clause for own in self.labels)",
    ),
    ("narrowing.py", "(inner is not None and inner <= outer)", "(inner is None or inner <= outer)"),
    ("narrowing.py", "self.shows(spot) and (self.ports", "(self.ports"),
    ("facts.py", "rights - NEEDS_WHOLE)", "rights)"),
    ("delegation.py", "if offer.narrowing.may_come_of(each.narrowing)]", "]"),
    ("delegation.py", "own_narrowing.shared_with(source_narrowing)", "own_narrowing"),
    ("policy.py", "if closed_by(ceilings_over(lying, narrow.place), each, key, at):", "if False:"),
    ("policy.py", "if closed_by((c,), each, key, at))", "if False)"),
    ("policy.py", "closed=closed,\n        in_service", "in_service"),
    ("policy.py", "    if place.archived and key not in COUNTS_WHEN_ARCHIVED:\n        return ()\n", ""),
    ("policy.py", "if self.in_service and place.archived:", "if False:"),
    ("policy.py", "return held.staff and owner_among(", "return owner_among("),
    ("policy.py", "owner in _way(place)", "True"),
    ("policy.py", "not own and ceiling.rights is not None and key", "ceiling.rights is not None and key"),
    (
        "policy.py",
        "if ceiling.two_factor and not held.strong:",
        "if ceiling.two_factor and not own and not held.strong:",
    ),
    ("policy.py", "key in ceiling.approval and not held.approved", "key in ceiling.approval"),
    ("policy.py", "left = intersection(left, ceiling.hours)", "left = left"),
    (
        "policy.py",
        "limited.customer_id or limited.reseller_id",
        "limited.reseller_id or limited.customer_id",
    ),
    ("policy.py", "nodes=frozenset().union(*ids.values())", "nodes=frozenset(ids[Kind.SITE])"),
    ("policy.py", "or place.customer_id in self.customers", "or place.customer_id in self.resellers"),
    ("policy.py", "if narrow and key in narrow.rights and _reached", "if narrow and _reached"),
    ("policy.py", "key in narrow.rights and _reached(narrow, place):", "key in narrow.rights:"),
    ("policy.py", "if interval.begins_at < horizon)", "if interval.begins_at <= horizon)"),
    ("policy.py", "held.rights & limit.rights", "limit.rights"),
    ("policy.py", "held.rights if limit.rights is None else held.rights & limit.rights", "held.rights"),
    ("policy.py", "        place = limit.place\n", "        place = held.place\n"),
    ("policy.py", "    else:\n        return None\n", "    else:\n        place = held.place\n"),
    ("policy.py", "(_NEVER_ENDS - _end(each), each.grant_id", "(each.grant_id"),
    ("policy.py", "(_NEVER_ENDS - _end(each), each.grant_id", "(_end(each), each.grant_id"),
    ("policy.py", "_end(each), each.grant_id, each", "_end(each), each"),
    ("windows.py", "return self.begins_at <= moment and", "return self.begins_at < moment and"),
    (
        "windows.py",
        "self.ends_at is None or moment < self.ends_at",
        "self.ends_at is None or moment <= self.ends_at",
    ),
    ("windows.py", "        if other.begins_at < self.begins_at:\n            return False\n", ""),
    (
        "windows.py",
        "other.ends_at is not None and other.ends_at <= self",
        "other.ends_at is not None and other.ends_at < self",
    ),
    ("windows.py", "last.ends_at < each.begins_at", "last.ends_at <= each.begins_at"),
    ("windows.py", "each.ends_at is None or each.ends_at > last.ends_at", "each.ends_at is None"),
    ("windows.py", "that.ends_at is None or this.ends_at <= that.ends_at", "that.ends_at is None"),
    (
        "windows.py",
        "last = day if self.ends > self.begins else",
        "last = day if self.ends >= self.begins else",
    ),
    ("windows.py", "    day = first.date() - _DAY", "    day = first.date()"),
    ("windows.py", "while day <= last.date()", "while day < last.date()"),
    ("windows.py", "if day.weekday() in window.weekdays:", "if day.isoweekday() in window.weekdays:"),
    ("windows.py", "yield begin, min(cut, end), offset", "yield begin, end, offset"),
    ("windows.py", "    start = before.replace(microsecond=0)\n", "    start = before\n"),
    ("facts.py", "        rights = normalised(self.rights)\n", "        rights = self.rights\n"),
    ("rights.py", "return keys | {LOOK.key} if keys else keys", "return keys | {LOOK.key}"),
    ("delegation.py", "if not may_invite.allowed:", "if not may_invite.visible:"),
    (
        "delegation.py",
        "decide(held, PEOPLE, offer.place, at, limit, above)",
        "decide(held, PEOPLE, offer.place, at, None, above)",
    ),
    ("delegation.py", "if offer.staff and not is_of_owners", "if False and not is_of_owners"),
    ("delegation.py", "if offer.rights <= left.rights]", "if offer.rights & left.rights]"),
    ("delegation.py", "if offer.rights <= left.rights]", "if offer.rights <= each.rights]"),
    ("delegation.py", "offer.place) and held.interval.covers(at)", "offer.place)"),
    ("delegation.py", "return reaches(held.place.kind, held.place.id, offer.place) and", "return"),
    ("delegation.py", "if each.interval.contains(span)]", "if each.interval.overlap(span)]"),
    ("delegation.py", "    if offer.valid_from < at:\n        raise Exceeds(Excess.PAST)\n", ""),
    ("delegation.py", "    if not offer.rights:\n        raise Exceeds(Excess.NO_RIGHTS)\n", ""),
    (
        "delegation.py",
        "offered is not None and offered < source",
        "offered is not None and offered <= source",
    ),
    ("delegation.py", "offered is not None and offered < source", "offered is None or offered < source"),
    ("delegation.py", "intersection(own_intervals, source_intervals)", "merged(own_intervals)"),
    ("delegation.py", "normalised(own_rights) & normalised(source_rights)", "normalised(own_rights)"),
)


def test_what_would_be_spoiled_is_there() -> None:
    texts = {name: (ROOT / "furka" / "access" / name).read_text("utf-8") for name, _, _ in MUTATIONS}
    assert [there for name, there, _ in MUTATIONS if texts[name].count(there) != 1] == []


@pytest.mark.long
@pytest.mark.parametrize(("name", "there", "instead"), MUTATIONS)
def test_laws_notice_a_spoiled_condition(tmp_path: Path, name: str, there: str, instead: str) -> None:
    spoiled = tmp_path / "furka" / "access"
    shutil.copytree(ROOT / "furka" / "access", spoiled, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "furka" / "__init__.py").touch()
    (tmp_path / "tests" / "laws").mkdir(parents=True)
    laws = (
        "conftest.py",
        "reference_policy.py",
        "access_worlds.py",
        "test_access.py",
        "test_access_windows.py",
        "test_narrowing.py",
    )
    for file in laws:
        shutil.copy(ROOT / "tests" / "laws" / file, tmp_path / "tests" / "laws" / file)
    text = (spoiled / name).read_text(encoding="utf-8")
    (spoiled / name).write_text(text.replace(there, instead), encoding="utf-8")

    options = ["-q", "-x", "-c", os.devnull, "--rootdir", str(tmp_path), "--import-mode=importlib"]
    plugins = ["-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=1"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *plugins, "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "HYPOTHESIS_PROFILE": "notice"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    assert "1 failed" in run.stdout
