"""What is asked of a market after kills, whatever was killed."""

from __future__ import annotations

import os

from reviewcore.domain.payments import AttemptStatus
from tests.integration.races.world import World, require_equal_books, require_settled

KILLS = int(os.environ.get("REVIEWCORE_CRASH_KILLS", "10"))
"""How many processes each way of killing kills on each store, at least."""

HITS_MIN = -(-KILLS * 3 // 4)
"""How many of them must die in an open transaction or leave an unsettled intent."""

INTENTS_MIN = KILLS // 4
"""How many of those must leave an unsettled intent."""

KILLS_MAX = 3 * KILLS
ROUNDS_MAX = 8
"""How often the last worker looks at what is left, three minutes of its clock apart."""


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
