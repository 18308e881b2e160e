"""What somebody at the plant does with a call in its network: let a technician in, and cut everything."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from furka.lab.programs import preset_file
from furka.lab.topology import PORTAL, PORTAL_URL, gateway_interface
from tests.thread.installation import Transfer, key_pair, opens, wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


def call(stage: Stage, path: str) -> str:
    """What the gateway of plant a says to a device beside it."""
    url = f"http://192.168.1.2:8470{path}"
    return stage.lab.run("heating-a", ["curl", "--silent", "--max-time", "10", url]).stdout.strip()


def test_pin_at_the_plant_opens_the_way_and_the_switch_closes_it(stage: Stage, tmp_path: Path) -> None:
    site = stage.sites["a"]["key"]
    made = stage.rita.post(
        f"/levels/{site}/grants", email="sonja@example.org", role="supporter", on_request=True
    )
    stage.sonja.post(f"/invitations/{made['invitation_link'].rstrip('/').rsplit('/', 1)[1]}/accept")
    pin = stage.rita.post(f"/sites/{site}/releases", email="sonja@example.org", minutes=10)["pin"]
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    assert call(stage, "/release?code=12345678") == "release-unknown"

    assert call(stage, f"/release?code={pin}").startswith("released Sonja")

    wait_for("the page opens", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
    assert call(stage, "/cut") == "cut"
    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    state = f"/sites/{site}/state"
    wait_for("the portal says so", lambda: stage.rita.get(state)["state"]["cut_by"] == "network", 20)
    transfer.stop()
    home = stage.lab.home / "gateway-a"
    stage.lab.run("gateway-a", ["furka", "gateway", "restore", "--home", str(home)], check=True)
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)


def release(stage: Stage, plant: str) -> int:
    """Part the plant's gateway from its site; returns its process, which has taken everything down."""
    stage.rita.delete(f"/sites/{stage.sites[plant]['key']}/gateway")
    host, name = f"gateway-{plant}", gateway_interface(plant)
    gone = ["ip", "link", "show", "dev", name]
    wait_for("its tunnel is down", lambda: stage.lab.run(host, gone).returncode != 0, 20)
    number = stage.find_in_lab(f"furka gateway run .*{host}")
    assert number is not None
    return number


def test_router_without_our_program_is_a_gateway_by_its_configuration_alone(
    stage: Stage, tmp_path: Path
) -> None:
    """What the portal writes for Linux is put into plant b's box as it is; nothing of ours is at work there."""
    site, lab = stage.sites["b"]["key"], stage.lab
    ours = release(stage, "b")
    os.kill(ours, signal.SIGSTOP)
    private, public = key_pair()
    made = stage.rita.post(f"/sites/{site}/router", public_key=public, system="linux")
    place = tmp_path / "furka-r.conf"
    place.write_text(made["configuration"].replace("PRIVATE_KEY", private))
    place.chmod(0o600)
    try:
        lab.run("gateway-b", ["wg-quick", "up", str(place)], check=True)
        stage.wait_until("b", "online")
        grant = stage.let_in("b")

        transfer = Transfer(lab, "laptop", stage.heating["b"], tmp_path / "transfer")
        network = stage.heating["b"].rpartition(".")[0]
        assert not opens(lab, "laptop", f"{network}.2:8470"), "the box itself answers nothing"
        assert not opens(lab, "laptop", stage.heating["a"]), "no other site is reached"
        for host in ("gateway-b", "heating-b"):
            [profile] = [each for each in stage.sonja.get("/profiles")["items"] if each["name"] == "Laptop"]
            assert lab.run(host, ["ping", "-c1", "-W1", profile["address"]]).returncode != 0
            assert not opens(lab, host, stage.heating["a"]), "nor by what is at the plant"

        stage.revoke("b", grant)
        wait_for("the transfer stops", lambda: not transfer.runs(), 10)
        assert not opens(lab, "laptop", stage.heating["b"])
        transfer.stop()

        stage.let_in("b")
        stage.rita.delete(f"/sites/{site}/gateway")
        wait_for("nobody enters any more", lambda: not opens(lab, "laptop", stage.heating["b"]), 20)
    finally:
        lab.run("gateway-b", ["wg-quick", "down", str(place)])
        os.kill(ours, signal.SIGCONT)
    assert "furka" not in lab.run("gateway-b", ["nft", "list", "tables"], check=True).stdout


def test_box_with_the_line_of_its_label_comes_online_without_anybody(stage: Stage) -> None:
    """It is plugged in first, and assigned afterwards by whoever reads its number."""
    site, lab = stage.sites["b"]["key"], stage.lab
    ours = release(stage, "b")
    [reseller] = [level for level in stage.rita.get("/levels")["items"] if level["kind"] == "reseller"]
    base = f"/levels/{reseller['key']}"
    batch = stage.rita.post(f"{base}/gateway-batches", name="Lieferung", count=1)["key"]
    [code] = stage.rita.post(f"{base}/gateway-batches/{batch}/codes")["items"]
    stage.rita.post(f"{base}/gateway-batches/{batch}/shipped")
    line = (
        f"http://{PORTAL}/plug/{code['preset'].rpartition('/plug/')[2]}\n"  # as the portal is seen in the lab
    )
    preset_file(lab, "b").write_text(line)

    def state() -> str:
        pieces = stage.rita.get(f"{base}/prepared-gateways")["items"]
        return str(next(each["state"] for each in pieces if each["number"] == code["number"]))

    os.kill(ours, signal.SIGTERM)  # it is started again, as on a box that is plugged in
    try:
        wait_for("it waits for a site", lambda: state() == "waiting", 30)
        stage.rita.post(f"/sites/{site}/prepared-gateway", number=code["number"])
        wait_for("it is online", lambda: state() == "online", 60)
        stage.let_in("b")
    finally:
        preset_file(lab, "b").unlink()


def test_new_box_takes_the_place_of_the_old_one_under_the_same_addresses(
    stage: Stage, tmp_path: Path
) -> None:
    """The last one here: afterwards another box serves plant b. It stands where the meter does."""
    site, lab = f"/sites/{stage.sites['b']['key']}", stage.lab
    stage.let_in("b")
    transfer = Transfer(lab, "laptop", stage.heating["b"], tmp_path / "transfer")
    before = stage.rita.get(f"{site}/state")["gateway"]
    code = stage.rita.post(f"{site}/claim-code", replaces=True)["code"]
    assert transfer.runs(), "the old box works until the new one is there"

    home = lab.home / "new-box"
    fixed = ["--home", str(home), "--plain-http", "--serial", "SN-0815"]
    lab.run("meter-b", ["ip", "route", "add", "default", "via", "192.168.1.1"], check=True)
    lab.run("meter-b", ["furka", "gateway", "claim", code, "--portal", PORTAL_URL, *fixed], check=True)
    none = ["--local-port", "0", "--preset", str(tmp_path / "none")]
    box = lab.spawn("meter-b", ["furka", "gateway", "run", *fixed, "--interface", "furka-n", *none])
    try:
        wait_for(
            "the new box has reported", lambda: stage.rita.get(f"{site}/state")["gateway"]["handshake_at"], 40
        )
        wait_for("the page opens", lambda: opens(lab, "laptop", stage.heating["b"]), 20)

        now = stage.rita.get(f"{site}/state")["gateway"]
        assert (now["address"], now["serial"]) == (before["address"], "SN-0815")
        assert now["key"] != before["key"]
        old = ["ip", "link", "show", "dev", gateway_interface("b")]
        wait_for("the old box is down", lambda: lab.run("gateway-b", old).returncode != 0, 20)
        kept = lab.home / "gateway-b" / "gateway.json"
        wait_for("it has forgotten whom it served", lambda: not kept.exists() or not _serves(kept), 20)
        assert [each["what"] for each in stage.rita.get(f"{site}/gateway-log?what=linked")["items"]]
        events = {each["action"] for each in stage.rita.get(f"/levels{site[6:]}/events")["items"]}
        assert "gateway.replaced" in events
    finally:
        transfer.stop()
        box.kill()


def _serves(kept: Path) -> bool:
    return json.loads(kept.read_text()).get("claim") is not None
