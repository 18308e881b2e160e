"""The document of the API: nothing changes in it unseen, and it says of everything who may come in."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import NinjaAPI

from furka.api import checks, schemas
from furka.api.assembly import api
from furka.wire.problem import Problem
from tests.api import golden
from tests.api.caller import Caller, document, operations


def test_document_is_the_one_that_was_agreed() -> None:
    agreed = golden.GOLDEN.read_text(encoding="utf-8") if golden.GOLDEN.exists() else ""
    assert golden.text() == agreed, golden.RENEW


def test_document_is_public(db: None) -> None:
    answer = Caller().get("/openapi.json")

    assert answer.status == 200
    assert answer.body == document()


def test_no_two_shapes_have_one_name() -> None:
    """In the document one would stand for both."""
    shapes = list(subclasses_of(schemas.Answer)) + list(subclasses_of(schemas.Input))
    names = [shape.__name__ for shape in shapes]
    assert sorted(set(names)) == sorted(names)


def subclasses_of(shape: type) -> set[type]:
    """All that are made from it, directly or not."""
    direct: set[type] = set(type.__subclasses__(shape))
    return direct.union(*map(subclasses_of, direct))


def test_names_of_operations_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(set(names)) == sorted(names)


def test_every_operation_says_who_may_come_in_and_how_it_refuses() -> None:
    for method, path, operation in operations():
        assert operation["x-access"]["entrance"] in ("node", "own"), (method, path)
        refusals = {status for status in operation["responses"] if status >= "400"} - {"413"}
        assert refusals == {"400", "401", "403", "404", "409", "422", "429"}, (method, path)
        assert ("413" in operation["responses"]) == ("requestBody" in operation), (method, path)


def test_problems_are_those_of_the_wire() -> None:
    assert document()["components"]["schemas"]["Problem"] == Problem.model_json_schema()


def test_undeclared_operation_stops_the_start() -> None:
    careless = NinjaAPI(urls_namespace="careless")

    @careless.get("/secrets")
    def secrets(request: HttpRequest) -> str:
        return "all of them"

    assert checks.undeclared(careless) == ["GET /secrets"]
    assert checks.undeclared(api) == []
