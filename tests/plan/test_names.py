"""What people call things, as labels of the DNS."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furka.plan.names import free_name, label_of, spellings


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Schulhaus Dörfli", "schulhaus-doerfli"),
        ("École d'Été – Nord", "ecole-d-ete-nord"),
        ("Straße 5", "strasse-5"),
        ("ABB__X", "abb-x"),
        ("xn--Falle", "xn-falle"),
        ("Łódź ½", "lodz-1-2"),
        ("控制器", "device"),
        ("  ", "device"),
    ],
)
def test_name_becomes_a_label(text: str, label: str) -> None:
    assert label_of(text, "device") == label


@given(st.text(max_size=80))
def test_any_text_becomes_a_label_that_the_dns_takes(text: str) -> None:
    label = label_of(text, "device")
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label)
    assert "--" not in label
    assert label_of(label, "device") == label


def test_what_is_called_the_same_is_told_apart_by_its_key() -> None:
    taken = {"heizung.example", "heizung-k7f2.example"}
    assert free_name("heizung", ".example", "k7f2mm", taken) == "heizung-k7f2m.example"
    assert list(spellings("heizung", "k7f2mm"))[:2] == ["heizung", "heizung-k7f2"]
