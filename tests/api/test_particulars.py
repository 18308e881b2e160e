"""Labels, address and contacts, by the API."""

from __future__ import annotations

import pytest

from tests.api.caller import as_person
from tests.world import World

pytestmark = pytest.mark.usefixtures("fake_clock")


def test_programs_read_and_write_the_same(world: World) -> None:
    base, rita = f"/levels/{world.ours.school.key}", as_person(world.rita)
    assert rita.patch(f"{base}/labels", {"labels": ["Pikett"]}).body == {"labels": ["Pikett"]}
    assert as_person(world.sonja).get(f"{base}/labels").body == {"labels": ["Pikett"]}
    noted = rita.patch(f"{base}/particulars", {"town": "Musterwil", "latitude": 46.9, "longitude": 7.4}).body
    assert (noted["town"], noted["latitude"], noted["street"]) == ("Musterwil", 46.9, "")
    assert rita.get(f"{base}/particulars").body == noted
    made = rita.post(f"{base}/contacts", {"name": "Abwart", "phone": "117"}).body
    changed = rita.patch(f"{base}/contacts/{made['key']}", {"name": "Abwartin"}).body
    assert rita.get(f"{base}/contacts").body == [changed]
    assert rita.delete(f"{base}/contacts/{made['key']}").status == 204
    assert rita.patch(f"{base}/particulars", {"nonsense": 1}).status == 422
    assert as_person(world.max).patch(f"{base}/labels", {"labels": []}).status == 403
