"""Lists, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reviewcore.testing.stripe.errors import invalid, missing
from reviewcore.testing.stripe.params import Shape, fields, integer, items, text
from reviewcore.testing.stripe.world import Json

LIMIT = 10
LIMIT_MAX = 100

PAGING: Mapping[str, Shape] = {
    "limit": integer(least=1, most=LIMIT_MAX),
    "starting_after": text(),
    "ending_before": text(),
    "expand": items(text()),
}


def listed(**filters: Shape) -> Shape:
    """Make the shape of a list's parameters: paging, and these filters."""
    return fields({**PAGING, **filters})


def within(at: int, bounds: Mapping[str, int] | None) -> bool:
    """Tell whether a time lies in a range as `params.when` reads it; none holds every time."""
    tests = {
        "gt": lambda bound: at > bound,
        "gte": lambda bound: at >= bound,
        "lt": lambda bound: at < bound,
        "lte": lambda bound: at <= bound,
    }
    return all(tests[word](bound) for word, bound in (bounds or {}).items())


def page(found: list[Json], params: Mapping[str, Any], *, url: str) -> Json:
    """Cut a page from *found*, which is in the order of creation. Raises Refusal."""
    if "starting_after" in params and "ending_before" in params:
        raise invalid("You can only use one of starting_after and ending_before.")
    newest = found[::-1]
    limit = params.get("limit", LIMIT)
    if "ending_before" in params:
        end = _place(newest, params["ending_before"], param="ending_before")
        start = max(0, end - limit)
        return _page(newest[start:end], has_more=start > 0, url=url)
    start = 0
    if "starting_after" in params:
        start = _place(newest, params["starting_after"], param="starting_after") + 1
    return _page(newest[start : start + limit], has_more=start + limit < len(newest), url=url)


def _page(data: list[Json], *, has_more: bool, url: str) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def _place(newest: list[Json], id: str, *, param: str) -> int:
    for place, made in enumerate(newest):
        if made["id"] == id:
            return place
    raise missing("object", id, param=param, status=400)
