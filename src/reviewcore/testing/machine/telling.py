"""The processor tells what happened there: late, twice, in any order, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.domain.errors import EntityNotFound, InvalidWebhook
from reviewcore.domain.money import Cents
from reviewcore.domain.refunds import OWED
from reviewcore.domain.webhooks import KEPT_FOR, TRIES_MAX, Endpoint, ProcessorEvent, Subject
from reviewcore.ports.processor import CheckoutOrder, Done
from reviewcore.testing.auditing.books import Books
from reviewcore.testing.clock import START
from reviewcore.testing.faults import Fault
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import named, pick, require_slip
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.sayings import SLIPS, WHICH, Slip
from reviewcore.testing.machine.world import World
from reviewcore.usecases import (
    HandleEvent,
    ReceiveEvent,
    Reconcile,
    RequestEmailVerification,
    RetryEvent,
    Sweep,
    handle_event,
    receive_event,
    reconcile,
    request_email_verification,
    retry_event,
)
from reviewcore.worker import DELIVERIES_MAX

KEEP_UP_EVERY = timedelta(hours=12)
"""Workers are away for less than a day: what is told never would not be found after longer."""

LETTERS_REFUSED = 1_000

TIMES = sayings.mostly(1, 2)
SWEEPS = sayings.mostly(frozenset(Sweep), *(frozenset({sweep}) for sweep in Sweep))
UNKNOWN = st.sampled_from(
    (Subject.CHECKOUT, Subject.REFUND, Subject.DISPUTE, Subject.TRANSFER, Subject.ACCOUNT)
)
ABOUT_ACCOUNTS = st.sampled_from(
    (Subject.DISCONNECTED, Subject.BANK_PAYOUT, Subject.ACCOUNT, Subject.OTHER)
)


class Telling(World):
    """The inbox of the processor's events, and the comparison with the processor."""

    def __init__(self) -> None:
        super().__init__()
        self.kept_up_at: datetime = self.clock()
        self._sent: list[ProcessorEvent] = []

    @property
    def books(self) -> Books:
        """The books of the first lane's processor; all processors do the same."""
        return self.lanes.first.processor.books

    def news(self) -> list[ProcessorEvent]:
        """List what the processor can still tell, the oldest first."""
        post = self.lanes.first.processor.post
        if post is None:
            return self.listed()
        authenticate = self.lanes.first.processor.webhooks.authenticate
        for one in post.sent(after=len(self._sent)):
            event = authenticate(one.endpoint, one.body, one.signature)
            assert event.subject is one.subject, f"{event} is about {one.subject}"
            self._sent.append(event)
        since = self.clock() - KEPT_FOR
        return [
            one
            for one in self._sent
            if one.subject is not Subject.OTHER and one.created_at >= since
        ]

    def listed(self) -> list[ProcessorEvent]:
        """List what the processor tells who asks, the oldest first as far as it tells an order."""
        events: list[ProcessorEvent] = []
        cursor: str | None = None
        while True:
            page = self.lanes.first.processor.webhooks.since(START, cursor=cursor)
            assert isinstance(page, Done), "what befalls the line does not befall the books"
            events += page.view.events
            cursor = page.view.cursor
            if cursor is None:
                return events

    def unheard(self) -> list[ProcessorEvent]:
        """List what the processor has not told so far."""
        heard = {one.id for one in self.now.inbox}
        return [one for one in self.news() if one.id not in heard]

    def hear(self, event: ProcessorEvent) -> Any:
        """Have the processor tell of an event."""
        return self.perform(receive_event, ReceiveEvent(event=event))

    def hear_all(self) -> None:
        """Have the processor tell everything, and the worker act upon it."""
        for event in self.unheard():
            self.hear(event)
        self.act(lambda lane: lane.worker.handle_all_events(), told="worker.handle_all_events()")

    def keep_up(self) -> None:
        """Catch up with what was missed before the processor forgets it."""
        if self.clock() - self.kept_up_at < KEEP_UP_EVERY:
            return
        self.kept_up_at = self.clock()
        with self.weather(Fault.NONE):
            self.drive(reconcile, Reconcile(only=frozenset({Sweep.MISSED})))

    # ── what is told ─────────────────────────────────────────────────────────────────────────

    @rule(which=WHICH, times=TIMES, newest=st.booleans())
    def the_processor_tells(self, *, which: int, times: int, newest: bool) -> None:
        known = self.unheard() or self.news()
        if not known:
            return
        event = pick(which, known[::-1] if newest else known)
        for _ in range(times):
            self.hear(event)

    @rule(backwards=st.booleans())
    def the_processor_tells_everything(self, *, backwards: bool) -> None:
        for event in self.unheard()[:: -1 if backwards else 1]:
            self.hear(event)
            self.drive(handle_event, HandleEvent(event_id=event.id))

    @rule()
    def the_processor_forgets_to_tell(self) -> None:
        """What happened hours ago is still not told, and something newer is."""
        if self.unheard():
            self.clock.advance(hours=3)
            self.hear(self._made_up(Subject.OTHER, "news", None))

    @precondition(when.is_quiet)
    @rule(which=WHICH, subject=UNKNOWN)
    def the_processor_tells_of_something_unknown(self, *, which: int, subject: Subject) -> None:
        stray = f"stray_{which}"
        self.strays.add(stray)
        account_id = stray if subject is Subject.ACCOUNT else None
        self.hear(self._made_up(subject, stray, account_id))

    @precondition(when.there_are_accounts)
    @rule(which=WHICH, subject=ABOUT_ACCOUNTS)
    def the_processor_tells_of_an_account(self, *, which: int, subject: Subject) -> None:
        held = [one.stripe_account_id for one in self.now.view.reviewers if one.stripe_account_id]
        account_id = pick(which, held)
        event = self._made_up(subject, account_id, account_id)
        self.hear(event)
        self.drive(handle_event, HandleEvent(event_id=event.id))
        if subject is Subject.DISCONNECTED:
            self.reached("a payout account is disconnected")

    @precondition(when.is_quiet)
    @rule(ours=st.booleans())
    def a_session_is_not_of_this_market(self, *, ours: bool) -> None:
        """Another market uses the same account, or a row of ours is not here (yet)."""
        self.commands += 1
        order = CheckoutOrder(
            attempt_id=sayings.NOBODY if ours else "",
            track_id=sayings.NOBODY,
            title="A shirt",
            amount=Cents(500),
            currency="USD",
            key=f"elsewhere {self.commands}",
            success_url="https://shop.example/",
            cancel_url="https://shop.example/",
        )
        session_id = self.act(lambda lane: _abandoned(lane, order), told=f"elsewhere: {order}")
        if ours:
            self.strays.add(session_id)

    @precondition(when.is_quiet)
    @rule()
    def somebody_forges_an_event(self) -> None:
        answer = self.act(
            lambda lane: lane.app.webhooks.authenticate(Endpoint.ACCOUNT, b"{}", "t=1"),
            told="a forged event",
        )
        assert isinstance(answer, Refusal)
        assert answer.kind is InvalidWebhook
        # No use case is reached, so nobody else counts this refusal.
        self.tally.refusals[InvalidWebhook.__name__] += 1

    # ── what is done about it ────────────────────────────────────────────────────────────────

    @precondition(when.news_wait)
    @rule(which=WHICH, slip=SLIPS)
    def an_event_is_handled(self, *, which: int, slip: Slip) -> None:
        event = pick(which, self.now.inbox if slip is Slip.STALE else self.now.unhandled)
        command = HandleEvent(event_id=named(slip, event.id))
        answer = self.drive(handle_event, command)
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=EntityNotFound)

    @rule(only=SWEEPS)
    def an_operator_reconciles(self, *, only: frozenset[Sweep]) -> None:
        self.drive(reconcile, Reconcile(only=only))

    @precondition(when.is_plain)
    @rule(which=WHICH, slip=SLIPS)
    def an_administrator_tries_an_event_again(self, *, which: int, slip: Slip) -> None:
        theirs = self.now.inbox if slip is Slip.STALE else self.now.unhandled
        ours = [one for one in self.now.events if one.delivered_at is None or slip is Slip.STALE]
        ids = [*(one.id for one in theirs), *(one.id for one in ours), sayings.NOBODY]
        event_id = named(slip, pick(which, ids))
        answer = self.perform(retry_event, RetryEvent(event_id=event_id, admin_id=self.admin))
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=EntityNotFound)

    @precondition(when.is_quiet)
    @precondition(when.news_wait)
    @rule()
    def the_processor_is_away_for_days(self) -> None:
        with self.weather(Fault.LOST_BEFORE):
            self._until_given_up(lambda lane: lane.worker.handle_events(), tries=TRIES_MAX)
        if any(one.failure and not one.next_attempt_at for one in self.now.unhandled):
            self.reached("the processor's event is given up")
        self.try_again()

    @precondition(when.is_quiet)
    @rule()
    def the_mail_is_away_for_days(self) -> None:
        for user in self.now.present:
            if user.email_verified is None:
                request = RequestEmailVerification(user_id=user.id)
                self.perform(request_email_verification, request)
                break
        for lane in self.lanes.all:
            lane.mail.refusals = LETTERS_REFUSED
        self._until_given_up(lambda lane: lane.worker.deliver(), tries=DELIVERIES_MAX)
        for lane in self.lanes.all:
            lane.mail.refusals = 0
        if self.now.given_up:
            self.reached("an event of ours is given up")
        self.try_again()

    def try_again(self, *, but: Collection[str] = ()) -> None:
        """Have an administrator try again what was given up, *but* some of it."""
        for event_id in self.now.given_up:
            if event_id in but:
                continue
            self.perform(retry_event, RetryEvent(event_id=event_id, admin_id=self.admin))

    def settle_inside(self) -> None:
        """Compare everything, as a worker that stays does, and try again what was given up."""
        super().settle_inside()
        self.drive(reconcile, Reconcile())
        # To try what is about nothing would be an act that has to be told each time.
        hopeless = {one.id for one in self.now.unhandled if one.object_id in self.strays}
        self.try_again(but=hopeless)

    def take_leave(self) -> None:
        """Find all that waits for a person among the findings."""
        super().take_leave()
        self._nothing_was_sent_alone()
        told = self.drive(reconcile, Reconcile())
        listed = {one.id for one in told.findings}
        failed = {one.id for one in self.now.unhandled if one.failure is not None}
        unlisted = (failed | self._stranded()) - listed
        assert not unlisted, f"{unlisted} wait for a person and are not listed"

    def _nothing_was_sent_alone(self) -> None:
        """Find all that was sent, and no more, in the list of it."""
        sent, listed = ({one.id: one for one in told} for told in (self.news(), self.listed()))
        alone = [
            sent.get(event_id, listed.get(event_id))
            for event_id in {*sent, *listed}
            if sent.get(event_id) != listed.get(event_id)
        ]
        assert not alone, f"sent and not listed so, or listed and not sent so: {alone}"

    def _stranded(self) -> set[str]:
        """Name refunds that did not arrive, refunds and payouts that stay on their way."""
        view = self.now.view
        refunds = {one.id for one in view.refunds if one.status in OWED}
        return refunds | {one.id for one in view.payouts if not one.is_final}

    def _until_given_up(self, work: Callable[[Lane], object], *, tries: int) -> None:
        for _ in range(tries):
            if self.now.given_up:
                return
            # Longer than the longest pause between two tries.
            self.clock.advance(minutes=61)
            self.act(work, told="the worker tries")

    def _made_up(self, subject: Subject, object_id: str, account_id: str | None) -> ProcessorEvent:
        self.commands += 1
        return ProcessorEvent(
            id=f"evt_{self.commands}",
            type=f"made.up.{subject.lower()}",
            subject=subject,
            object_id=object_id,
            created_at=self.clock(),
            account_id=account_id,
        )


def _abandoned(lane: Lane, order: CheckoutOrder) -> object:
    opened = lane.processor.payments.open_checkout(order)
    assert isinstance(opened, Done), "nothing is wrong with the order"
    lane.processor.players.play_payer(opened.view.session_id, PayerOutcome.ABANDON)
    return opened.view.session_id
