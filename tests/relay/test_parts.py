"""The pure parts of the relay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.relay import tickets
from furka.relay.frames import LARGEST, NoDatagram, Unframer, framed, runs
from furka.relay.limits import Admission, Limits
from furka.relay.probe import answer_to, question
from furka.relay.tickets import Challenge, NoTicket, prove, read, sign

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEED = bytes(range(32))
datagrams = st.lists(st.binary(min_size=1, max_size=300), max_size=30)


@given(datagrams, st.data())
def test_whatever_the_pieces_the_datagrams_come_out_as_they_went_in(
    sent: list[bytes], data: st.DataObject
) -> None:
    stream, unframer, found = framed(sent), Unframer(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += unframer.feed(stream[:cut])
        stream = stream[cut:]
    assert found == sent


@pytest.mark.parametrize("head", [b"\0\0", b"\xff\xff", (LARGEST + 1).to_bytes(2, "big")])
def test_what_can_be_no_datagram_is_noticed_at_once(head: bytes) -> None:
    with pytest.raises(NoDatagram):
        Unframer().feed(head)


@given(st.lists(st.integers(1, LARGEST).map(bytes), max_size=200))
def test_runs_are_all_datagrams_in_order_and_what_the_kernel_takes(sent: list[bytes]) -> None:
    found = list(runs(sent))
    assert [one for run in found for one in run] == sent
    for run in found:
        sizes = [len(one) for one in run]
        assert set(sizes[:-1]) <= {sizes[0]}
        assert sizes[-1] <= sizes[0]
        assert len(run) == 1 or sum(sizes) <= 65_000


def test_a_ticket_counts_for_its_hub_and_its_time() -> None:
    text = sign(SEED, "hub-1", "key", AT)
    keys = [tickets.key_of(bytes(32)), tickets.key_of(SEED)]
    assert read(text, keys, "hub-1", AT + tickets.COUNTS_FOR).gateway == "key"
    assert text == sign(SEED, "hub-1", "key", AT + timedelta(hours=11))
    for hub, at, some in (
        ("hub-2", AT, keys),
        ("hub-1", AT + tickets.COUNTS_FOR + timedelta(days=1), keys),
        ("hub-1", AT, keys[:1]),
    ):
        with pytest.raises(NoTicket):
            read(text, some, hub, at)


@given(st.text(max_size=tickets.LONGEST + 10))
def test_no_text_but_a_signed_one_is_a_ticket(text: str) -> None:
    with pytest.raises(NoTicket):
        read(text, [tickets.key_of(SEED), "no key"], "hub-1", AT)


def test_only_the_key_of_the_ticket_answers_a_question_and_only_that_question() -> None:
    mine, challenge = generate_private_key(), Challenge()
    proof = prove(mine, challenge.text, "ticket")
    assert challenge.is_met_by(proof, "ticket", public_key_of(mine))
    assert not challenge.is_met_by(proof, "another", public_key_of(mine))
    assert not challenge.is_met_by(proof, "ticket", public_key_of(generate_private_key()))
    assert not Challenge().is_met_by(proof, "ticket", public_key_of(mine))
    assert not challenge.is_met_by("é", "ticket", "no key")
    with pytest.raises(NoTicket):
        prove(mine, "A" * 43 + "=", "ticket")  # a point that would make every proof the same


def test_an_address_may_come_often_but_not_all_the_time() -> None:
    at = 0.0
    admission = Admission(Limits(burst=3, per_second=0.5, remembered=2), lambda: at)
    for _ in range(3):
        assert admission.come("a")
        admission.leave("a", known=False)
    assert not admission.come("a")
    assert admission.come("b")
    at = 2.0
    assert admission.come("a")
    assert admission.turned_away == 1


def test_a_probe_is_answered_with_less_and_an_answer_with_nothing() -> None:
    answer = answer_to(question(b"12345678"))
    assert answer is not None
    assert answer.endswith(b"12345678")
    assert len(answer) < len(question(b"12345678"))
    assert answer_to(answer) is None
    assert answer_to(answer.ljust(48, b"\0")) is None
    assert answer_to(b"\1\0\0\0".ljust(148, b"x")) is None
