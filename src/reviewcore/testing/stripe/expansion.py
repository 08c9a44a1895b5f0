"""`expand[]`: objects in the place of their ids, up to four deep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reviewcore.testing.stripe.errors import Refusal, refused
from reviewcore.testing.stripe.world import Json, World, snapshot

DEEPEST = 4
ON_REQUEST = frozenset({"line_items"})
"""Fields that appear only when they are asked for; they wait in the world's notes."""


def expanded(world: World, made: Json, paths: Iterable[str]) -> Json:
    """Copy *made*, with the objects that *paths* lead to put in. Raises Refusal."""
    copied = snapshot(made)
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise refused("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(world, copied, steps, path=path)
    return copied


def _expand(world: World, made: Any, steps: list[str], *, path: str) -> None:
    if isinstance(made, list):
        for inner in made:
            _expand(world, inner, steps, path=path)
        return
    if made is None or not steps:
        return
    step, *rest = steps
    if not isinstance(made, dict):
        raise _unexpandable(path)
    if step in ON_REQUEST:
        made |= snapshot({step: world.notes.get(made.get("id", ""), {}).get(step)})
    if step not in made:
        raise _unexpandable(path)
    if isinstance(made[step], str):
        found = world.find(made[step])
        if found is None:
            raise _unexpandable(path)
        made[step] = snapshot(found)
    _expand(world, made[step], rest, path=path)


def _unexpandable(path: str) -> Refusal:
    return refused(f"This property cannot be expanded ({path}).", param="expand")
