"""What a hub and its relay say to each other in the folder that they share."""

from __future__ import annotations

import os
from pathlib import Path

from furka.relay.folder import Known, Offer, known_in, offer_in, say_known, say_offer


def test_both_say_what_the_other_reads_and_nothing_is_not_an_error(tmp_path: Path) -> None:
    assert (offer_in(tmp_path), known_in(tmp_path)) == (None, None)
    offer, known = Offer(certificate="PEM", probe_port=51821), Known(hub="hub", ticket_keys=("key",))
    say_offer(tmp_path, offer)
    say_known(tmp_path, known)
    assert (offer_in(tmp_path), known_in(tmp_path)) == (offer, known)
    (tmp_path / "offer.json").write_text("{")
    assert offer_in(tmp_path) is None
    (tmp_path / "offer.json").unlink()
    os.mkfifo(tmp_path / "offer.json")
    assert offer_in(tmp_path) is None, "and nobody waits for one who says nothing"


def test_a_link_that_one_lays_leads_the_other_nowhere(tmp_path: Path) -> None:
    """The hub is root and the relay is not: what the relay lays must not choose what the hub writes or reads."""
    precious = tmp_path / "precious"
    precious.write_text('{"certificate": "stolen"}')
    folder = tmp_path / "relay"
    folder.mkdir()
    for name in ("known.json", "known.json.new", "offer.json"):
        (folder / name).symlink_to(precious)
    assert offer_in(folder) is None
    say_known(folder, Known(hub="hub", ticket_keys=()))
    assert precious.read_text() == '{"certificate": "stolen"}'
    assert not (folder / "known.json").is_symlink()
