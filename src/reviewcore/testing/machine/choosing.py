"""How the parts of the machine choose things and actors, and what wrong choices must bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from reviewcore.domain.errors import EntityNotFound, ReviewcoreError
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import NOBODY, Slip

T = TypeVar("T")


def pick(which: int, things: Sequence[T]) -> T:
    """Pick one of *things*, of which there is at least one."""
    return things[which % len(things)]


def named(slip: Slip, thing_id: str) -> Any:
    """Name a thing, or nothing."""
    return NOBODY if slip is Slip.UNKNOWN else thing_id


def actor(slip: Slip, owner: str, everybody: Sequence[str]) -> Any:
    """Let the owner act, or somebody else."""
    if slip is not Slip.FOREIGN:
        return owner
    return next((one for one in everybody if one != owner), NOBODY)


def require_slip(slip: Slip, answer: object, *, foreign: type[ReviewcoreError]) -> None:
    """Demand that a command on an unknown or foreign thing is refused as such."""
    expected: dict[Slip, type[ReviewcoreError]] = {
        Slip.UNKNOWN: EntityNotFound,
        Slip.FOREIGN: foreign,
    }
    wanted = expected.get(slip)
    if wanted is not None:
        assert isinstance(answer, Refusal), f"a command on a {slip} thing succeeded: {answer}"
        assert answer.kind is wanted, f"{answer.kind.__name__} instead of {wanted.__name__}"
