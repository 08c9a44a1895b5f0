"""Every refusal as a problem document (RFC 9457), by one table from error to status."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from reviewcore.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidCursor,
    InvalidWebhook,
    NotFound,
    Refused,
    ReviewcoreError,
    Throttled,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from reviewcore.entrypoints.http.errors import (
    InternalError,
    Malformed,
    MalformedBody,
    MalformedParameter,
    MethodNotAllowed,
    TooLarge,
)
from reviewcore.ports import codec

log = logging.getLogger("reviewcore.http")

MEDIA_TYPE = "application/problem+json"
BODY_MAX_BYTES = 1024 * 1024

STATUS: Mapping[type[ReviewcoreError], int] = MappingProxyType(
    {
        Malformed: 400,
        InvalidCursor: 400,
        InvalidWebhook: 400,
        Unauthenticated: 401,
        Forbidden: 403,
        NotFound: 404,
        MethodNotAllowed: 405,
        Conflict: 409,
        TooLarge: 413,
        Invalid: 422,
        Refused: 422,
        Throttled: 429,
        InternalError: 500,
        Unavailable: 503,
    }
)
"""The nearest entry above an error in its tree is its status."""

HEADERS: Mapping[int, Mapping[str, str]] = MappingProxyType(
    {
        401: {"WWW-Authenticate": "Bearer"},
        503: {"Retry-After": "1"},
    }
)

MEMBERS = frozenset({"type", "title", "status", "detail", "instance"})
"""What RFC 9457 gives a meaning to; a field of an error with such a name is told as `its_…`."""


def status_of(kind: type[ReviewcoreError]) -> int:
    """Tell the status code of an error class."""
    return next(STATUS[one] for one in kind.__mro__ if one in STATUS)


def name_of(kind: type[Exception]) -> str:
    """Tell an error's name as it ends the `type` of its problem: `EmailTaken` → `email-taken`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()


def document(error: ReviewcoreError, *, base_url: str) -> dict[str, Any]:
    """Make the problem document of *error*."""
    if isinstance(error, NotFound):
        # Told alike, whether it does not exist or is somebody else's.
        error = NotFound()
    extras = {
        f"its_{name}" if name in MEMBERS else name: codec.encode(value)
        for name, value in error.extras.items()
    }
    return {
        "type": f"{base_url}/problems/{name_of(type(error))}",
        "title": error.title,
        "status": status_of(type(error)),
        "detail": str(error),
        **extras,
    }


class Problems:
    """The exception handlers of a deployment at *base_url*."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def refused(self, _: Request[Any, Any, Any], error: ReviewcoreError) -> Response[Any]:
        """Answer with a refusal of the market."""
        if isinstance(error, TooManyRequests):
            return self._answer(error, headers={"Retry-After": str(error.retry_after_seconds)})
        return self._answer(error)

    def unreadable(self, _: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        """Answer with what Litestar found wrong with the request itself."""
        return self._answer(_translated(error), headers=error.headers)

    def failed(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        """Answer with nothing but that we failed; the place is logged, never the words.

        What a driver says of an error may quote a row, an address or a token.
        """
        log.error(
            "%s %s failed: %s\n%s",
            request.method,
            request.scope.get("path_template", ""),
            type(error).__qualname__,
            "".join(traceback.format_tb(error.__traceback__)),
        )
        return self._answer(InternalError())

    def _answer(
        self, error: ReviewcoreError, *, headers: Mapping[str, str] | None = None
    ) -> Response[Any]:
        content = document(error, base_url=self._base_url)
        status: int = content["status"]
        return Response(
            content,
            status_code=status,
            media_type=MEDIA_TYPE,
            headers={**HEADERS.get(status, {}), **(headers or {})},
        )


def _translated(error: HTTPException) -> ReviewcoreError:
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFound()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return MethodNotAllowed()
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooLarge(maximum_bytes=BODY_MAX_BYTES)
        case HTTPStatus.BAD_REQUEST if isinstance(error, ValidationException):
            return _invalid_parameter(error)
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Malformed()
        case _:
            return Unavailable()


def _invalid_parameter(error: ValidationException) -> ReviewcoreError:
    # Litestar tells each fault as a dict with `message`, `key` and `source`; its own text quotes
    # the whole address of the request, which may hold a token.
    faults = [one for one in error.extra or () if isinstance(one, dict)]
    if not faults:
        return Malformed()
    key, reason = str(faults[0].get("key", "")), str(faults[0].get("message", "is not valid"))
    if key == "data":
        return MalformedBody(reason="a JSON object is needed")
    return MalformedParameter(parameter=key, reason=reason)


@cache
def known_problems() -> Mapping[str, type[ReviewcoreError]]:
    """Tell every problem by the name that ends its `type`."""
    return MappingProxyType({name_of(kind): kind for kind in _kinds(ReviewcoreError)})


def _kinds(base: type[ReviewcoreError]) -> Iterator[type[ReviewcoreError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
