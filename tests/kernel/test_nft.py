"""The packet filter, through the library and through the program."""

from __future__ import annotations

import pytest

from furka.kernel.nft import Nft, NftError, NotFound

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("network")]

TABLE = """
table inet probe {
    set some { type ipv4_addr; flags timeout; elements = { 192.0.2.1 timeout 50s } }
    map where { type ipv4_addr : mark; elements = { 192.0.2.1 : 7 } }
    chain here { type filter hook input priority filter; policy accept; counter accept; }
}
"""


@pytest.fixture(params=[True, False], ids=["library", "program"])
def nft(request: pytest.FixtureRequest, network: None) -> Nft:
    """The packet filter, both ways."""
    return Nft(library=request.param)


def test_what_was_loaded_can_be_read(nft: Nft) -> None:
    nft.run(TABLE)
    (element,) = nft.elements("inet", "probe", "some")
    assert element["elem"]["val"] == "192.0.2.1"
    assert element["elem"]["expires"] in (49, 50)
    assert nft.entries("inet", "probe", "where") == [["192.0.2.1", 7]]


def test_a_script_is_all_or_nothing(nft: Nft) -> None:
    nft.run(TABLE)
    with pytest.raises(NotFound):
        nft.run("flush set inet probe some\nadd element inet probe absent { 192.0.2.1 }\n")
    assert len(nft.elements("inet", "probe", "some")) == 1


def test_what_is_not_understood_is_an_error(nft: Nft) -> None:
    with pytest.raises(NftError, match="syntax error"):
        nft.run("please drop everything\n")


def test_what_is_not_there_is_not_found(nft: Nft) -> None:
    with pytest.raises(NotFound):
        nft.elements("inet", "probe", "some")
    assert nft.skeleton("inet", "probe") is None


def test_the_skeleton_knows_rules_but_neither_elements_nor_counters(nft: Nft) -> None:
    nft.run(TABLE)
    before = nft.skeleton("inet", "probe")
    nft.run("flush set inet probe some\n")
    assert nft.skeleton("inet", "probe") == before
    nft.run("add rule inet probe here drop\n")
    assert nft.skeleton("inet", "probe") != before
