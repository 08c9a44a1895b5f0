"""Asking what is held about oneself: all of it, no secret, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.errors import EntityNotFound
from reviewcore.domain.events import SignedOut
from reviewcore.domain.ids import SYSTEM, UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.privacy import GONE, KEPT, TOLD, fields_of
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.users import User
from reviewcore.domain.webhooks import Subject
from reviewcore.ports.codec import encode
from reviewcore.ports.identities import Identity
from reviewcore.ports.processor import ReversalOrder
from reviewcore.testing.builders import a_lead
from reviewcore.usecases import (
    AcceptUpload,
    ChangeEmail,
    EraseUser,
    ExportUser,
    GrantFreeCredit,
    OpenTicket,
    ReplyToTicket,
    RequestPasswordReset,
    RestrictReviewer,
    SendPayout,
    SignIn,
    UnrestrictReviewer,
    accept_upload,
    change_email,
    erase_user,
    export_user,
    grant_free_credit,
    open_ticket,
    reply_to_ticket,
    request_password_reset,
    restrict_reviewer,
    send_payout,
    sign_in,
    unrestrict_reviewer,
)
from reviewcore.usecases.complete_review import Remark
from reviewcore.usecases.steps.arriving import link
from reviewcore.usecases.steps.exporting import SOMEBODY_ELSE
from reviewcore.usecases.steps.holdings import PAGE, every_ticket
from tests.unit.usecases.disputing import applied, dispute
from tests.unit.usecases.market import ADMIN, PASSWORD, World
from tests.unit.usecases.test_processor_events import an_event, hear


@pytest.fixture
def world() -> World:
    return World(minimum_payout_cents=50)


def export(world: World, user_id: UserId) -> dict[str, Any]:
    """What a user is told; it can be written as JSON."""
    told = world.app.ask(export_user, ExportUser(user_id=user_id))
    read: dict[str, Any] = json.loads(json.dumps(told, allow_nan=False))
    assert read == told
    return read


def test_a_user_is_told_who_he_is_and_how_he_gets_in(world: World) -> None:
    user = world.a_user("ada@example.com")
    signed = world.drive(sign_in, SignIn(email=user.email, password=PASSWORD))
    lead = a_lead(email=user.email)
    with world.app.store.begin() as tx:
        tx.leads.add(lead, a_lead())

    told = export(world, user.id)

    assert told["user"]["email"] == "ada@example.com"
    assert [one["id"] for one in told["sessions"]] == [signed.session.id]
    assert [one["id"] for one in told["leads"]] == [lead.id]
    assert {"kind": "EMAIL", "user_id": user.id, "value": "ada@example.com"} in told[
        "identity_marks"
    ]
    assert (told["artist"], told["reviewer"]) == (None, None)
    assert [one["type"] for one in told["events"]] == [
        "UserSignedUp", "EmailVerificationRequested", "EmailVerified", "AdminActed", "SignedIn",
    ]  # fmt: skip


def test_no_secret_is_told(world: World) -> None:
    user = world.a_user()
    world.work()
    signed = world.drive(sign_in, SignIn(email=user.email, password=PASSWORD))

    told = json.dumps(export(world, user.id))

    [token] = world.all(lambda tx: tx.email_tokens.of_user(user.id))
    kept = user_of(world, user.id)
    assert kept.password is not None
    secrets = (kept.password, PASSWORD, signed.token, signed.session.token_hash, token.token_hash)
    assert [secret for secret in secrets if secret in told] == []
    assert token.id in told


def user_of(world: World, user_id: UserId) -> User:
    return world.look(lambda tx: tx.users.get(user_id))


def a_deal(world: World) -> Review:
    """A review that was delivered, flagged, dismissed, and whose pay was withdrawn."""
    reviewer = world.a_reviewer()
    (review,) = world.assign(world.a_queued_track())
    review = world.deliver(review)
    world.dismiss(world.flag(review))
    world.withdraw(reviewer, method=PayoutMethod.PAYPAL, destination="me@example.com")
    return world.review(review)


def test_an_artist_is_told_what_he_paid_for_and_got(world: World) -> None:
    review = a_deal(world)
    artist = world.look(lambda tx: tx.artists.get(review.artist_id))
    track = world.look(lambda tx: tx.tracks.get(review.track_id))
    other = world.a_reviewer()
    world.assign(track)

    told = export(world, artist.user_id)

    [shown] = told["artist"]["tracks"]
    assert (shown["id"], shown["source_url"]) == (track.id, track.source_url)
    assert len(shown["slots"]) == track.reviews_requested
    assert [one["id"] for one in shown["payment"]["attempts"]] == [
        one.id for one in world.attempts(track)
    ]
    # Not the one that somebody works on.
    [got] = shown["reviews"]
    assert got["id"] == review.id
    assert got["feedback"]["best_part"]
    assert [one["status"] for one in got["flags"]] == ["DISMISSED"]
    assert other.id not in json.dumps(told)
    assert "slot_price" not in got


def test_an_artist_is_told_of_tracks_that_he_has_not_paid_for(world: World) -> None:
    track = world.a_track()
    artist = world.look(lambda tx: tx.artists.get(track.artist_id))

    [shown] = export(world, artist.user_id)["artist"]["tracks"]

    assert (shown["payment"], shown["reviews"]) == (None, [])


def test_a_reviewer_is_told_what_he_did_and_every_cent_of_it(world: World) -> None:
    review = a_deal(world)
    reviewer = world.reviewer_of(review)
    (waiting,) = world.assign(world.a_queued_track())

    told = export(world, reviewer.user_id)["reviewer"]

    assert [one["id"] for one in told["reviews"]] == [review.id, waiting.id]
    assert [one["id"] for one in told["queue"]] == [waiting.id]
    [payout] = told["payouts"]
    assert (payout["destination"], payout["reversals"]) == ("me@example.com", [])
    assert sum(one["amount"] for one in told["balance_lines"]) == told["pending_balance"] == 0
    assert len(told["balance_lines"]) == 2


def test_who_did_something_to_him_is_not_told(world: World) -> None:
    reviewer = world.a_reviewer()
    command: dict[str, Any] = {
        "reviewer_id": reviewer.id,
        "admin_id": ADMIN,
        "reason": "looked into it",
    }
    world.do(restrict_reviewer, RestrictReviewer(**command))
    world.do(unrestrict_reviewer, UnrestrictReviewer(**command))

    told = export(world, reviewer.user_id)

    assert ADMIN not in json.dumps(told)
    restricted = [one for one in told["events"] if one["type"] == "ReviewerRestricted"]
    assert [one["actor"] for one in restricted] == [SOMEBODY_ELSE]
    assert [one["id"] for one in told["events"]] == sorted({one["id"] for one in told["events"]})


def test_tickets_are_told_with_their_answers_and_without_who_gave_them(world: World) -> None:
    user = world.a_user()
    ticket = world.do(open_ticket, OpenTicket(user_id=user.id, subject="Me", message="It is I"))
    world.do(
        reply_to_ticket, ReplyToTicket(ticket_id=ticket.id, admin_id=ADMIN, message="So it is")
    )

    told = export(world, user.id)

    [shown] = told["tickets"]
    assert [one["body"] for one in shown["messages"]] == ["It is I", "So it is"]
    assert ADMIN not in json.dumps(told["tickets"])


def test_more_than_a_page_is_told_whole(world: World) -> None:
    user = world.a_user()
    with world.app.store.begin() as tx:
        for _ in range(PAGE + 1):
            open_ticket(tx, OpenTicket(user_id=user.id, subject="Me", message="It is I"))

    assert len(world.all(lambda tx: every_ticket(tx, user.id))) == PAGE + 1


def test_of_whoever_left_only_what_was_kept_is_left_to_be_told(world: World) -> None:
    user = world.a_user("ada@example.com")
    world.do(erase_user, EraseUser(user_id=user.id))

    told = export(world, user.id)

    assert "ada@example.com" not in json.dumps(told)
    assert told["user"] == {
        "id": user.id,
        "email": f"erased:{user.id}",
        "name": "",
        "email_verified": None,
        "country": None,
        "is_artist": False,
        "is_reviewer": False,
        "created_at": told["user"]["created_at"],
        "erased_at": told["user"]["erased_at"],
    }


def test_what_is_told_of_an_entity_is_what_the_table_says(world: World) -> None:
    user = world.a_user()

    told = export(world, user.id)["user"]

    assert set(told) == fields_of(User, TOLD)
    assert set(told) >= fields_of(User, frozenset({KEPT}))
    assert {field.name for field in attrs.fields(User)} - set(told) <= fields_of(User, GONE)


def test_nobody_is_told_of_who_never_was(world: World) -> None:
    with pytest.raises(EntityNotFound):
        export(world, UserId("nobody"))


# ── all of it, and nobody else's ─────────────────────────────────────────────────────────────


def everything_of(world: World, email: str) -> User:
    """Somebody who has some of everything that can be held about a user."""
    user = world.a_user(email)
    world.drive(sign_in, SignIn(email=email, password=PASSWORD))
    with world.app.store.begin() as tx:
        link(tx, user, an_identity(email))
    world.do(open_ticket, OpenTicket(user_id=user.id, subject="Me", message="It is I"))
    artist, reviewer = world.an_artist(user), world.connect(world.a_reviewer(user))
    upload = world.an_upload(artist)
    world.drive(accept_upload, AcceptUpload(upload_id=upload.id, artist_id=artist.id))
    bought(world, artist)
    earned(world, reviewer)
    return user_of(world, user.id)


def asks_for_tokens(world: World, user: User) -> None:
    world.do(request_password_reset, RequestPasswordReset(email=user.email))
    wish = ChangeEmail(user_id=user.id, email=f"new-{user.email}", password=PASSWORD)
    world.drive(change_email, wish)
    world.work()


def an_identity(email: str) -> Identity:
    return Identity(
        provider="peer", subject=f"s-{email}", email=email, email_verified=True, name=""
    )


def bought(world: World, artist: ArtistProfile) -> None:
    """A track of his with a review that has a remark and a flag, a refund and a dispute."""
    track = world.a_queued_track(artist)
    world.a_reviewer()
    review = world.listen(world.assign(track)[0])
    done = world.complete(review, timestamps=(Remark(seconds=62, note="bass"),))
    world.flag(done)
    world.close(track)
    dispute(world, applied(world, track))


def earned(world: World, reviewer: ReviewerProfile) -> None:
    """A payout of his that came back in part, and a review that waits for him."""
    [review] = [
        one for one in world.assign(world.a_queued_track()) if one.reviewer_id == reviewer.id
    ]
    world.deliver(review)
    world.wait(days=8)
    payout = world.withdraw(reviewer)
    world.drive(send_payout, SendPayout(payout_id=payout.id))
    external_id = str(world.payout(payout).external_id)
    back = ReversalOrder(reversal_id="r", external_id=external_id, amount=Cents(9), key=payout.id)
    world.bank.reverse(back)
    hear(world, an_event(world, Subject.TRANSFER, external_id))
    world.assign(world.a_queued_track())


def ids_of(told: list[Any]) -> list[str]:
    return [one["id"] for one in told]


def test_every_part_is_told_and_none_of_a_strangers() -> None:
    world = World(minimum_payout_cents=50, rate_normal_cents=90, rate_pro_cents=90)
    user = everything_of(world, "ada@example.com")
    for one in (user, everything_of(world, "eve@example.com")):
        asks_for_tokens(world, one)
    with world.app.store.begin() as tx:
        tx.leads.add(a_lead(email=user.email))

    told = export(world, user.id)

    with world.app.store.read() as tx:
        artist, reviewer = tx.artists.of_user(user.id), tx.reviewers.of_user(user.id)
        assert artist is not None
        assert reviewer is not None
        [track] = [one for one in tx.tracks.all() if one.artist_id == artist.id]
        [payment] = [one for one in tx.payments.all() if one.track_id == track.id]
        mine: dict[str, list[str]] = {
            "sessions": [one.id for one in tx.sessions.of_user(user.id)],
            "accounts": [one.id for one in tx.accounts.of_user(user.id)],
            "email_verifications": [one.id for one in tx.email_tokens.of_user(user.id)],
            "password_resets": [one.id for one in tx.reset_tokens.of_user(user.id)],
            "tickets": [one.id for one in tx.tickets.all() if one.user_id == user.id],
            "leads": [one.id for one in tx.leads.all()],
        }
        bought = {
            "attempts": [one.id for one in tx.attempts.all() if one.payment_id == payment.id],
            "refunds": [one.id for one in tx.refunds.all() if one.payment_id == payment.id],
            "disputes": [one.id for one in tx.disputes.all() if one.payment_id == payment.id],
        }
        got = [one.id for one in tx.reviews.all() if one.track_id == track.id]
        done = [one.id for one in tx.reviews.all() if one.reviewer_id == reviewer.id]
        payouts = [one.id for one in tx.payouts.all() if one.reviewer_id == reviewer.id]
        reversals = [one.id for one in tx.reversals.all() if one.reviewer_id == reviewer.id]
        uploads = [one.id for one in tx.uploads.all() if one.artist_id == artist.id]

    assert set(told) == {
        "told_at", "user", *mine, "identity_marks", "artist", "reviewer", "events",
    }  # fmt: skip
    assert told["told_at"] == encode(world.clock())
    assert {name: ids_of(told[name]) for name in mine} == mine
    assert all(mine.values())
    assert ids_of(told["artist"]["uploads"]) == uploads != []
    [shown] = told["artist"]["tracks"]
    assert shown["id"] == track.id
    assert {name: ids_of(shown["payment"][name]) for name in bought} == bought
    assert all(bought.values())
    assert ids_of(shown["reviews"]) == got
    [review] = shown["reviews"]
    assert [one["note"] for one in review["timestamps"]] == ["bass"]
    assert [one["review_id"] for one in review["flags"]] == got
    assert ids_of(told["reviewer"]["reviews"]) == done != []
    assert len(told["reviewer"]["queue"]) == 1
    [payout] = told["reviewer"]["payouts"]
    assert [payout["id"]] == payouts
    assert ids_of(payout["reversals"]) == reversals != []


def test_what_he_did_is_told_as_his_and_what_he_was_done_as_somebodys(world: World) -> None:
    user = world.a_user()
    artist = world.an_artist(user)
    world.a_track(artist)
    world.a_track()
    grant = GrantFreeCredit(artist_id=artist.id, admin_id=ADMIN, credits=1, reason="sorry")
    world.do(grant_free_credit, grant)

    told = export(world, user.id)["events"]

    assert [(one["type"], one["actor"]) for one in told] == [
        ("UserSignedUp", SYSTEM),
        ("EmailVerificationRequested", SYSTEM),
        ("EmailVerified", SOMEBODY_ELSE),
        ("AdminActed", SOMEBODY_ELSE),
        ("ArtistProfileOpened", user.id),
        ("TrackSubmitted", artist.id),
        ("FreeCreditGranted", SOMEBODY_ELSE),
        ("AdminActed", SOMEBODY_ELSE),
    ]


def test_more_deeds_than_a_page_are_told_whole(world: World) -> None:
    user = world.a_user()
    with world.app.store.begin(actor=user.id) as tx:
        tx.events.add(*(SignedOut(user_id=UserId("another")) for _ in range(PAGE + 1)))

    told = export(world, user.id)["events"]

    assert [one["type"] for one in told].count("SignedOut") == PAGE + 1
