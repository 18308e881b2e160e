"""At every start: each operation of the API has declared who may come in."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, register
from ninja import NinjaAPI
from ninja.operation import Operation

from furka.gate.declare import declared


def operations(api: NinjaAPI) -> Iterator[Operation]:
    """Every operation, with the method and the path it answers."""
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            yield from view.operations


def undeclared(api: NinjaAPI) -> list[str]:
    """The operations that were not defined with `furka.api.routes`."""
    return [
        f"{'/'.join(operation.methods)} {operation.path}"
        for operation in operations(api)
        if declared(operation.view_func) is None
    ]


@register()
def every_operation_declares_its_access(**_: object) -> list[CheckMessage]:
    """An undeclared operation would answer anybody."""
    from furka.api.assembly import api  # noqa: PLC0415  # services must be registered first

    return [
        Error(f"the operation {each} declares no access", id="furka.E002", hint="see furka.api.routes")
        for each in undeclared(api)
    ]
