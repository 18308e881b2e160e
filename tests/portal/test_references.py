"""What levels are called in the books of whoever looks after them: set on their page, seen in lists, found."""

from __future__ import annotations

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.finding.queries import find
from furka.journal.models import Event
from furka.tree.models import Node
from tests.portal.pages import page, text_of, url
from tests.world import World, by

pytestmark = pytest.mark.django_db


def test_number_is_set_in_the_settings_shown_in_the_list_and_found(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    school = world.ours.school
    assert "Number in your books" in text_of(page(client, world.rita, url(school, "settings/")))
    answer = client.post(url(school, "settings/"), {"part": "reference", "reference": " A-20417 "})
    assert answer.status_code == 302
    assert Node.objects.everything("a test").get(pk=school.pk).reference == "A-20417"
    assert Event.objects.filter(node_id=school.pk).latest("id").action == "node.reference"
    assert "A-20417" in text_of(page(client, world.rita, url(world.ours.reseller, "sites/")))
    assert [each.node for each in find(by(world.rita), "a-20417", 10)] == [school]
    too_long = client.post(url(school, "settings/"), {"part": "reference", "reference": "x" * 61})
    assert too_long.status_code == 422


def test_whoever_may_not_change_the_structure_has_no_field_for_it(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    school = world.ours.school
    assert "Number in your books" not in text_of(page(client, world.sonja, url(school, "settings/")))
    answer = client.post(url(school, "settings/"), {"part": "reference", "reference": "X"})
    assert answer.status_code == 403
