"""The API and its OpenAPI document (version 3.1), which says of every operation who may come in and how it refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils import translation
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from furka.api.problems import TITLES
from furka.wire.problem import MEDIA_TYPE, Problem

#: How any operation may refuse, whatever it does.
REFUSALS = (400, 401, 403, 404, 409, 422, 429)
_WITH_BODY = (*REFUSALS, 413)


class Api(NinjaAPI):
    """The API; its document has the problems that the library does not know of."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        document["components"]["responses"] = {f"Problem{status}": _refusal(status) for status in _WITH_BODY}
        for operations in document["paths"].values():
            for operation in operations.values():
                statuses = _WITH_BODY if "requestBody" in operation else REFUSALS
                told = {
                    str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses
                }
                operation["responses"].update(told)
                if operation.get("description") == operation["summary"]:
                    del operation["description"]
        document.update(_with_plain_names(document))
        return document


def _with_plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """The library calls a page of sites Page_Site_; who generates a program from this reads SitePage."""
    plain: dict[str, Any] = json.loads(re.sub(r"\bPage_([A-Za-z]+)_", r"\1Page", json.dumps(document)))
    return plain


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    # The document does not change with the language of whoever asks first.
    return {"description": _english(status), "content": {MEDIA_TYPE: {"schema": schema}}}


def _english(status: int) -> str:
    with translation.override("en"):
        return str(TITLES[status])
