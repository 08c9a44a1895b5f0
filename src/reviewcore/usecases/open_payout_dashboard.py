"""Look at one's payout account at the processor."""

from __future__ import annotations

import attrs

from reviewcore.domain.errors import PayoutAccountNotReady
from reviewcore.domain.ids import ReviewerId
from reviewcore.ports.processor import Payouts
from reviewcore.ports.store import Store
from reviewcore.usecases.steps.answers import require_done


@attrs.frozen(kw_only=True)
class OpenPayoutDashboard:
    """A reviewer wants to see what he was paid, and where it goes."""

    reviewer_id: ReviewerId


@attrs.frozen(kw_only=True)
class PayoutDashboard:
    """Where he sees it; whoever has the address gets in, for a short while."""

    url: str = attrs.field(repr=False)


def open_payout_dashboard(
    store: Store, payouts: Payouts, command: OpenPayoutDashboard
) -> PayoutDashboard:
    """Make a short-lived link to the account; nothing is kept of it.

    Raises EntityNotFound, PayoutAccountNotReady without an account, ProcessorRefused while it is
    not completed, ProcessorUnavailable.
    """
    with store.read() as tx:
        account_id = tx.reviewers.get(command.reviewer_id).stripe_account_id
    if account_id is None:
        raise PayoutAccountNotReady
    return PayoutDashboard(url=require_done(payouts.dashboard_link(account_id)))
