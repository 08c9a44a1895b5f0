"""All stories by name, and the measures of how many are told in which weather."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from reviewcore.testing.stripe import Call
from tests.integration.stripe.recovery import buying, disputing, earning
from tests.integration.stripe.recovery.runs import Story

V = TypeVar("V")

EVERYTHING = os.environ.get("REVIEWCORE_RECOVERY") == "all"
"""Whether each story is told with each fault at each call and a stop at each boundary."""

STORIES: Mapping[str, Story] = MappingProxyType(
    {
        name: story
        for module in (buying, disputing, earning)
        for name, story in vars(module).items()
        if re.match("an?_", name) and name != "a_refund_waits_for_a_verdict"
    }
)


def some(all_of_them: Sequence[V], count: int, *, of: str) -> Sequence[V]:
    """Choose *count*, the same in every run; all of them where everything is asked for."""
    if EVERYTHING or len(all_of_them) <= count:
        return all_of_them
    chosen = sorted(random.Random(of).sample(range(len(all_of_them)), count))
    return [all_of_them[place] for place in chosen]


def kind_of(call: Call) -> str:
    """Name what a call asked, whatever about."""
    path = re.sub(r"/(cs|pi|re|tr|acct|dp|evt|ch)_\w+", r"/{\1}", call.path)
    return f"{call.method} {path}"
