"""Moving, offering, the archive and the bin, by the API."""

from __future__ import annotations

import pytest

from furka.tree import operations
from furka.tree.models import Kind, Node
from tests.api.caller import as_person
from tests.world import YESTERDAY, World, by, person

pytestmark = pytest.mark.usefixtures("fake_clock")

LOOKED_AT = "a test looks at everything"


def row(node: Node) -> Node:
    return Node.objects.everything(LOOKED_AT).select_related("parent").get(pk=node.pk)


def test_move_is_asked_and_made(world: World) -> None:
    rita, school = as_person(world.rita), world.ours.school
    other = operations.create_customer(by(world.rita), world.ours.reseller, "Gemeinde Neudorf")

    told = rita.get(f"/levels/{school.key}/move", target=other.key)
    assert (told.status, told.body["lose"], told.body["supporters"]) == (200, 1, 2)
    answer = rita.post(f"/levels/{school.key}/move", {"target": other.key, "keep_supporters": True})
    assert (answer.status, answer.body["key"]) == (200, school.key)
    assert row(school).parent == other
    again = rita.post(f"/levels/{school.key}/move", {"target": other.key})
    assert (again.status, again.body["code"]) == (409, "already-there")
    for target in (world.theirs.customer.key, "0123456789ab"):
        hidden = rita.post(f"/levels/{school.key}/move", {"target": target})
        assert (hidden.status, hidden.body["code"]) == (422, "level-unknown")


def test_move_into_the_own_part_of_the_tree_is_refused_with_a_sentence(world: World) -> None:
    customer, school = world.ours.customer, world.ours.school
    refused = as_person(world.rita).post(f"/levels/{customer.key}/move", {"target": school.key})
    assert (refused.status, refused.body["code"]) == (422, "into-own-subtree")
    assert "A level can not be moved into its own part of the tree." in str(refused.body["fields"]["target"])
    assert (row(customer).parent, row(school).parent) == (world.ours.reseller, customer)


def test_offer_is_made_read_and_accepted(world: World) -> None:
    rita, nora, school = as_person(world.rita), as_person(world.nora), world.ours.school
    made = rita.post(f"/levels/{school.key}/offers", {"to": world.theirs.customer.key, "message": "Bitte"})
    assert (made.status, made.body["state"], made.body["mine"]) == (201, "open", True)
    assert made.body["target"] is None  # its name is not told before it is accepted
    [told] = nora.items(f"/levels/{world.theirs.reseller.key}/offers")
    assert (told["key"], told["to_answer"]) == (made.body["key"], True)
    where = f"/offers/{told['key']}"
    assert {each["what"]: each["number"] for each in nora.get(where).body["hanging"]}["gateways"] == 1
    assert as_person(world.fremd).get(where).status == 404

    accepted = nora.post(f"{where}/accept", {})
    assert (accepted.status, accepted.body["name"]) == (200, school.name)
    assert row(school).parent == world.theirs.customer
    assert nora.get(where).body["state"] == "accepted"


def test_customer_joins_by_mail_and_leaves(world: World) -> None:
    solo = person("Solo")
    alone = operations.open_level(by(solo, YESTERDAY), Kind.CUSTOMER, "Allein")
    rita, caller = as_person(world.rita), as_person(solo)
    asked = rita.post(f"/levels/{world.ours.reseller.key}/questions", {"to": solo.email})
    assert (asked.status, asked.body["level"], asked.body["hanging"]) == (201, None, None)
    [told] = caller.items("/offers")
    nothing = caller.post(f"/offers/{told['key']}/accept", {})
    assert (nothing.status, nothing.body["code"]) == (422, "level-missing")
    assert caller.post(f"/offers/{told['key']}/accept", {"level": alone.key}).status == 200
    assert row(alone).reseller_id == world.ours.reseller.pk

    assert caller.post(f"/levels/{alone.key}/leave").status == 204
    assert row(alone).reseller_id is None


def test_offers_are_declined_and_withdrawn(world: World) -> None:
    rita, nora, school = as_person(world.rita), as_person(world.nora), world.ours.school
    keys = []
    for to in (world.nora.email, world.theirs.reseller.key):
        keys.append(rita.post(f"/levels/{school.key}/offers", {"to": to}).body["key"])
    assert nora.post(f"/offers/{keys[0]}/decline").status == 204
    assert nora.post(f"/offers/{keys[1]}/withdraw").status == 404
    assert rita.post(f"/offers/{keys[1]}/withdraw").status == 204
    assert rita.items(f"/levels/{school.key}/offers") == []
    assert nora.post(f"/offers/{keys[1]}/accept", {}).body["code"] == "offer-answered"


def test_archive_and_back(world: World) -> None:
    rita, customer = as_person(world.rita), world.ours.customer
    for _ in range(2):
        assert rita.post(f"/levels/{customer.key}/archive").status == 204
    assert rita.get(f"/levels/{world.ours.school.key}").body["archived_at"] is not None
    for _ in range(2):
        assert rita.delete(f"/levels/{customer.key}/archive").status == 204
    assert rita.get(f"/levels/{world.ours.school.key}").body["archived_at"] is None


def test_delete_and_restore(world: World) -> None:
    rita, customer = as_person(world.rita), world.ours.customer
    hanging = {each["what"]: each["number"] for each in rita.items(f"/levels/{customer.key}/hanging")}
    assert (hanging["sites"], hanging["people"], hanging["devices"]) == (1, 3, 1)
    wrong = rita.post(f"/levels/{customer.key}/delete", {"name": "Falsch"})
    assert (wrong.status, wrong.body["code"]) == (422, "name-differs")
    assert rita.post(f"/levels/{customer.key}/delete", {"name": customer.name}).status == 204
    assert rita.get(f"/levels/{customer.key}").status == 404
    for listed in (rita.items(f"/levels/{world.ours.reseller.key}/bin"), rita.items("/bin")):
        assert [each["level"]["key"] for each in listed] == [customer.key]
    assert as_person(world.nora).post(f"/bin/{customer.key}/restore").status == 404
    assert rita.post(f"/bin/{customer.key}/restore").status == 200
    assert rita.get(f"/levels/{world.ours.school.key}").status == 200


def test_token_for_one_level_reaches_no_further(world: World) -> None:
    other = operations.create_customer(by(world.rita), world.ours.reseller, "Gemeinde Neudorf")
    limited = as_person(world.rita, node=world.ours.customer)
    answer = limited.post(f"/levels/{world.ours.school.key}/move", {"target": other.key})
    assert answer.status == 422
    assert row(world.ours.school).parent == world.ours.customer
