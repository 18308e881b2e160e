"""Names, real addresses and keys: what the ways in bring besides the tunnel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from furka.lab.programs import connect
from furka.lab.topology import gateway_interface
from tests.thread.installation import Transfer, opens, wait_for
from tests.thread.stage import HUB, Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


ELSEWHERE = "router-laptop"  # a host with a way out, for a second device

REAL = "192.168.1.10"  # of the heating controller of either plant

ASK = f"""
import sys, dns.message, dns.query, dns.rcode
ask = dns.query.tcp if sys.argv[2] == "tcp" else dns.query.udp
answer = ask(dns.message.make_query(sys.argv[1], "A"), "{HUB}", timeout=5)
print(dns.rcode.to_text(answer.rcode()), *(str(each) for some in answer.answer for each in some))
"""


def ask(stage: Stage, host: str, name: str, how: str = "udp") -> str:
    """What a host of the lab is told about a name."""
    done = stage.lab.run(host, [sys.executable, "-c", ASK, name, how])
    return done.stdout.strip() or done.stderr.strip().rsplit("\n", 1)[-1]


def plant_at(stage: Stage, address: str) -> str:
    """Which plant's heating controller answers the laptop there."""
    page = stage.lab.run("laptop", ["curl", "--silent", "--max-time", "2", f"http://{address}/"]).stdout
    return next((plant for plant in "ab" if f"Plant {plant.upper()}" in page), "")


def test_each_is_told_the_names_of_what_they_may_reach_and_no_others(stage: Stage) -> None:
    names = {}
    for plant, site in stage.sites.items():
        devices = stage.rita.get(f"/sites/{site['key']}/devices")["items"]
        names[plant] = next(each["hostname"] for each in devices if each["address"] == REAL)
    grant = stage.let_in("a")
    stage.profile(stage.rita, ELSEWHERE, "Names")

    for how in ("udp", "tcp"):
        assert ask(stage, "laptop", names["a"], how) == f"NOERROR {stage.heating['a']}"
        assert ask(stage, "laptop", names["b"], how) == "NXDOMAIN"
        assert ask(stage, "laptop", "www.example.org", how) == "REFUSED"
    assert ask(stage, ELSEWHERE, names["b"]) == f"NOERROR {stage.heating['b']}"
    assert "Timeout" in ask(stage, "gateway-a", names["a"])

    stage.revoke("a", grant)
    assert ask(stage, "laptop", names["a"]) == "NXDOMAIN"
    assert ask(stage, ELSEWHERE, names["a"]) == f"NOERROR {stage.heating['a']}"


def test_the_same_real_address_opens_the_plant_that_is_active(stage: Stage, tmp_path: Path) -> None:
    grants = {plant: stage.let_in(plant) for plant in "ab"}
    mine = f"/profiles/{stage.laptop['key']}"
    assert plant_at(stage, REAL) == ""

    def choose(plant: str) -> None:
        stage.sonja.patch(mine, site=stage.sites[plant]["key"])
        wait_for(f"plant {plant} answers", lambda: plant_at(stage, REAL) == plant, 10)

    choose("a")
    transfer = Transfer(stage.lab, "laptop", REAL, tmp_path / "transfer")
    choose("b")
    assert not transfer.runs(), "what ran to the other plant has stopped"
    transfer.stop()
    assert [plant_at(stage, stage.heating[plant]) for plant in "ab"] == ["a", "b"]

    transfer = Transfer(stage.lab, "laptop", REAL, tmp_path / "another")
    stage.revoke("b", grants["b"])
    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    transfer.stop()
    assert plant_at(stage, REAL) == ""
    choose("a")
    stage.sonja.patch(mine, site=None)


def test_device_that_does_not_know_the_pre_shared_key_is_not_let_in(stage: Stage) -> None:
    made = stage.profile(stage.rita, ELSEWHERE, "Secret")
    known = made["configuration"]
    without = "\n".join(line for line in known.splitlines() if not line.startswith("PresharedKey"))
    assert without != known.strip()

    connect(stage.lab, ELSEWHERE, without)
    assert stage.lab.run(ELSEWHERE, ["ping", "-c3", "-W1", HUB]).returncode != 0
    connect(stage.lab, ELSEWHERE, known)
    wait_for(
        "it is let in", lambda: stage.lab.run(ELSEWHERE, ["ping", "-c1", "-W1", HUB]).returncode == 0, 20
    )


def test_gateway_gets_a_new_key_without_a_visit_and_traffic_goes_on(stage: Stage, tmp_path: Path) -> None:
    site = f"/sites/{stage.sites['a']['key']}"

    def key() -> str:
        return stage.lab.run("gateway-a", ["wg", "show", gateway_interface("a"), "public-key"]).stdout.strip()

    stage.let_in("a")
    before, since = key(), stage.rita.get(f"{site}/state")["gateway"]["key_since"]
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    stage.rita.post(f"{site}/gateway/key")

    wait_for("it counts", lambda: stage.rita.get(f"{site}/state")["gateway"]["key_since"] != since, 30)
    assert key() != before
    wait_for("the transfer goes on", lambda: transfer.runs(3), 20)
    transfer.stop()
    assert opens(stage.lab, "laptop", stage.heating["a"])
