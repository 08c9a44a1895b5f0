"""The state machine on the Stripe adapter: whatever people and banks do, the books agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

import attrs
import pytest

from reviewcore.adapters.stripe import StripePayments, StripePayouts, StripeSettings, StripeWebhooks
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules, Package, PackageType
from reviewcore.domain.webhooks import Endpoint, ProcessorEvent, Subject
from reviewcore.ports.processor import (
    CheckoutOrder,
    Declined,
    Done,
    EventPage,
    Outcome,
    Processor,
    RefundOrder,
    RefundView,
    SessionView,
    TransferOrder,
    TransferView,
    Unknown,
)
from reviewcore.sources import Clock
from reviewcore.testing.faults import Fault
from reviewcore.testing.machine import MarketMachine, Outside, Tally, machine_of, memory
from reviewcore.testing.machine.running import fresh_seed, run
from reviewcore.testing.machine.sqlstores import sqlite
from reviewcore.testing.machine.stripe import stripe, stripe_with

EXAMPLES, STEPS = 8, 40

# Four reviewers, each with one review at a time, leave slots to be refunded.
RULES = MarketRules(
    rate_normal_cents=Cents(50),
    reviewer_account_age_hours=0,
    active_assignments_max_normal=1,
    active_assignments_max_pro=1,
    minimum_listen_seconds=5,
    genres_per_reviewer_min=1,
    payout_delay_days=0,
    earning_hold_days=0,
    minimum_payout_cents=Cents(1),
    packages=dict.fromkeys(
        PackageType, Package(reviews=3, price_cents=Cents(700), pro_min=0, priority=0)
    ),
)

BOOKS = "in the bank's books"


def test_no_market_at_stripe_breaks_a_law(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = fresh_seed()
    tally = Tally()
    outside = Outside(processor=stripe)

    with capsys.disabled():
        print(f"\nthe Stripe adapter: REVIEWCORE_MACHINE_SEED={number}")
    for stores in ({"memory": memory}, {"sqlite": sqlite(tmp_path)}):
        machine = machine_of(stores, tally=tally, outside=outside)
        run(machine, examples=EXAMPLES, steps=STEPS, seed_number=number)

    with capsys.disabled():
        print(f"{tally.runs} markets, {tally.steps} steps")
    assert tally.runs >= 2 * EXAMPLES


class Forgetful(StripePayments):
    """Makes a refund again, whatever its key says."""

    forgotten = 0

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        self.forgotten += 1
        return super().refund(attrs.evolve(order, key=f"{order.key} {self.forgotten}"))


class Dear(StripePayments):
    """Asks the payer for a cent too much."""

    def open_checkout(self, order: CheckoutOrder, /) -> Outcome[SessionView]:
        dear = attrs.evolve(order, amount=Cents(order.amount + 1))
        return super().open_checkout(dear)


class Hopeless(StripePayments):
    """Takes a lost answer for a refusal."""

    def refund(self, order: RefundOrder, /) -> Outcome[RefundView]:
        outcome = super().refund(order)
        return Declined("lost") if isinstance(outcome, Unknown) else outcome


class Generous(StripePayouts):
    """Pays a cent too much."""

    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        return super().transfer(attrs.evolve(order, amount=Cents(order.amount + 1)))


class Repeating(StripePayouts):
    """Pays again, whatever the key says."""

    repeated = 0

    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        self.repeated += 1
        return super().transfer(attrs.evolve(order, key=f"{order.key} {self.repeated}"))


class Deaf(StripeWebhooks):
    """Does not know a kind of event, whether it is sent or listed."""

    kind = "charge.dispute.closed"

    def authenticate(
        self, endpoint: Endpoint, body: bytes, signature: str | None, /
    ) -> ProcessorEvent:
        event = super().authenticate(endpoint, body, signature)
        return attrs.evolve(event, subject=Subject.OTHER) if event.type == self.kind else event

    def since(self, at: datetime, /, *, cursor: str | None = None) -> Outcome[EventPage]:
        told = super().since(at, cursor=cursor)
        if not isinstance(told, Done):
            return told
        known = tuple(one for one in told.view.events if one.type != self.kind)
        return Done(attrs.evolve(told.view, events=known))


class Unlisted(Deaf):
    """Knows every kind when it is sent, and leaves one out of its list."""

    kind = "checkout.session.completed"
    authenticate = StripeWebhooks.authenticate


def having(
    *,
    payments: type[StripePayments] = StripePayments,
    payouts: type[StripePayouts] = StripePayouts,
    webhooks: type[StripeWebhooks] = StripeWebhooks,
) -> type[MarketMachine]:
    """Make a machine whose adapter is made of these parts."""

    @contextmanager
    def adapter(settings: StripeSettings, clock: Clock) -> Iterator[Processor]:
        desks = payments(settings, clock=clock), payouts(settings), webhooks(settings, clock=clock)
        try:
            yield Processor(payments=desks[0], payouts=desks[1], webhooks=desks[2])
        finally:
            for desk in desks:
                desk.close()

    outside = Outside(processor=stripe_with(adapter))
    return machine_of({"memory": memory}, tally=Tally(), outside=outside)


Story = Callable[[MarketMachine], object]


@contextmanager
def told(machine: type[MarketMachine]) -> Iterator[MarketMachine]:
    """Have a market whose story is told within the block, and that is then wound up."""
    market = machine()
    try:
        yield market
    finally:
        market.teardown()


def a_refund_is_sent_twice(market: MarketMachine) -> None:
    market.a_refund_meets_a_storm(which=0, first=Fault.LOST_AFTER, hours=0, second=Fault.NONE)


def a_track_is_paid(market: MarketMachine) -> None:
    market.a_track_is_paid_and_queued(which=0, package=PackageType.STARTER)


def a_payout_is_sent_twice(market: MarketMachine) -> None:
    market.a_payout_meets_a_storm(which=0, first=Fault.LOST_AFTER, hours=0, second=Fault.NONE)


def a_dispute_is_lost(market: MarketMachine) -> None:
    market.a_dispute_runs_its_course(which=0, part=None, meanwhile="nothing", won=False)


@pytest.mark.parametrize(
    ("machine", "story", "seen"),
    [
        pytest.param(having(), a_refund_is_sent_twice, None, id="refunds rightly"),
        pytest.param(having(), a_payout_is_sent_twice, None, id="pays rightly"),
        pytest.param(having(), a_dispute_is_lost, None, id="listens"),
        pytest.param(
            having(payments=Forgetful), a_refund_is_sent_twice, "the bank made", id="forgets"
        ),
        pytest.param(having(payments=Hopeless), a_refund_is_sent_twice, "taken for", id="gives up"),
        pytest.param(having(payouts=Repeating), a_payout_is_sent_twice, BOOKS, id="pays twice"),
        pytest.param(having(payouts=Generous), a_payout_is_sent_twice, BOOKS, id="pays too much"),
        pytest.param(having(payments=Dear), a_track_is_paid, BOOKS, id="charges too much"),
        pytest.param(having(webhooks=Deaf), a_dispute_is_lost, "is about DISPUTE", id="deaf"),
        pytest.param(having(webhooks=Unlisted), a_dispute_is_lost, "listed", id="lists less"),
    ],
)
def test_an_adapter_that_is_wrong_is_seen(
    machine: type[MarketMachine], story: Story, seen: str | None
) -> None:
    """Tell stories that a long search has told, so that no test has to search."""
    expected = nullcontext() if seen is None else pytest.raises(AssertionError, match=seen)

    with expected, told(machine) as market:
        market.open_market(rules=RULES, seed=1, scene="EARNED", overdraft=None)
        story(market)
        market.nothing_is_wrong()
