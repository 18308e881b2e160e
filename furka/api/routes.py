"""The one way to define an operation of the API: it can not be defined without saying who may come in.

    routes = Routes("sites")

    @routes.get("/sites/{key}/state", at_node(LOOK, Kind.SITE))
    def site_state(by: Acting, site: Node) -> schemas.State:
        '''How a site is.'''

An operation gets who acts and, with `at_node`, the node itself, never a bare key. A parameter whose type is a model is
the body, strict and closed (unknown fields are errors); `Query[…]` is the query, closed too. The return type is what
is answered, so that the type checker and the document read the same line; `None` is an empty answer (204), and
`HttpResponse` a file. `File[UploadedFile]` is a file that comes in.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Router
from ninja.errors import HttpError
from ninja.params.models import Body, BodyModel, Query
from ninja.params.models import Path as PathParam
from pydantic import BaseModel

from furka.access.policy import Reason
from furka.access.rights import Right
from furka.api.credentials import Session, Token, refuse_stale, token_is_not_enough
from furka.errors import Invalid, Refused
from furka.gate.declare import Declaration, Entrance, declare, entered
from furka.tree.acting import Acting
from furka.tree.models import Kind
from furka.tree.reasons import sentence

P = ParamSpec("P")
R = TypeVar("R")

#: The public name of a row in an address; anything else is not there.
Key = Annotated[str, PathParam(..., pattern="^[0-9a-z]{12}$")]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in at an operation."""

    declaration: Declaration
    session_only: bool = False
    proven: bool = False  # whoever calls has just proved in that session who they are
    closed_too: bool = False  # also whoever has closed their account, while that can be taken back

    @property
    def credentials(self) -> list[Callable[[HttpRequest], object]] | None:
        """What a caller can show, in this order."""
        if self.declaration.entrance is Entrance.PUBLIC:
            return None
        session = Session(closed_too=self.closed_too)
        return [token_is_not_enough, session] if self.session_only else [Token(), session]

    @property
    def document(self) -> dict[str, Any]:
        """The same for the readers of the document."""
        told: dict[str, Any] = {"entrance": self.declaration.entrance.value}
        if self.declaration.needs is not None:
            told["right"] = self.declaration.needs.key
        if self.declaration.kinds:
            told["levels"] = [str(kind) for kind in self.declaration.kinds]
        if self.session_only:
            told["session"] = True
        if self.proven:
            told["proven"] = True
        return told

    def let_in(self, request: HttpRequest, values: dict[str, Any]) -> tuple[object, ...]:
        """What the operation gets first; takes the key out of the values. Raises NotThere or Refused."""
        first = self._known(request, values)
        if self.proven:
            refuse_stale(request)
        return first

    def _known(self, request: HttpRequest, values: dict[str, Any]) -> tuple[object, ...]:
        match self.declaration:
            case Declaration(entrance=Entrance.PUBLIC):
                return ()
            case Declaration(entrance=Entrance.NODE, needs=Right() as needs, kinds=kinds):
                by = _acting(request)
                return by, entered(by, values.pop("key"), needs, *map(Kind, kinds))
            case _:
                return (_unlimited(request),)


def at_node(needs: Right, *kinds: Kind, proven: bool = False) -> Access:
    """Whoever holds the right at the node in the address, which is one of these kinds (default: any); with `proven`
    in a session, in which they have just proved who they are."""
    return Access(Declaration(Entrance.NODE, needs=needs, kinds=tuple(kinds)), proven, proven)


def own(reason: str, *, session_only: bool = False, proven: bool = False, closed_too: bool = False) -> Access:
    """Whoever is logged in, for what is theirs alone; with `session_only` no token is enough, and with `proven` they
    have just proved who they are in that session. With `closed_too` also whoever has closed their account."""
    return Access(Declaration(Entrance.OWN, reason), session_only or proven, proven, closed_too)


def public(reason: str) -> Access:
    """Anybody, for this reason."""
    return Access(Declaration(Entrance.PUBLIC, reason))


class Routes:
    """The operations of one part of the API."""

    def __init__(self, tag: str) -> None:
        self.router = Router(tags=[tag])

    def get(
        self, path: str, access: Access, *, in_document: bool = True
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Read something."""
        return self._operation("GET", path, access, 200, in_document=in_document)

    def post(
        self, path: str, access: Access, *, status: int = 201
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Make or do something."""
        return self._operation("POST", path, access, status)

    def patch(self, path: str, access: Access) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Change what is named; the rest stays."""
        return self._operation("PATCH", path, access, 200)

    def delete(self, path: str, access: Access) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """End or remove something."""
        return self._operation("DELETE", path, access, 204)

    def _operation(
        self, method: str, path: str, access: Access, status: int, *, in_document: bool = True
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            hints = get_type_hints(view, include_extras=True)
            answer = hints.pop("return")
            given = {Entrance.PUBLIC: 0, Entrance.OWN: 1, Entrance.NODE: 2}[access.declaration.entrance]
            asked = list(inspect.signature(view).parameters.values())[given:]
            params = [_param(each, hints[each.name]) for each in asked]
            allowed = {name for each in params for name in _query_names(each.annotation)}

            def run(request: HttpRequest, **values: Any) -> Any:
                _refuse_unknown(request, allowed)
                return view(*access.let_in(request, values), **values)  # type: ignore[arg-type]

            run.__name__, run.__module__, run.__doc__ = view.__name__, view.__module__, view.__doc__
            run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what the library reads
                [
                    inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD),
                    *([_KEY] if access.declaration.entrance is Entrance.NODE else []),
                    *params,
                ]
            )
            nothing, is_file = answer is type(None), answer is HttpResponse
            self.router.add_api_operation(
                path,
                [method],
                declare(run, access.declaration),
                auth=access.credentials,
                response={204 if nothing else status: None if nothing or is_file else answer},
                operation_id=view.__name__,
                summary=inspect.cleandoc(view.__doc__ or "").partition("\n")[0],
                openapi_extra={"x-access": access.document} | ({"responses": _FILE} if is_file else {}),
                include_in_schema=in_document,
            )
            return view

        return decorate


class _JsonModel(BodyModel):
    """A body that means what it says: JSON types are not bent, so "5" is no number and 1 is not true."""

    @classmethod
    def resolve(cls, request: HttpRequest, api: Any, path_params: Any) -> Any:
        data = cls.get_request_data(request, api, path_params)
        if data is None:
            return cls()
        try:
            text = json.dumps(data)
        except RecursionError:
            raise HttpError(400, "nested too deeply") from None
        return cls.model_validate_json(text, strict=True)


class _Json(Body):  # type: ignore[misc]  # the library derives its own kinds in the same way
    _model = _JsonModel

    @classmethod
    def _param_source(cls) -> str:
        return "body"


#: How the document says that the answer is a file.
_FILE = {200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}

_KEY = inspect.Parameter("key", inspect.Parameter.KEYWORD_ONLY, annotation=Key)


def _param(asked: inspect.Parameter, hint: Any) -> inspect.Parameter:
    """The parameter as the library has to read it."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        required = asked.default is inspect.Parameter.empty
        hint = Annotated[hint, _Json(... if required else asked.default)]
    return inspect.Parameter(asked.name, inspect.Parameter.KEYWORD_ONLY, annotation=hint)


def _query_names(hint: Any) -> set[str]:
    if get_origin(hint) is not Annotated or not isinstance(get_args(hint)[-1], Query):
        return set()
    model: type[BaseModel] = get_args(hint)[0]
    return set(model.model_fields)


def _refuse_unknown(request: HttpRequest, allowed: set[str]) -> None:
    unknown = [name for name in request.GET if name not in allowed]
    if unknown:
        fields = {name[:80]: [_("This field is not known.")] for name in unknown[:20]}
        raise Invalid("input-wrong", _("Some fields are missing, unknown or wrong."), fields)


def _acting(request: HttpRequest) -> Acting:
    found = getattr(request, "auth", None)
    assert isinstance(found, Acting)  # the credentials let nobody else through
    return found


def _unlimited(request: HttpRequest) -> Acting:
    """Who acts for themselves. One's own stands at no level: a token that is limited may read it, not change it."""
    by = _acting(request)
    if request.method != "GET" and by.limit is not None:
        raise Refused(Reason.LIMITED, sentence(Reason.LIMITED))
    return by
