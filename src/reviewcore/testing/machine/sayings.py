"""What people say to the market, right and wrong."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs
from hypothesis import strategies as st

from reviewcore.domain.feedback import Feedback
from reviewcore.testing.builders import some_feedback
from reviewcore.testing.faults import Fault
from reviewcore.usecases import Remark

NOBODY: Any = "0" * 26
"""An id of nothing, for any kind of id."""

PASSWORD = "correct horse"

WHICH = st.integers(0, 31)
"""Picks one of however many there are."""

OFTEN = 6
"""How much more often what is right is said than each thing that is wrong."""


class Slip(StrEnum):
    """How a command names the wrong thing."""

    NONE = "NONE"
    FOREIGN = "FOREIGN"
    UNKNOWN = "UNKNOWN"
    STALE = "STALE"


# NONE     the actor names what is his and open to him.
# FOREIGN  the thing exists and belongs to another.
# UNKNOWN  there is no such thing.
# STALE    it is his, and whatever state it is in: it may be long over.
SLIPS = st.sampled_from((*[Slip.NONE] * OFTEN, *[Slip.STALE] * 2, Slip.FOREIGN, Slip.UNKNOWN))


def mostly(right: Any, *wrong: Any) -> st.SearchStrategy[Any]:
    """Say *right* often and each of *wrong* now and then."""
    return st.sampled_from((*[right] * OFTEN, *wrong))


REASONS = mostly("Seen by a person.", " ", "bell\x07")
TITLES = mostly("First Light", "", "x" * 201)
NAMES = mostly("Sam", "x" * 101)
ARTIST_NAMES = mostly("The Samples", "\x00")
COUNTRIES = mostly("DE", "Mars")
PASSWORDS = mostly(PASSWORD, "short", "x" * 257)
GENRES = st.sampled_from(
    (("house",), ("electronic",), ("electronic", "jazz"), ("deep-house", "bebop"), ("polka",))
)
TOO_MANY_GENRES = ("house", "techno", "jazz", "bebop")
TRACK_GENRES = st.sampled_from(
    (*[("house",)] * 3, ("electronic",), ("jazz",), (), TOO_MANY_GENRES, ("polka",))
)
LINKS = mostly(
    "https://soundcloud.com/the-samples/first-light",
    "https://youtu.be/dQw4w9WgXcQ",
    "https://samples.bandcamp.com/track/first-light",
    "https://soundcloud.com.evil.example/x",
)
DURATIONS = mostly(None, 10, 600, 0)
RATINGS = st.sampled_from((5, 5, 4, 1, 3, 6))
FAULTS = st.sampled_from((Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.DECLINED, Fault.SHORT))
SECONDS = st.sampled_from((1, 5, 60, 600, 3600, 7200))
DAYS = st.sampled_from((1, 2, 7, 15))

GOOD = some_feedback()
FEEDBACKS: st.SearchStrategy[Feedback] = mostly(
    GOOD,
    attrs.evolve(GOOD, best_part="Nice."),
    attrs.evolve(GOOD, production_score=6),
    attrs.evolve(GOOD, additional_notes="\x00"),
)
REMARKS: st.SearchStrategy[tuple[Remark, ...]] = mostly(
    (Remark(seconds=62, note="The bass enters"),),
    (),
    (Remark(seconds=1, note="again"),) * 31,
)
