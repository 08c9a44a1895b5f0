"""What `invalid_command` draws is refused as it says, in a market that would take the rest."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewcore import usecases
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.ports.store import Transaction
from reviewcore.testing import strategies as some
from reviewcore.testing.auditing.snapshot import snapshot_of
from reviewcore.testing.faults import Fault, FaultyPayments
from reviewcore.testing.strategies.invalid import FLAWS, Flaw
from tests.unit.usecases.market import ADMIN, World

Given = dict[str, Any]
Arrange = Callable[[World], Given]


def nothing(_world: World) -> Given:
    return {}


def a_user(world: World) -> Given:
    return {"user_id": world.a_user().id}


def an_artist(world: World) -> Given:
    return {"artist_id": world.an_artist().id}


def an_artist_and_an_admin(world: World) -> Given:
    return an_artist(world) | {"admin_id": ADMIN}


def a_newcomer(world: World) -> Given:
    return {"reviewer_id": world.a_newcomer().id}


def a_reviewer_and_an_admin(world: World) -> Given:
    return {"reviewer_id": world.a_reviewer().id, "admin_id": ADMIN}


def a_restricted_reviewer(world: World) -> Given:
    given = a_reviewer_and_an_admin(world)
    barred = usecases.RestrictReviewer(**given, reason="sells his reviews")
    world.do(usecases.restrict_reviewer, barred)
    return given


def an_unverified_user(world: World) -> Given:
    command = usecases.SignUp(email="new@b.example", password="long enough", name="")
    return {"user_id": world.drive(usecases.sign_up, command).id, "admin_id": ADMIN}


def an_unpaid_track(world: World) -> Given:
    artist = world.an_artist()
    return {"track_id": world.a_track(artist).id, "artist_id": artist.id}


def a_queued_track(world: World) -> Given:
    track = world.a_queued_track()
    return {"track_id": track.id, "artist_id": track.artist_id}


def a_queued_track_and_an_admin(world: World) -> Given:
    return {"track_id": world.a_queued_track().id, "admin_id": ADMIN}


def a_review(world: World) -> Given:
    world.a_reviewer()
    review = world.listen(world.assign(world.a_queued_track())[0])
    return {"review_id": review.id, "reviewer_id": review.reviewer_id}


def a_delivered_review(world: World) -> Given:
    world.a_reviewer()
    review = world.deliver(world.assign(world.a_queued_track())[0])
    return {"review_id": review.id, "artist_id": review.artist_id}


def an_open_flag(world: World) -> Given:
    world.a_reviewer()
    flag = world.flag(world.deliver(world.assign(world.a_queued_track())[0]))
    return {"flag_id": flag.id, "admin_id": ADMIN}


def a_rich_reviewer(world: World) -> Given:
    """He got rich out of nowhere: no law is asked here."""
    reviewer = world.a_reviewer()

    def enrich(tx: Transaction, one: ReviewerProfile) -> None:
        tx.reviewers.update(
            attrs.evolve(one, pending_balance=Cents(5000), total_earnings=Cents(5000))
        )

    world.app.perform(enrich, reviewer)
    return {"reviewer_id": reviewer.id, "method": PayoutMethod.PAYPAL}


def a_payout(world: World) -> Given:
    command = usecases.Withdraw(**a_rich_reviewer(world), destination="r@b.example")
    return {"payout_id": world.app.perform(usecases.withdraw, command).id, "admin_id": ADMIN}


def a_failed_refund(world: World) -> Given:
    track = world.a_queued_track()
    world.cancel(track)
    world.reach_bank_through(payments=FaultyPayments(world.bank, [Fault.DECLINED]))
    world.work()
    (refund,) = world.refunds(track)
    return {"refund_id": refund.id, "admin_id": ADMIN}


def a_ticket(world: World) -> Given:
    told = usecases.OpenTicket(**a_user(world), subject="My track", message="Where is it?")
    ticket = world.do(usecases.open_ticket, told)
    return {"ticket_id": ticket.id, "user_id": told.user_id}


ARRANGED: Mapping[type, Arrange] = MappingProxyType(
    {
        usecases.AnswerQuiz: a_newcomer,
        usecases.CancelTrack: a_queued_track_and_an_admin,
        usecases.CaptureLead: nothing,
        usecases.ChangeEmail: a_user,
        usecases.CheckOut: an_unpaid_track,
        usecases.CloseTrack: a_queued_track_and_an_admin,
        usecases.CompleteReview: a_review,
        usecases.ConfirmEmailAsAdmin: an_unverified_user,
        usecases.DismissFlag: an_open_flag,
        usecases.GetFeedback: nothing,
        usecases.GrantFreeCredit: an_artist_and_an_admin,
        usecases.GrantTier: a_reviewer_and_an_admin,
        usecases.OpenArtistProfile: a_user,
        usecases.OpenReviewerProfile: a_user,
        usecases.OpenTicket: a_user,
        usecases.RateReview: a_delivered_review,
        usecases.ReplyToTicket: a_ticket,
        usecases.RequestPasswordReset: nothing,
        usecases.ResetPassword: nothing,
        usecases.ResolvePayout: a_payout,
        usecases.RestrictReviewer: a_reviewer_and_an_admin,
        usecases.SettlePayout: a_payout,
        usecases.SettleRefund: a_failed_refund,
        usecases.SignUp: nothing,
        usecases.StartUpload: an_artist,
        usecases.SubmitTrack: an_artist,
        usecases.UnrestrictReviewer: a_restricted_reviewer,
        usecases.UpdateSource: a_queued_track,
        usecases.UpholdFlag: an_open_flag,
        usecases.VerifyEmail: nothing,
        usecases.Withdraw: a_rich_reviewer,
    }
)
"""For each command that can be wrong by itself, what its market has, and the fields that say so."""

FLAWED = [(kind, field) for kind in some.COMMANDS for field in some.flawed_fields(kind)]


def test_each_command_that_can_be_wrong_has_its_market() -> None:
    assert set(ARRANGED) == {kind for kind, _ in FLAWED}


@pytest.mark.parametrize(("kind", "field"), FLAWED, ids=lambda one: getattr(one, "__name__", one))
def test_a_market_refuses_what_is_wrong_and_nothing_changes(kind: type, field: str) -> None:
    world = World()
    has = ARRANGED[kind](world)
    before = snapshot_of(world.app.store)

    @settings(max_examples=12, deadline=None)
    @given(some.invalid_command(kind, field, **has))
    def is_refused(flawed: some.Flawed) -> None:
        with pytest.raises(flawed.error) as caught:
            perform(world, flawed.command)

        assert type(caught.value) is flawed.error
        assert snapshot_of(world.app.store) == before

    is_refused()


# Their tokens are made up, and a wrong token is one of their flaws.
SOUND = [kind for kind in ARRANGED if kind not in {usecases.ResetPassword, usecases.VerifyEmail}]


@pytest.mark.parametrize("kind", SOUND, ids=lambda kind: kind.__name__)
def test_without_the_flaw_no_market_refuses_the_command_so(kind: type) -> None:
    """So a refusal is the flaw's own, and not that of a market in which nothing can be done."""

    @settings(max_examples=5, deadline=None)
    @given(st.data())
    def is_heard(data: st.DataObject) -> None:
        world = World()
        sound = data.draw(some.command(kind, **ARRANGED[kind](world)))
        if kind is usecases.Withdraw:
            sound = attrs.evolve(sound, amount=None)
        refused = None
        try:
            perform(world, sound)
        except ReviewcoreError as refusal:
            refused = type(refusal)
        assert refused not in {flaw.error for flaw in flaws_of(kind)}

    is_heard()


def flaws_of(kind: type) -> list[Flaw]:
    return [flaw for flaws in FLAWS[kind].values() for flaw in flaws]


def perform(world: World, command: Any) -> object:
    """Run the use case of a command."""
    verb = inspect.getmodule(type(command))
    assert verb is not None
    usecase = getattr(verb, verb.__name__.rpartition(".")[2])
    needs_store = "store" in inspect.signature(usecase).parameters
    act = world.app.drive if needs_store else world.app.perform
    return act(usecase, command)
