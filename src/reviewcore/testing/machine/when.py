"""When a rule can do something.

Named functions, because Hypothesis compiles the text of every lambda once more for each run.
"""

from __future__ import annotations

from typing import Any

PEOPLE_MAX = 12
EVERYBODY_MAX = 20
"""With those who left for good, whose rows stay."""

TRACKS_MAX = 12


def is_quiet(machine: Any) -> bool:
    """Tell whether it is time for what would drown the rest if it happened as often."""
    quiet: bool = machine.is_quiet
    return quiet


def is_plain(machine: Any) -> bool:
    """Tell whether it is the turn of single commands."""
    plain: bool = machine.is_plain
    return plain


def newcomers_may_come(machine: Any) -> bool:
    """Tell whether there are not too many people."""
    return len(machine.now.present) < PEOPLE_MAX and len(machine.now.users) < EVERYBODY_MAX


def newcomers_are_welcome(machine: Any) -> bool:
    """Tell whether it is quiet and there are not too many people."""
    return machine.is_quiet and newcomers_may_come(machine)


def somebody_is_signed_in(machine: Any) -> bool:
    """Tell whether it is quiet and there is a session."""
    return machine.is_quiet and bool(machine.now.sessions)


def tracks_are_welcome(machine: Any) -> bool:
    """Tell whether there are not too many tracks."""
    return len(machine.now.view.tracks) < TRACKS_MAX


def there_are_tracks(machine: Any) -> bool:
    """Tell whether anything was submitted."""
    return bool(machine.now.view.tracks)


def there_are_live_tracks(machine: Any) -> bool:
    """Tell whether anything is paid for and not at an end."""
    return bool(machine.now.live)


def there_are_attempts(machine: Any) -> bool:
    """Tell whether anybody went to pay."""
    return bool(machine.now.attempts)


def there_are_pending_attempts(machine: Any) -> bool:
    """Tell whether a session may still be paid."""
    return bool(machine.now.pending)


def there_are_refunds(machine: Any) -> bool:
    """Tell whether money is or was on its way back."""
    return bool(machine.now.view.refunds)


def there_are_reviews(machine: Any) -> bool:
    """Tell whether anything was assigned."""
    return bool(machine.now.view.reviews)


def there_is_work(machine: Any) -> bool:
    """Tell whether a reviewer has a review before him."""
    return bool(machine.now.active)


def there_are_deliveries(machine: Any) -> bool:
    """Tell whether a review was ever completed."""
    return bool(machine.now.delivered)


def there_are_flags(machine: Any) -> bool:
    """Tell whether a review was ever flagged."""
    return bool(machine.now.view.flags)


def there_are_payouts(machine: Any) -> bool:
    """Tell whether anybody withdrew."""
    return bool(machine.now.view.payouts)


def payouts_are_unclear(machine: Any) -> bool:
    """Tell whether a payout may have left."""
    return bool(machine.now.unclear)


def something_was_paid(machine: Any) -> bool:
    """Tell whether the bank has taken a payment."""
    return any(one.external_payment_id for one in machine.now.attempts)


def there_are_disputes(machine: Any) -> bool:
    """Tell whether anything was ever disputed, as far as the market knows."""
    return bool(machine.now.view.disputes)


def money_went_back(machine: Any) -> bool:
    """Tell whether a refund was taken."""
    return any(one.external_id for one in machine.now.view.refunds)


def money_left(machine: Any) -> bool:
    """Tell whether a payout has left through the processor."""
    return any(one.external_id for one in machine.now.view.payouts)


def news_wait(machine: Any) -> bool:
    """Tell whether the processor told what nobody has acted upon."""
    return bool(machine.now.unhandled)


def there_are_tickets(machine: Any) -> bool:
    """Tell whether anybody asked for help."""
    return bool(machine.now.tickets)


def there_are_leads(machine: Any) -> bool:
    """Tell whether anybody left an address."""
    return bool(machine.now.leads)


def somebody_has_left(machine: Any) -> bool:
    """Tell whether somebody was erased."""
    return len(machine.now.present) < len(machine.now.users)


def there_are_uploads(machine: Any) -> bool:
    """Tell whether an artist has begun to put a file up."""
    return bool(machine.now.uploads)


def events_were_given_up(machine: Any) -> bool:
    """Tell whether an event waits for a person."""
    return bool(machine.now.given_up)


def there_are_accounts(machine: Any) -> bool:
    """Tell whether a reviewer has connected an account."""
    return any(one.stripe_account_id for one in machine.now.view.reviewers)


def somebody_is_rich(machine: Any) -> bool:
    """Tell whether a reviewer has something to withdraw."""
    return any(one.pending_balance > 0 for one in machine.now.view.reviewers)


def somebody_can_withdraw(machine: Any) -> bool:
    """Tell whether a reviewer has as much as a payout takes."""
    least = machine.rules_in_force.minimum_payout_cents
    return any(one.pending_balance >= least for one in machine.now.view.reviewers)


def keys_were_used(machine: Any) -> bool:
    """Tell whether a command succeeded under a key."""
    return bool(machine.keyed)
