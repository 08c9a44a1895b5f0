"""What is asked of a market after kills, whatever was killed."""

from __future__ import annotations

import os

import attrs

from reviewcore.domain.payments import AttemptStatus
from tests.integration.races.world import World, require_equal_books, require_settled

KILLS = os.environ.get("REVIEWCORE_CRASH_KILLS")
"""How many kills there are of each kind on each store, at least; else as many as follows."""

KILLS_MAX = 3
"""How many times as many there may be, until enough of them have hit something."""

PROCESS_KILLS = int(KILLS or 12)
COMMAND_KILLS = int(KILLS or 8)
"""Fewer, because a command takes seconds to start: twenty kills a store with the others."""

ROUNDS_MAX = 8
"""How often the last worker looks at what is left, three minutes of its clock apart."""


@attrs.define(kw_only=True)
class Tally:
    """What kills have hit."""

    kills: int = 0
    in_blocks: int = 0
    in_calls: int = 0
    hits: int = 0

    def add(self, *, in_block: bool, in_call: bool) -> None:
        """Count one more."""
        self.kills += 1
        self.in_blocks += in_block
        self.in_calls += in_call
        self.hits += in_block or in_call

    def is_enough(self, wanted: int) -> bool:
        """Whether *wanted* have died, three in four in the middle of something.

        That is an open transaction or an unsettled intent, and the latter for one in four: the
        death of somebody idle proves little.
        """
        return (
            self.kills >= wanted
            and self.hits >= -(-wanted * 3 // 4)
            and self.in_calls >= wanted // 4
        )

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.hits} hit something: {self.in_blocks} an open"
            f" transaction, {self.in_calls} an unsettled intent"
        )


def unsettled(world: World) -> set[str]:
    """Return what was committed to be asked of the bank, and has no outcome yet."""
    with world.store.read() as tx:
        return {
            *(one.id for one in tx.attempts.all() if one.status is AttemptStatus.INTENDED),
            *(one.id for one in tx.refunds.all() if not one.is_final),
            *(one.id for one in tx.payouts.all() if one.is_automatic and not one.is_final),
        }


def drain(world: World) -> None:
    """Do all that is left, and require that laws hold and that the bank tells the same story."""
    world.require_lawful()
    # Leases of the dead run out, and so do the pauses of what they tried.
    for _ in range(ROUNDS_MAX):
        world.app.run_pending()
        if _is_settled(world):
            break
        world.clock.advance(minutes=3)
    world.require_lawful()
    require_equal_books(world.app, world.bank)
    require_settled(world.app)


def _is_settled(world: World) -> bool:
    try:
        require_settled(world.app)
    except AssertionError:
        return False
    return True


def count_acts(world: World, act: str) -> int:
    """Count in the audit trail how often administrators did *act*."""
    with world.store.read() as tx:
        return sum(
            one.type == "AdminActed" and one.payload["act"] == act for one in tx.events.all()
        )
