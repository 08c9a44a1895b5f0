"""How a view is made of an entity: field by field, by name, and nothing that it does not list."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import attrs

V = TypeVar("V", bound=attrs.AttrsInstance)


def shape(kind: type[V], source: object, /, **more: object) -> V:
    """Make a *kind*: each field from *more*, else from the attribute of *source* of that name."""
    return kind(
        **{name: more[name] if name in more else getattr(source, name) for name in _names(kind)}
    )


@cache
def _names(kind: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))
