"""Every entity in every status, put together by the builders of what was drawn.

A recipe says what may vary. What follows from it, and from the status, the builder fills in, so
what is drawn fits by construction; ids that the builder had to invent are drawn afterwards, so
that an example can be run again. Entities shrink to what their builder makes without a wish, of
id 1, in the first status.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from hypothesis import strategies as st

from reviewcore.ports.codec import field_types
from reviewcore.testing.builders.fits import require_fit
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.deriving import NAMED

Told = dict[str, Any]
More = Callable[[st.DrawFn, Told], Told]

INVENTED = frozenset(
    {
        "external_id",
        "external_payment_id",
        "judged_by",
        "session_id",
        "share_id",
        "stripe_account_id",
        "stripe_payment_id",
        "stripe_session_id",
        "applied_attempt_id",
    }
)
"""Fields with ids that a builder invents where the status asks for them."""


def _nothing_more(_draw: st.DrawFn, _told: Told) -> Told:
    return {}


@attrs.frozen(kw_only=True)
class Recipe:
    """How to draw a *kind*: *vary* may be left out, *always* may not, *more* follows from both."""

    kind: type
    build: Callable[..., Any]
    always: Mapping[str, st.SearchStrategy[Any]] = attrs.field(factory=dict)
    vary: Mapping[str, st.SearchStrategy[Any]] = attrs.field(factory=dict)
    more: More = _nothing_more


def required_ids(kind: type) -> dict[str, st.SearchStrategy[Any]]:
    """Tell a strategy for every id that a *kind* cannot be without."""
    hints = field_types(kind)
    named = {
        name: values.ids(hint.__name__.removesuffix("Id").lower())
        for name, hint in hints.items()
        if isinstance(hint, typing.NewType) and hint.__name__.endswith("Id")
    }
    if hints.get("id") is str:
        named["id"] = values.ids(kind.__name__.lower()[:8])
    for name in ("external_id", "object_id"):
        if hints.get(name) is str:
            named[name] = NAMED[name]()
    return named


@st.composite
def drawn(draw: st.DrawFn, recipe: Recipe, given: Told) -> Any:
    """Draw an entity by *recipe*, with *given* fields as they are."""
    hints = field_types(recipe.kind)
    told = dict(given)
    if "status" in hints and "status" not in told:
        told["status"] = draw(st.sampled_from(hints["status"]))
    always = required_ids(recipe.kind) | dict(recipe.always)
    told |= draw(st.fixed_dictionaries({name: always[name] for name in always.keys() - given}))
    vary = [name for name in recipe.vary if name not in given]
    # A few at a time: what is left out costs nothing, and examples shrink quickly.
    some = draw(st.lists(st.sampled_from(vary), max_size=3, unique=True)) if vary else []
    told |= {name: draw(recipe.vary[name]) for name in some}
    told |= recipe.more(draw, told)
    entity = recipe.build(**(told | given))
    invented = {
        name: draw(NAMED.get(name, lambda name=name: values.ids(name))())
        for name in sorted(INVENTED & hints.keys() - told.keys())
        if getattr(entity, name) is not None
    }
    return require_fit(attrs.evolve(entity, **invented))
