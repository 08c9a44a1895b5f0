"""Two sets of rules on one seed: what a change of the rules would do, other things being equal."""

from __future__ import annotations

from typing import Any

from reviewcore.testing.simulator.lines import LINES
from reviewcore.testing.simulator.report import Report


def compared(one: Report, other: Report) -> dict[str, Any]:
    """Tell two reports as JSON-ready values: the first as ever, with what the second differs in."""
    differences = {
        line.name: [line.of(one.measures), line.of(other.measures)]
        for line in LINES
        if line.of(one.measures) != line.of(other.measures)
    }
    return one.as_json() | {"compared": other.as_json(), "differences": differences}
