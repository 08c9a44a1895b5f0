"""What administrators do; every act says why and goes into the audit trail."""

from __future__ import annotations

from typing import Any

from litestar import Router, post
from litestar.params import FromPath, JSONBody

from reviewcore.domain.ids import (
    ArtistId,
    FlagId,
    PayoutId,
    RefundId,
    ReviewerId,
    TrackId,
    UserId,
)
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_admin
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.refunds import give_up
from reviewcore.entrypoints.http.views.administration import FlagView, flag_view
from reviewcore.entrypoints.http.views.money import (
    PayoutView,
    RefundView,
    payout_view,
    refund_view,
)
from reviewcore.entrypoints.http.views.people import (
    ArtistView,
    ReviewerView,
    UserView,
    artist_view,
    reviewer_view,
    user_view,
)
from reviewcore.entrypoints.http.views.tracks import GivenUpView
from reviewcore.entrypoints.http.waiting import waits_on_processor
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    CancelTrack,
    CloseTrack,
    ConfirmEmailAsAdmin,
    DismissFlag,
    GrantFreeCredit,
    GrantTier,
    ResolvePayout,
    RestrictReviewer,
    RetryEvent,
    SettlePayout,
    SettleRefund,
    UnrestrictReviewer,
    UpholdFlag,
    cancel_track,
    close_track,
    confirm_email_as_admin,
    dismiss_flag,
    grant_free_credit,
    grant_tier,
    resolve_payout,
    restrict_reviewer,
    retry_event,
    settle_payout,
    settle_refund,
    unrestrict_reviewer,
    uphold_flag,
)

# ── people ───────────────────────────────────────────────────────────────────────────────────


@post("/users/{user_id:str}/verify-email", status_code=200, sync_to_thread=True, summary="Vouch")
def vouch(
    user_id: FromPath[str],
    desk: TheDesk,
    data: JSONBody[bodies.OptionalReason] = bodies.NO_REASON,
) -> UserView:
    """Vouch for an address that mail does not reach."""
    command = ConfirmEmailAsAdmin(
        user_id=UserId(user_id), admin_id=desk.user.id, reason=data.reason
    )
    desk.perform(_vouch, command)
    with desk.app.store.read() as tx:
        return user_view(tx.users.get(command.user_id))


def _vouch(tx: Transaction, command: ConfirmEmailAsAdmin) -> None:
    # The use case tells the user, whose password's hash must not be kept under the request's key.
    confirm_email_as_admin(tx, command)


@post("/reviewers/{reviewer_id:str}/restrict", status_code=200, sync_to_thread=True)
def restrict(
    reviewer_id: FromPath[str], data: JSONBody[bodies.Reason], desk: TheDesk
) -> ReviewerView:
    """Bar a reviewer from reviewing; what he works on ends."""
    command = RestrictReviewer(
        reviewer_id=ReviewerId(reviewer_id), admin_id=desk.user.id, reason=data.reason
    )
    return reviewer_view(desk.perform(restrict_reviewer, command), desk.spelling.slugs)


@post("/reviewers/{reviewer_id:str}/unrestrict", status_code=200, sync_to_thread=True)
def unrestrict(
    reviewer_id: FromPath[str], data: JSONBody[bodies.Reason], desk: TheDesk
) -> ReviewerView:
    """Let a reviewer review again."""
    command = UnrestrictReviewer(
        reviewer_id=ReviewerId(reviewer_id), admin_id=desk.user.id, reason=data.reason
    )
    return reviewer_view(desk.perform(unrestrict_reviewer, command), desk.spelling.slugs)


@post("/reviewers/{reviewer_id:str}/tier", status_code=200, sync_to_thread=True)
def tier(
    reviewer_id: FromPath[str], data: JSONBody[bodies.TierGrant], desk: TheDesk
) -> ReviewerView:
    """Grant a tier until a date."""
    command = GrantTier(
        reviewer_id=ReviewerId(reviewer_id),
        admin_id=desk.user.id,
        tier=data.tier,
        until=data.until,
        reason=data.reason,
    )
    return reviewer_view(desk.perform(grant_tier, command), desk.spelling.slugs)


@post("/artists/{artist_id:str}/credits", status_code=200, sync_to_thread=True)
def credit(
    artist_id: FromPath[str], data: JSONBody[bodies.CreditGrant], desk: TheDesk
) -> ArtistView:
    """Give an artist free review credits."""
    command = GrantFreeCredit(
        artist_id=ArtistId(artist_id),
        admin_id=desk.user.id,
        credits=data.credits,
        reason=data.reason,
    )
    return artist_view(desk.perform(grant_free_credit, command), desk.spelling.slugs)


# ── tracks, flags, money ─────────────────────────────────────────────────────────────────────


@post("/tracks/{track_id:str}/cancel", status_code=200)
@waits_on_processor
def cancel(track_id: FromPath[str], data: JSONBody[bodies.Reason], desk: TheDesk) -> GivenUpView:
    """Cancel a track as its artist could; all of the price goes back."""
    command = CancelTrack(track_id=TrackId(track_id), admin_id=desk.user.id, reason=data.reason)
    return give_up(desk, cancel_track, command)


@post("/tracks/{track_id:str}/refund", status_code=200)
@waits_on_processor
def refund(track_id: FromPath[str], data: JSONBody[bodies.Reason], desk: TheDesk) -> GivenUpView:
    """Close a track at once; the price of the open slots goes back."""
    command = CloseTrack(track_id=TrackId(track_id), admin_id=desk.user.id, reason=data.reason)
    return give_up(desk, close_track, command)


@post("/flags/{flag_id:str}/uphold", status_code=200, sync_to_thread=True)
def uphold(flag_id: FromPath[str], data: JSONBody[bodies.Reason], desk: TheDesk) -> FlagView:
    """Agree with a flag: the pay is taken back."""
    command = UpholdFlag(flag_id=FlagId(flag_id), admin_id=desk.user.id, reason=data.reason)
    return flag_view(desk.perform(uphold_flag, command))


@post("/flags/{flag_id:str}/dismiss", status_code=200, sync_to_thread=True)
def dismiss(flag_id: FromPath[str], data: JSONBody[bodies.Reason], desk: TheDesk) -> FlagView:
    """Disagree with a flag: what it changed is restored."""
    command = DismissFlag(flag_id=FlagId(flag_id), admin_id=desk.user.id, reason=data.reason)
    return flag_view(desk.perform(dismiss_flag, command))


@post("/payouts/{payout_id:str}/settle", status_code=200, sync_to_thread=True)
def settle(
    payout_id: FromPath[str], data: JSONBody[bodies.Settlement], desk: TheDesk
) -> PayoutView:
    """Record that a `PAYPAL` or `MANUAL` payout was paid by hand."""
    command = SettlePayout(
        payout_id=PayoutId(payout_id), admin_id=desk.user.id, reference=data.reference
    )
    return payout_view(desk.perform(settle_payout, command))


@post("/payouts/{payout_id:str}/resolve", status_code=200, sync_to_thread=True)
def resolve(
    payout_id: FromPath[str], data: JSONBody[bodies.Resolution], desk: TheDesk
) -> PayoutView:
    """Say what became of a payout that the processor does not tell of."""
    command = ResolvePayout(
        payout_id=PayoutId(payout_id),
        admin_id=desk.user.id,
        truth=data.outcome,
        reason=data.reason,
        external_id=data.external_id,
    )
    return payout_view(desk.perform(resolve_payout, command))


@post("/refunds/{refund_id:str}/settle", status_code=200, sync_to_thread=True)
def settle_by_hand(
    refund_id: FromPath[str], data: JSONBody[bodies.RefundSettlement], desk: TheDesk
) -> RefundView:
    """Record that a refund which the processor cannot make was paid another way."""
    command = SettleRefund(
        refund_id=RefundId(refund_id),
        admin_id=desk.user.id,
        reference=data.reference,
        reason=data.reason,
    )
    return refund_view(desk.perform(settle_refund, command))


@post("/events/{event_id:str}/retry", status_code=204, sync_to_thread=True)
def retry(event_id: FromPath[str], desk: TheDesk) -> None:
    """Have an event that was given up delivered, or handled, again now."""
    desk.perform(retry_event, RetryEvent(event_id=event_id, admin_id=desk.user.id))


ROUTES: list[Any] = [
    Router(
        "/v1/admin",
        route_handlers=[
            vouch,
            restrict,
            unrestrict,
            tier,
            credit,
            cancel,
            refund,
            uphold,
            dismiss,
            settle,
            resolve,
            settle_by_hand,
            retry,
        ],
        guards=[as_admin],
        tags=["administration"],
    )
]
