"""Requests and answers as they pass between HTTP and the parts that answer."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from reviewcore.testing.stripe.faults import Fault

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"


@attrs.frozen(kw_only=True)
class Incoming:
    """A request as it arrived; *form* is the body or else the query, names of headers are lower."""

    method: str
    path: str
    form: str
    headers: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Answer:
    """What goes back, and what the connection does to it."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = attrs.field(factory=dict)
    fault: Fault | None = None
    seconds: float = 0.0
