"""A market at a Stripe of its own, and what must be true of both whatever has happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import cast

import attrs

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.adapters.stripe import StripeProcessor, StripeSettings
from reviewcore.app import App
from reviewcore.domain.ledger import PROCESSOR
from reviewcore.domain.payments import AttemptStatus, CheckoutAttempt
from reviewcore.domain.payouts import PayoutStatus
from reviewcore.domain.refunds import Refund, RefundStatus
from reviewcore.ports.processor import Payments, Payouts, Processor, Webhooks
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.stripe import StripeServer
from reviewcore.usecases import Reconcile, reconcile
from tests.integration.races.world import RULES, World
from tests.integration.stripe.adapter.peers import BALANCE, SETTINGS
from tests.integration.stripe.recovery.dying import AnsweredLine, CommitStore, Way

STALLED_SECONDS = 0.8
"""How long the adapter waits for an answer where some never come."""

TOP_UPS = frozenset({"topup", "topup_reversal"})
"""What the owner of the market moves himself: the ledger is about the market's money."""


@attrs.frozen(kw_only=True)
class Market:
    """One market, its database and its Stripe; apps come and go."""

    url: str
    world: World
    server: StripeServer
    clock: ManualClock
    settings: StripeSettings
    closing: ExitStack

    @property
    def store(self) -> Store:
        """The store of who only looks, and of who makes people and reviews."""
        return self.world.store

    def app(self, way: Way | None = None) -> App:
        """Start a process: an app with connections of its own, which dies where *way* ends."""
        store = self.closing.enter_context(_store(self.url, self.clock, pool_size=2))
        processor = self.closing.enter_context(StripeProcessor(self.settings, clock=self.clock))
        return _app(store, processor.ports) if way is None else mortal(store, processor, way)

    def waiting(self) -> dict[str, str]:
        """Tell what has no outcome yet, with its status."""
        with self.store.read() as tx:
            return {
                **{one.id: one.status for one in tx.attempts.all() if _waits(one)},
                **{one.id: one.status for one in tx.refunds.all() if _is_due(tx, one)},
                **{one.id: one.status for one in tx.payouts.all() if not one.is_final},
                **{one.id: one.type for one in tx.inbox.all() if not one.is_handled},
            }

    def findings(self) -> dict[str, str]:
        """Tell what a person would be shown."""
        told = self.world.app.drive(reconcile, Reconcile())
        return {one.id: one.told for one in told.findings}

    # ── what must be true ────────────────────────────────────────────────────────────────────

    def require_right(self) -> None:
        """Require that all laws hold, and that Stripe did what our rows say, each thing once."""
        self.world.require_lawful()
        self.server.check()
        with self.store.read() as tx:
            self._require_equal_things(tx)
            booked = -sum(
                posting.amount
                for entry in tx.ledger.all()
                for posting in entry.postings
                if posting.account == PROCESSOR
            )
        moved = sum(
            one["net"]
            for one in self.server.objects("balance_transaction")
            if one["type"] not in TOP_UPS and one["currency"] == RULES.currency
        )
        assert booked == moved, "the ledger and Stripe tell of other sums"

    def _require_equal_things(self, tx: Transaction) -> None:
        paid = [one.id for one in tx.attempts.all() if one.status is AttemptStatus.PAID]
        refunds = [one for one in tx.refunds.all() if one.status is RefundStatus.COMPLETED]
        payouts = [one for one in tx.payouts.all() if one.status is PayoutStatus.COMPLETED]
        server, effects = self.server, self.server.effects()

        assert effects.sessions_paid == len(paid)
        assert Counter(
            one["metadata"]["attempt_id"]
            for one in server.objects("checkout.session")
            if one["payment_status"] == "paid"
        ) == Counter(paid)
        assert effects.refunds == len(refunds)
        assert Counter(
            (one["metadata"]["refund_id"], one["amount"])
            for one in server.objects("refund")
            if one["status"] != "failed"
        ) == Counter((one.id, one.amount) for one in refunds)
        assert effects.transfers_by_group == {one.id: 1 for one in payouts}
        assert effects.transferred == sum(one.amount for one in payouts)
        assert effects.reversed == sum(one.reversed_amount for one in payouts)
        assert {one["id"] for one in server.objects("dispute")} == {
            one.external_id for one in tx.disputes.all()
        }


def _waits(attempt: CheckoutAttempt) -> bool:
    """Whether an attempt has work left that no payer decides upon."""
    if attempt.status is AttemptStatus.PAID:
        return attempt.fee is None
    return attempt.is_pending and (attempt.unwanted or attempt.status is AttemptStatus.INTENDED)


def _is_due(tx: Transaction, refund: Refund) -> bool:
    """Whether a refund has work left that no dispute is in the way of."""
    disputes = tx.disputes.of_payment(refund.payment_id)
    return not refund.is_final and not any(one.is_open for one in disputes)


def mortal(store: Store, processor: StripeProcessor, way: Way) -> App:
    """Make an app that dies where *way* ends: at a commit, or beside a call."""
    return _app(
        CommitStore(store, way),
        Processor(
            payments=cast("Payments", AnsweredLine(processor.payments, way)),
            payouts=cast("Payouts", AnsweredLine(processor.payouts, way)),
            webhooks=cast("Webhooks", AnsweredLine(processor.webhooks, way)),
        ),
    )


def _app(store: Store, processor: Processor) -> App:
    return App(
        store=store,
        payments=processor.payments,
        payouts=processor.payouts,
        webhooks=processor.webhooks,
        mail=MemoryMail(),
        passwords=ScryptPasswords(),
        secret="the same in all processes",
    )


@contextmanager
def _store(url: str, clock: ManualClock, *, pool_size: int) -> Iterator[SqlStore]:
    store = SqlStore(url, rules=RULES, clock=clock, pool_size=pool_size)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def market_at(url: str, *, impatient: bool = False) -> Iterator[Market]:
    """Open a market in a migrated, empty database, at a fresh Stripe with money to pay out.

    The apps of an *impatient* one wait only briefly for answers; what prepares a story does not.
    """
    clock = ManualClock()
    with ExitStack() as closing:
        server = closing.enter_context(StripeServer(clock=clock))
        server.set_balance(BALANCE)
        settings = attrs.evolve(SETTINGS, base_url=server.url)
        store = closing.enter_context(_store(url, clock, pool_size=2))
        processor = closing.enter_context(StripeProcessor(settings, clock=clock))
        # The people and reviews of the races know nothing of their bank.
        unused = SandboxBank(clock=clock)
        closing.callback(unused.close)
        app = _app(store, processor.ports)
        if impatient:
            settings = attrs.evolve(settings, read_seconds=STALLED_SECONDS)
        yield Market(
            url=url,
            world=World.on(store, name="stripe", clock=clock, bank=unused, app=app),
            server=server,
            clock=clock,
            settings=settings,
            closing=closing,
        )
