"""The map that the portal draws itself."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client

from assets.outlines import outlines
from furka.clock import FakeClock
from furka.particulars import operations
from furka.particulars.operations import Noted
from furka.portal.maps import HEIGHT, WIDTH, Mark, draw, draw_around
from furka.tree.operations import create_site
from tests.portal.pages import count_queries, page, text_of, url
from tests.world import World, by

BERN = Noted(town="Bern", latitude=Decimal("46.948"), longitude=Decimal("7.4474"))
CHUR = Noted(town="Chur", latitude=Decimal("46.85"), longitude=Decimal("9.53"))


def mark(longitude: float, latitude: float, kind: str = "ok") -> Mark:
    return Mark(longitude, latitude, "Somewhere", kind, "Online", "/levels/x/")


def test_nothing_with_a_place_is_no_map() -> None:
    assert draw([]) is None


def test_marks_lie_on_the_picture_east_to_the_right_and_north_above() -> None:
    drawn = draw([mark(7.44, 46.95), mark(9.53, 46.85), mark(8.54, 47.37)])
    assert drawn is not None
    west, east, north = sorted(drawn.spots, key=lambda spot: (spot.marks[0].latitude == 47.37, spot.x))
    assert west.x < north.x < east.x
    assert north.y < min(west.y, east.y)
    assert all(0 < spot.x < WIDTH and 0 < spot.y < HEIGHT for spot in drawn.spots)


def test_marks_that_lie_together_are_one_and_show_what_needs_somebody_most() -> None:
    drawn = draw([mark(7.4401, 46.95), mark(7.44011, 46.95, "bad"), mark(9.53, 46.85)])
    assert drawn is not None
    assert sorted((len(spot.marks), spot.kind) for spot in drawn.spots) == [(1, "ok"), (2, "bad")]


def test_single_place_is_shown_with_the_borders_around_it() -> None:
    drawn = draw([mark(7.628, 46.758)])
    assert drawn is not None
    corners = [map(float, step.split()) for step in re.split("[ML]", drawn.path)[1:]]
    assert any(0 < x < WIDTH and 0 < y < HEIGHT for x, y in corners)


@pytest.mark.parametrize("place", [(0.0, 90.0), (180.0, -90.0), (-180.0, 0.0)])
def test_ends_of_the_earth_are_drawn_too(place: tuple[float, float]) -> None:
    assert draw([mark(*place)]) is not None


def test_shared_borders_become_lines_once() -> None:
    topology = """{"transform": {"scale": [0.1, 0.1], "translate": [5, 45]},
      "objects": {"countries": {"type": "GeometryCollection", "geometries": [
        {"type": "Polygon", "arcs": [[0]]}, {"type": "MultiPolygon", "arcs": [[[-1]]]}]}},
      "arcs": [[[0, 0], [10, 0], [0, 10]], [[1, 1], [2, 2]]]}"""
    assert outlines(topology) == "[[[5.0,45.0],[6.0,45.0],[6.0,46.0]]]"


@pytest.mark.django_db
def test_map_of_a_level_shows_sites_with_a_place_to_those_who_may_see_them(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    empty = text_of(page(client, world.rita, url(world.ours.reseller, "map/")))
    assert "map-spot" not in empty
    operations.set_particulars(by(world.rita), world.ours.school, BERN)
    operations.set_particulars(by(world.rita), world.ours.depot, CHUR)
    shown = text_of(page(client, world.rita, url(world.ours.reseller, "map/")))
    assert shown.count('class="map-spot') == 2
    assert world.ours.school.name in shown
    his = text_of(page(client, world.karl, url(world.ours.customer, "map/")))
    assert his.count('class="map-spot') == 1
    assert world.ours.depot.name not in his


@pytest.mark.django_db
def test_queries_of_the_map_do_not_grow(world: World, client: Client, fake_clock: FakeClock) -> None:
    operations.set_particulars(by(world.rita), world.ours.school, BERN)
    one = count_queries(client, world.rita, url(world.ours.reseller, "map/"))
    operations.set_particulars(by(world.rita), world.ours.depot, CHUR)
    assert count_queries(client, world.rita, url(world.ours.reseller, "map/")) == one


@pytest.mark.django_db
def test_numbers_of_the_picture_are_no_words_of_a_language(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    operations.set_particulars(by(world.rita), world.ours.school, BERN)
    client.force_login(world.rita)
    for language in ("de", "fr", "it"):
        shown = client.get(url(world.ours.reseller, "map/"), HTTP_ACCEPT_LANGUAGE=language).content.decode()
        assert 'viewBox="0 0 1000 640"' in shown
        assert 'transform="translate(500.0 320.0)"' in shown or 'transform="translate(500 320)"' in shown


def test_map_to_choose_on_lies_around_the_place_and_names_towns() -> None:
    drawn = draw_around(7.4474, 46.948, [mark(7.45, 46.95), mark(2.35, 48.86)])
    assert len(drawn.spots) == 1  # the other lies elsewhere
    bern = next(town for town in drawn.towns if town.name == "Bern")
    assert (round(bern.x), round(bern.y)) == (WIDTH / 2, HEIGHT / 2)


def test_names_of_towns_do_not_lie_on_each_other() -> None:
    drawn = draw([mark(7.44, 46.95), mark(9.53, 46.85)], small=True)
    assert drawn is not None
    names = [town.name for town in drawn.towns]
    assert "Bern" in names
    assert "Burgdorf" not in names


@pytest.mark.django_db
def test_page_of_a_site_begins_where_the_sites_beside_it_are(
    world: World, client: Client, fake_clock: FakeClock
) -> None:
    operations.set_particulars(by(world.rita), world.ours.school, CHUR)
    second = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    shown = page(client, world.rita, url(second, "particulars/")).context["map"]
    [spot] = shown.spots
    assert (spot.marks[0].name, round(spot.x), round(spot.y)) == (world.ours.school.name, 500, 320)
    assert page(client, world.karl, url(world.ours.customer, "particulars/")).context["map"] is None
