"""Writes which law sees what, for people: ``python -m tests.integration.laws.matrix``.

What is planted and what is wrong in the code is compared with the laws by tests; here it is only
laid out. `test_matrix` fails when `docs/laws.md` is not what this writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from reviewcore.domain.laws import LAWS, MarketView, violations
from reviewcore.domain.ledger import Entry
from tests.integration.laws.faults import FAULTS
from tests.unit.domain.test_laws import PLANTED, lost_market, market, settled_market

DRAWN = re.compile(r"[a-z_]+0\d{6,}")
DOCUMENT = Path(__file__).parents[3] / "docs" / "laws.md"

HEAD = """# The laws of the market

What holds after every step, in every store. Each law recomputes everything from reviews, slots and
postings, never from another stored counter. The same objects judge in the tests, in the state
machine, in `reviewcore check` and for `GET /v1/admin/laws`; on SQLite and PostgreSQL they are asked
as set queries (`reviewcore.adapters.sql.audit`), which tests hold to the same answers.

This page is written by `python -m tests.integration.laws.matrix` and compared by tests.
"""
MUTATIONS = """
## Faults in the code

Each was put into a copy of the source, a chapter of a market's life was played on it, and these
laws cried out. A fault that no law sees leaves a market that could be lawful: it is for the tests
of its use case to see.
"""
PLANTS = """
## What is wrong in the rows

Each was planted in a small market that was in order, and these laws saw it; in a database their
queries tell the same.
"""


def document() -> str:
    """Write the page."""
    parts = [HEAD, "## The laws\n", _table(("law", "numbers", "promise"), _laws())]
    parts += [MUTATIONS, _table(("fault", "seen by"), _faults())]
    parts += [PLANTS, _table(("planted", "seen by"), _planted())]
    return "\n".join(parts)


def _laws() -> Iterator[Sequence[str]]:
    for law in LAWS:
        yield f"`{law.name}`", ", ".join(map(str, law.numbers)), law.promise


def _faults() -> Iterator[Sequence[str]]:
    for fault in FAULTS:
        refused = f"the store: {fault.refused}" if fault.refused else ""
        yield fault.name, _names(fault.laws, refused)


def _planted() -> Iterator[Sequence[str]]:
    for _, _, plant in PLANTED:
        view = plant()
        bases = market, lost_market, settled_market
        told = min((_changes(base(), view) for base in bases), key=len)
        yield "; ".join(told), _names({one.law for one in violations(view)})


def _names(laws: frozenset[str] | set[str], *others: str) -> str:
    seen = [f"`{law.name}`" for law in LAWS if law.name in laws]
    return ", ".join([*seen, *filter(None, others)]) or "no law"


def _changes(before: MarketView, after: MarketView) -> list[str]:
    """Tell the difference of two markets in a few words for each thing."""
    told: list[str] = []
    for field in attrs.fields(MarketView)[1:]:
        had = {_key(one): one for one in getattr(before, field.name)}
        has = {_key(one): one for one in getattr(after, field.name)}
        # Of what was added the ids are drawn, and differ from one run to the next.
        told += [f"one more of the {field.name}" for key in has if key not in had]
        told += [
            f"{field.name} without {_label(one)}" for key, one in had.items() if key not in has
        ]
        told += [
            f"{field.name}: {_label(had[key])} has {changes}"
            for key in had
            if key in has and (changes := _fields(had[key], has[key]))
        ]
    return told


def _label(thing: Any) -> str:
    return f"{thing.kind} of {thing.cause}" if isinstance(thing, Entry) else _key(thing)


def _key(thing: Any) -> str:
    return thing.id if hasattr(thing, "id") else f"{thing.track_id}/{thing.number}"


def _fields(before: Any, after: Any) -> str:
    pairs = {
        field.name: (_plain(getattr(before, field.name)), _plain(getattr(after, field.name)))
        for field in attrs.fields(type(before))
    }
    return ", ".join(
        f"`{name}` {was} → {becomes}"
        if _is_short(was) and _is_short(becomes)
        else f"other `{name}`"
        for name, (was, becomes) in pairs.items()
        if was != becomes
    )


def _plain(value: object) -> object:
    """Take the ids that builders draw for one."""
    return "somebody's" if isinstance(value, str) and DRAWN.fullmatch(value) else value


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, (int, str))


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
