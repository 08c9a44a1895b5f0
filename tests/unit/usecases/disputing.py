"""Disputes to tell stories with: what the bank decides, and what the market hears of it."""

from __future__ import annotations

from reviewcore.domain.disputes import Dispute, DisputeStatus
from reviewcore.domain.ids import AttemptId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.payments import CheckoutAttempt
from reviewcore.domain.reviews import slot_states
from reviewcore.domain.slots import SlotState
from reviewcore.domain.tracks import Track
from reviewcore.ports.processor import DisputeView, Done
from reviewcore.ports.store import Transaction
from reviewcore.usecases.steps.disputes import follow_dispute
from tests.unit.usecases.market import World

OPEN, WON, LOST = DisputeStatus.OPEN, DisputeStatus.WON, DisputeStatus.LOST
FEE = 1500


def follow(world: World, view: DisputeView) -> Dispute:
    """Hear of a dispute."""

    def heard(tx: Transaction, told: DisputeView) -> Dispute:
        return follow_dispute(tx, tx.attempts.get(AttemptId(told.attempt_id)), told)

    return world.do(heard, view)


def ask(world: World, external_id: str) -> Dispute:
    """Hear how the bank's dispute stands now."""
    told = world.bank.dispute(external_id)
    assert isinstance(told, Done)
    return follow(world, told.view)


def dispute(world: World, attempt: CheckoutAttempt, amount: int | None = None) -> str:
    """The payer disputes what he paid, and the market hears of it; returns the bank's id."""
    assert attempt.external_payment_id is not None
    wanted = None if amount is None else Cents(amount)
    external_id = world.bank.open_dispute(attempt.external_payment_id, wanted)
    ask(world, external_id)
    return external_id


def win(world: World, external_id: str) -> Dispute:
    world.bank.win_dispute(external_id)
    return ask(world, external_id)


def lose(world: World, external_id: str) -> Dispute:
    world.bank.lose_dispute(external_id)
    return ask(world, external_id)


def view_of(attempt: CheckoutAttempt, status: DisputeStatus = OPEN) -> DisputeView:
    """A view that no bank of ours would tell in this order; all of a won one came back."""
    return DisputeView(
        external_id="dp_odd",
        attempt_id=attempt.id,
        amount=Cents(495),
        fee=Cents(FEE),
        currency="usd",
        status=status,
        reinstated=Cents(495) if status is WON else ZERO,
    )


def applied(world: World, track: Track) -> CheckoutAttempt:
    return world.attempts(track)[-1]


def states(world: World, track: Track) -> list[SlotState]:
    shut = world.track(track).is_shut
    found = slot_states(world.slots(track), world.reviews(track), is_closed=shut)
    return [found[number] for number in sorted(found)]


def lost_slots(world: World, track: Track) -> int:
    return sum(slot.is_lost for slot in world.slots(track))


def spent(world: World, track: Track) -> int:
    return world.look(lambda tx: tx.artists.get(track.artist_id)).total_spent
