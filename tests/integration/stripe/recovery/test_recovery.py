"""Stories told again and again: each time another answer of Stripe's is lost, or a process dies."""

from __future__ import annotations

import random

import pytest

from reviewcore.testing.stripe import Fault
from tests.integration.stripe.recovery.dying import Way
from tests.integration.stripe.recovery.stories import STORIES, kind_of, some
from tests.integration.stripe.recovery.weather import TOLD, hits_of, known, tell

DATABASES = ("postgresql", "sqlite")

pytestmark = pytest.mark.parametrize("name", STORIES)


def databases(count: int, *, of: str) -> list[str]:
    """Draw on which database each of so many tellings happens, the same in every run."""
    return random.Random(of).choices(DATABASES, k=count)


@pytest.mark.timeout(3_600)
def test_a_story_ends_the_same_whichever_answer_is_lost(
    request: pytest.FixtureRequest, name: str
) -> None:
    hits = some(hits_of(known(request, name).calls), 1, of=name)

    for hit, database in zip(hits, databases(len(hits), of=name), strict=True):
        tell(request, name, hit, database=database)
        TOLD["faults at calls"] += 1


@pytest.mark.timeout(3_600)
def test_a_story_ends_the_same_wherever_its_process_dies(
    request: pytest.FixtureRequest, name: str
) -> None:
    # How many boundaries there are is counted each time: nobody has to remember a new one.
    ends = some(range(1, known(request, name).boundaries + 1), 1, of=name)

    for end, database in zip(ends, databases(len(ends), of=name), strict=True):
        told = tell(request, name, way=Way(end), database=database)
        assert told.died
        TOLD["stops at boundaries"] += 1
        if told.left:
            # What was under way is looked at only when all its keys are forgotten.
            tell(request, name, way=Way(end), late=True, database=database)
            TOLD["stops at boundaries, repaired late"] += 1


@pytest.mark.timeout(3_600)
def test_a_story_ends_the_same_when_what_was_lost_is_looked_for_in_vain(
    request: pytest.FixtureRequest, name: str
) -> None:
    # Stripe repeats a 500 for a day, so only looking tells what became of the call; and the
    # look-up's answer is lost, too.
    calls = known(request, name).calls
    usual = {kind_of(call) for call in calls}
    firsts = [
        hit
        for hit in hits_of(calls)
        if hit.fault is Fault.SERVER_ERROR and hit.kind.startswith("POST")
    ]
    for first in some(firsts, 1, of=name):
        told = tell(request, name, first, database="sqlite").calls
        hit_at = next(place for place, call in enumerate(told) if call.fault is not None)
        seconds = [hit for hit in hits_of(told, after=hit_at + 1) if hit.kind not in usual]
        chosen = some(seconds, 1, of=name)
        for second, database in zip(chosen, databases(len(chosen), of=name), strict=True):
            tell(request, name, first, second, database=database)
            TOLD["faults at look-ups after a 500"] += 1
