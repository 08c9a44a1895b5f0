"""Form bodies and query strings with nested names: `a[b][c]=1`, `items[0][x]=2`, `expand[]=y`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from reviewcore.testing.stripe.errors import invalid

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
DEPTH_MAX = 10
FIELDS_MAX = 1_000


def decode(text: str) -> dict[str, Any]:
    """Read *text* into nested dictionaries, lists and strings. Raises Refusal."""
    pairs = parse_qsl(text, keep_blank_values=True)
    if len(pairs) > FIELDS_MAX:
        raise invalid("Too many parameters.")
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, _steps(name), value, name=name)
    return {name: _settled(value) for name, value in tree.items()}


def _steps(name: str) -> list[str]:
    found = NAME.fullmatch(name)
    if found is None:
        raise invalid(f"Invalid parameter name: {name}", param=name)
    steps = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    if len(steps) > DEPTH_MAX:
        raise invalid(f"Parameter is nested too deeply: {name}", param=name)
    return steps


def _put(tree: dict[str, Any], steps: list[str], value: str, *, name: str) -> None:
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        # An empty step appends: `expand[]` twice makes a list of two.
        place = step or str(len(tree))
        if following is None:
            tree[place] = value
            return
        tree = tree.setdefault(place, {})
        if not isinstance(tree, dict):
            raise invalid(f"Parameter is both a value and a hash: {name}", param=name)


def _settled(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    settled = {name: _settled(inner) for name, inner in value.items()}
    # Metadata may have numbers for names too; only a whole row of them is a list.
    row = [str(place) for place in range(len(settled))]
    if settled and set(row) == set(settled):
        return [settled[place] for place in row]
    return settled
