"""How a view is made of an entity: field by field, by name, and nothing that it does not list."""

from __future__ import annotations

from typing import TypeVar

import attrs

V = TypeVar("V", bound=attrs.AttrsInstance)


def shape(kind: type[V], source: object, /, **more: object) -> V:
    """Make a *kind*: each field from *more*, else from the attribute of *source* of that name."""
    return kind(
        **{
            field.name: more[field.name] if field.name in more else getattr(source, field.name)
            for field in attrs.fields(kind)
        }
    )
