"""Connect the account that earnings are paid to."""

from __future__ import annotations

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import PayoutAccountTaken
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.users import stripe_mark
from reviewcore.ports.processor import (
    AccountOrder,
    Payouts,
)
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.answers import require_done


@attrs.frozen(kw_only=True)
class ConnectPayoutAccount:
    """A reviewer wants to be paid through the processor; he comes back to *return_url*.

    *account_id* connects an account that the host knows already; None opens one.
    """

    reviewer_id: ReviewerId
    return_url: str = "/payouts/return"
    account_id: str | None = None


@attrs.frozen(kw_only=True)
class AccountConnected:
    """The reviewer with his account, and where he completes it (short-lived)."""

    reviewer: ReviewerProfile
    url: str = attrs.field(repr=False)


def connect_payout_account(
    store: Store, payouts: Payouts, command: ConnectPayoutAccount
) -> AccountConnected:
    """Open the account once, record whether it can be paid, and make a link to complete it.

    Raises EntityNotFound, NotOnboarded, PayoutAccountTaken, ProcessorRefused,
    ProcessorUnavailable.
    """
    with store.read() as tx:
        reviewer = tx.reviewers.get(command.reviewer_id)
    reviewer.require_onboarded()
    if command.account_id is not None:
        # A mistyped account would tie him to somebody else's: an account once held is never free.
        require_done(payouts.account(command.account_id))
    account_id = command.account_id or reviewer.stripe_account_id
    if account_id is None:
        order = AccountOrder(
            reviewer_id=reviewer.id, country=reviewer.country, key=f"account:{reviewer.id}"
        )
        account_id = require_done(payouts.open_account(order)).account_id

    # Committed before anything else can fail, so that the account is never opened and forgotten.
    reviewer = _connect(store, reviewer, account_id)
    ready = require_done(payouts.account(account_id)).ready
    reviewer = _mark(store, reviewer, ready=ready)
    url = require_done(payouts.account_link(account_id, return_url=command.return_url))
    return AccountConnected(reviewer=reviewer, url=url)


def _connect(store: Store, stale: ReviewerProfile, account_id: str) -> ReviewerProfile:
    with store.begin(actor=stale.id) as tx:
        reviewer = tx.reviewers.lock(stale.id)
        # He may have left meanwhile.
        reviewer.require_onboarded()
        if reviewer.stripe_account_id == account_id:
            return reviewer
        if tx.identities.holder(account_id) not in {None, reviewer.user_id}:
            raise PayoutAccountTaken
        connected = reviewer.connect(account_id, tx.now)
        tx.reviewers.update(connected)
        tx.identities.add(stripe_mark(reviewer.user_id, account_id))
        tx.events.add(events.PayoutAccountConnected(reviewer_id=reviewer.id))
        return connected


def _mark(store: Store, stale: ReviewerProfile, *, ready: bool) -> ReviewerProfile:
    with store.begin(actor=stale.id) as tx:
        reviewer = tx.reviewers.lock(stale.id)
        # He may have left meanwhile, or have taken another account, of which this says nothing.
        is_his = reviewer.stripe_account_id == stale.stripe_account_id
        if not is_his or reviewer.payout_account_ready == ready:
            return reviewer
        marked = reviewer.mark_account(ready=ready)
        tx.reviewers.update(marked)
        tx.events.add(events.PayoutAccountChanged(reviewer_id=reviewer.id, ready=ready))
        return marked
