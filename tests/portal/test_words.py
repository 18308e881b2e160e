"""How times, spans, sizes and numbers are said in each language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from furka.portal import words
from furka.tree.week_words import window_in_words

AT = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "german", "english"),
    [
        (0, "0 s", "0 s"),
        (12.9, "12 s", "12 s"),
        (59.99, "59 s", "59 s"),
        (60, "1 min", "1 min"),
        (3599, "59 min", "59 min"),
        (3600, "1 h", "1 h"),
        (12030, "3 h 20 min", "3 h 20 min"),
        (86400, "1 Tag", "1 day"),
        (2 * 86400 + 4 * 3600, "2 Tage 4 h", "2 days 4 h"),
        (3 * 86400 + 4 * 3600, "3 Tage", "3 days"),
        (61 * 86400, "2 Monate", "2 months"),
        (800 * 86400, "2 Jahre", "2 years"),
    ],
)
def test_span_is_said_in_words(seconds: float, german: str, english: str) -> None:
    with translation.override("de"):
        assert words.span(seconds) == german
    with translation.override("en"):
        assert words.span(timedelta(seconds=seconds)) == english


def test_span_before_its_beginning_is_nothing() -> None:
    assert words.span(-5) == "0 s"


def test_relations_to_now_are_said() -> None:
    earlier, later = AT - timedelta(seconds=12), AT + timedelta(hours=3, minutes=20)
    with translation.override("de"):
        assert words.since(earlier, AT) == "seit 12 s"
        assert words.ago(earlier, AT) == "vor 12 s"
        assert words.remaining(later, AT) == "noch 3 h 20 min"
        assert words.upcoming(later, AT) == "in 3 h 20 min"
        assert words.remaining(AT, AT) == "beendet"


def test_moment_is_read_here_unless_a_zone_is_given() -> None:
    with translation.override("de"):
        assert words.moment(AT) == "Di 24. Nov. 2026, 14:05"
        assert words.moment(AT, named=True) == "Di 24. Nov. 2026, 14:05 MEZ"
        assert words.moment(AT, "Europe/Zurich") == "Di 24. Nov. 2026, 14:05"
        assert words.moment(AT, "Asia/Tokyo") == "Di 24. Nov. 2026, 22:05 JST"
        assert words.moment(AT, "Asia/Dubai") == "Di 24. Nov. 2026, 17:05 UTC+4"
    with translation.override("en"):
        assert words.moment(AT, named=True) == "Tue 24 Nov 2026, 14:05 CET"


@pytest.mark.parametrize(
    ("language", "moment", "day", "hours"),
    [
        ("de", "Di 24. Nov. 2026, 14:05", "Di 24. Nov. 2026", "Mo–Fr 07:00–18:00"),
        ("en", "Tue 24 Nov 2026, 14:05", "Tue 24 Nov 2026", "Mon–Fri 07:00–18:00"),
        ("fr", "mar. 24 nov. 2026, 14:05", "mar. 24 nov. 2026", "lun.–ven. 07:00–18:00"),
        ("it", "mar 24 nov 2026, 14:05", "mar 24 nov 2026", "lun–ven 07:00–18:00"),
    ],
)
def test_each_language_has_its_own_form_of_dates(language: str, moment: str, day: str, hours: str) -> None:
    with translation.override(language):
        assert words.moment(AT) == moment
        assert words.day(AT) == day
        assert window_in_words([0, 1, 2, 3, 4], "07:00", "18:00") == hours


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", ["seit 1 Tag", "vor 12 s", "noch 3 h 20 min", "in 2 Monaten", "2 Jahre", "beendet"]),
        ("fr", ["depuis 1 jour", "il y a 12 s", "encore 3 h 20 min", "dans 2 mois", "2 ans", "terminé"]),
        ("it", ["da 1 giorno", "12 s fa", "ancora 3 h 20 min", "tra 2 mesi", "2 anni", "terminato"]),
    ],
)
def test_spans_are_said_in_each_language(language: str, said: list[str]) -> None:
    with translation.override(language):
        assert [
            words.since(AT - timedelta(days=1), AT),
            words.ago(AT - timedelta(seconds=12), AT),
            words.remaining(AT + timedelta(hours=3, minutes=20), AT),
            words.upcoming(AT + timedelta(days=61), AT),
            words.span(timedelta(days=800)),
            words.remaining(AT, AT),
        ] == said


def test_period_names_a_day_once() -> None:
    with translation.override("de"):
        assert words.period(AT, AT + timedelta(hours=2)) == "Di 24. Nov. 2026, 14:05–16:05"
        assert words.period(AT, AT + timedelta(days=1)) == "Di 24. Nov. 2026, 14:05 – Mi 25. Nov. 2026, 14:05"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (9_960_000, "10 MB"),
        (999_600, "1.0 MB"),
        (52_100_000, "52 MB"),
        (12_600_000_000, "13 GB"),
    ],
)
def test_size_has_two_or_three_digits(count: int, said: str) -> None:
    assert words.size(count) == said


def test_numbers_are_written_as_in_switzerland() -> None:
    for language in ("de", "en", "fr", "it"):
        with translation.override(language):
            assert words.number(1_234_567) == "1'234'567"
            assert words.number(1234.5, 1) == "1'234.5"


@given(st.floats(0, 10**10), st.floats(0, 10**10))
def test_law_of_spans_longer_times_never_sound_shorter(one: float, other: float) -> None:
    def heard(seconds: float) -> float:
        units = {"s": 1, "min": 60, "h": 3600, "day": 86400, "month": words.MONTH, "year": words.YEAR}
        parts = words.span(seconds).split()
        return sum(
            int(number) * units[unit if unit in units else unit.removesuffix("s")]
            for number, unit in zip(parts[::2], parts[1::2], strict=True)
        )

    shorter, longer = sorted((one, other))
    with translation.override("en"):
        assert heard(shorter) <= heard(longer) <= longer
