"""The description of every operation: Litestar's document, completed with what it cannot know.

Litestar tells paths, parameters, bodies and answers. Which refusals an operation can answer with
follows from its guards, its parameters and its body; the keys and sessions it takes, likewise.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.serialization import encode_json

from reviewcore.entrypoints.http import auth, bodies
from reviewcore.entrypoints.http.desk import IDEMPOTENCY_KEY, KEY_MAX
from reviewcore.entrypoints.http.problems import MEDIA_TYPE
from reviewcore.entrypoints.http.views import (
    administration,
    money,
    people,
    reviews,
    service,
    tracks,
)

TITLE: Final = "reviewcore"
VERSION: Final = version("reviewcore")

STATUSES: Final = "statuses"
"""The `opt` of a handler that names refusals which do not follow from its signature."""

ROLES: Final = frozenset({auth.signed_in, auth.as_artist, auth.as_reviewer, auth.as_admin})
SESSION: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {"cookie": []}]
SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a session."},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": auth.COOKIE,
        "description": "The same token, as sign-in sets it; changes need X-Requested-With besides.",
    },
}
PROBLEM: Final = {
    "type": "object",
    "description": "A refusal (RFC 9457); `type` ends in its name, further members are its fields.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": True,
}
KEY_PARAMETER: Final = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "A repeat under the same key changes nothing and has the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$"},
}


def described(app: Litestar) -> dict[str, Any]:
    """Return the document, made on first use."""
    if "openapi" not in app.state:
        app.state["openapi"] = _described(app)
    document: dict[str, Any] = app.state["openapi"]
    return document


def operation_id(handler: HTTPRouteHandler, _method: object, _path: object) -> str:
    """Name an operation after its handler: `tracks_create_track`."""
    # Litestar wraps those that it runs in threads.
    fn = getattr(handler.fn, "func", handler.fn)
    return f"{fn.__module__.rpartition('.')[2]}_{fn.__name__}"


def _described(app: Litestar) -> dict[str, Any]:
    told = encode_json(app.openapi_schema.to_schema()).decode()
    # Litestar spells out where the class of a page's items lives.
    document: dict[str, Any] = json.loads(re.sub(r"Page_[\w.]+\.(\w+)_", r"PageOf\1", told))
    schemas = document["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    document["components"]["securitySchemes"] = SCHEMES
    for handler, operation in _operations(app, document):
        _complete(handler, operation)
        if "requestBody" in operation:
            _close(operation["requestBody"], schemas)
    for name, kind in _described_classes():
        if name in schemas:
            schemas[name]["description"] = inspect.getdoc(kind)
    return document


def _described_classes() -> Iterator[tuple[str, type[Any]]]:
    for module in (bodies, people, tracks, reviews, money, service, administration):
        yield from inspect.getmembers(module, inspect.isclass)


def _operations(
    app: Litestar, document: dict[str, Any]
) -> Iterator[tuple[HTTPRouteHandler, dict[str, Any]]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        described_path = document["paths"].get(route.path_format, {})
        for handler in route.route_handlers:
            for method in handler.http_methods:
                if method.lower() in described_path:
                    yield handler, described_path[method.lower()]


def _complete(handler: HTTPRouteHandler, operation: dict[str, Any]) -> None:
    guards = set(handler.resolve_guards())
    parameters = operation.setdefault("parameters", [])
    if guards & ROLES:
        operation["security"] = SESSION
        if "POST" in handler.http_methods:
            parameters.append(KEY_PARAMETER)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = not _body_may_be_absent(handler)
    # Litestar announces a 400 of its own form, and that "no content" has some; neither ever leaves.
    operation["responses"].pop("400", None)
    for empty in ("204", "302"):
        operation["responses"].get(empty, {}).pop("content", None)
    for status in sorted(_refusals(handler, operation)):
        operation["responses"][str(status)] = _refusal(status)


def _body_may_be_absent(handler: HTTPRouteHandler) -> bool:
    return handler.parsed_fn_signature.parameters["data"].has_default


def _refusals(handler: HTTPRouteHandler, operation: dict[str, Any]) -> set[int]:
    guards = set(handler.resolve_guards())
    statuses: set[int] = {500, 503, *handler.opt.get(STATUSES, ())}
    changes = not handler.http_methods <= auth.SAFE
    if guards & ROLES:
        statuses.add(401)
    # A role that is missing, or a change that another site's page may have sent.
    if guards - {auth.signed_in} or (guards and changes):
        statuses.add(403)
    if operation["parameters"]:
        statuses.add(400)
    if any(one["in"] == "path" for one in operation["parameters"]):
        statuses.add(404)
    if changes:
        statuses |= {400, 409, 413, 422}
    return statuses


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _close(described_part: Any, schemas: dict[str, Any]) -> None:
    """Say of every object in a body that it takes no other fields than those listed."""
    if isinstance(described_part, list):
        for one in described_part:
            _close(one, schemas)
    if not isinstance(described_part, dict):
        return
    name = str(described_part.get("$ref", "")).rpartition("/")[2]
    if name and "additionalProperties" not in schemas[name]:
        if schemas[name].get("type") == "object":
            schemas[name]["additionalProperties"] = False
        _close(schemas[name], schemas)
    for part in described_part.values():
        _close(part, schemas)
