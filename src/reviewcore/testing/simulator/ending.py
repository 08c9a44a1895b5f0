"""How a simulation ends: faults stop, all has its time, and nothing may be left (law 10)."""

from __future__ import annotations

from reviewcore.domain.disputes import DisputeStatus
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.testing.auditing.audit import leftovers, wrongs
from reviewcore.testing.auditing.snapshot import snapshot_of
from reviewcore.testing.simulator.acts import AtBank, Drive, FaultsEnd, Work
from reviewcore.testing.simulator.courier import BANK
from reviewcore.testing.simulator.operator import NAME, Operator
from reviewcore.testing.simulator.stage import Stage
from reviewcore.testing.simulator.world import World
from reviewcore.usecases import Reconcile, reconcile

ROUNDS_MAX = 12
HOURS_A_ROUND = 5


def settle(stage: Stage, operator: Operator) -> tuple[str, ...]:
    """Let everybody go, stop all faults, give the market time; return what is left undone."""
    world = stage.world
    stage.agenda.clear()
    stage.do(BANK, FaultsEnd())
    undecided = [one for one in world.bank.disputed() if one.status is DisputeStatus.OPEN]
    for number, dispute in enumerate(undecided):
        end = "win_dispute" if number % 2 else "lose_dispute"
        stage.do(BANK, AtBank(method=end, arguments=(dispute.external_id,)))
    for _ in range(ROUNDS_MAX):
        stage.do(NAME, Drive(usecase=reconcile, command=Reconcile()))
        for payout in [*world.live.payout.values()]:
            if payout.status is PayoutStatus.PROCESSING:
                operator.resolve(payout)
        operator.try_again()
        stage.do("worker 0", Work(worker=0, step="drain"))
        stage.agenda.clear()
        left = unfinished(world)
        if not left:
            break
        world.clock.advance(hours=HOURS_A_ROUND)
    return left


def unfinished(world: World) -> tuple[str, ...]:
    """Tell what is not done though it could be."""
    overdraft = world.weather.faults.overdraft_cents
    return leftovers(
        snapshot_of(world.store),
        world.bank,
        at=world.clock(),
        overdraft=None if overdraft is None else Cents(overdraft),
        strays=(),
    )


def disagreements(world: World) -> tuple[str, ...]:
    """Audit everything: all laws on all rows, numbers of events, the bank's books."""
    return wrongs(None, snapshot_of(world.store), world.bank)
