"""What people are written: to whom, under which subject, and the facts that fill the lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reviewcore.domain.notices import NOTICES
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review
from reviewcore.domain.users import User
from reviewcore.ports.mail import Letter
from reviewcore.testing.faults import Fault, FaultyPayouts
from reviewcore.usecases import (
    GemReview,
    OpenTicket,
    ReplyToTicket,
    SettlePayout,
    SignUp,
    gem_review,
    open_ticket,
    reply_to_ticket,
    settle_payout,
    sign_up,
)
from tests.unit.usecases.market import ADMIN, PASSWORD, World

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal, and a gem a PRO."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50, pro_gems_min=1)


def written(world: World, step: Callable[[], object]) -> Letter:
    """The one letter that a step asks for."""
    world.work()
    world.mail.letters.clear()
    step()
    world.work()
    [letter] = world.mail.letters
    return letter


def reads(type_of: str, **facts: object) -> tuple[str, str]:
    """Subject and text of a notice, filled by hand."""
    notice = NOTICES[type_of]
    told = {"link": BASE} | facts
    return notice.subject.format_map(told), notice.body.format_map(told)


def user_of(world: World, review: Review) -> tuple[User, User]:
    """Artist and reviewer of a review."""
    with world.app.store.read() as tx:
        artist = tx.users.get(tx.artists.get(review.artist_id).user_id)
        return artist, tx.users.get(tx.reviewers.get(review.reviewer_id).user_id)


def delivered(world: World, *, title: str = "Dawn") -> Review:
    world.a_reviewer()
    track = world.a_queued_track(title=title)
    return world.deliver(world.assign(track)[0])


def owner_of(world: World, reviewer: ReviewerProfile) -> User:
    return world.look(lambda tx: tx.users.get(reviewer.user_id))


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def test_a_proof_of_an_address(world: World) -> None:
    command = SignUp(email="ada@example.com", password=PASSWORD, name="Ada")

    letter = written(world, lambda: world.drive(sign_up, command))

    token = letter.text.rpartition("Token: ")[2].partition("\n")[0]
    link = f"{BASE}/verify-email?token={token}"
    assert letter.to == "ada@example.com"
    assert (letter.subject, letter.text) == reads(
        "EmailVerificationRequested", name="Ada", token=token, link=link
    )


def test_an_answer_to_a_ticket(world: World) -> None:
    user = world.a_user("ada@example.com")
    ask = OpenTicket(user_id=user.id, subject="Payout", message="Where is it?")
    ticket = world.do(open_ticket, ask)
    early = ReplyToTicket(ticket_id=ticket.id, admin_id=ADMIN, message="Which one?")
    world.do(reply_to_ticket, early)
    late = ReplyToTicket(ticket_id=ticket.id, admin_id=ADMIN, message="It left today.")

    letter = written(world, lambda: world.do(reply_to_ticket, late))

    assert letter.to == "ada@example.com"
    assert (letter.subject, letter.text) == reads(
        "TicketAnswered", name=user.name, subject="Payout", answer="It left today."
    )


# ── artists ──────────────────────────────────────────────────────────────────────────────────


def test_the_way_of_a_track(world: World) -> None:
    world.reviewers(5)
    track = world.checked_out(world.a_track(title="Dawn"))
    owner = world.look(lambda tx: tx.users.get(tx.artists.get(track.artist_id).user_id))
    attempt = world.open_session(track)
    world.pay(attempt)
    world.app.run_pending()
    queued = [one for one in world.mail.letters if "queue" in one.subject]
    reviews = world.reviews(track)

    for review in reviews[:2]:
        world.deliver(review)
    half = written(world, lambda: world.deliver(reviews[2]))
    world.deliver(reviews[3])
    whole = written(world, lambda: world.deliver(reviews[4]))

    told = {"name": owner.name, "title": "Dawn", "requested": 5}
    assert {letter.to for letter in (*queued, half, whole)} == {owner.email}
    assert [(letter.subject, letter.text) for letter in (*queued, half, whole)] == [
        reads("TrackQueued", **told),
        reads("TrackHalfReviewed", **told, completed=3),
        reads("TrackCompleted", **told, completed=5),
    ]


def test_a_link_that_cannot_be_played(world: World) -> None:
    world.a_reviewer()
    [review] = world.assign(world.a_queued_track(title="Dawn"))
    artist, _ = user_of(world, review)

    letter = written(world, lambda: world.report(review))

    assert letter.to == artist.email
    assert (letter.subject, letter.text) == reads(
        "LinkReportedBroken", name=artist.name, title="Dawn"
    )


# ── reviewers ────────────────────────────────────────────────────────────────────────────────


def test_another_tier(world: World) -> None:
    review = delivered(world)
    _, reviewer = user_of(world, review)
    command = GemReview(review_id=review.id, artist_id=review.artist_id)

    letter = written(world, lambda: world.do(gem_review, command))

    assert letter.to == reviewer.email
    assert (letter.subject, letter.text) == reads(
        "TierChanged", name=reviewer.name, before="NORMAL", after="PRO"
    )


@pytest.mark.parametrize(
    ("verdict", "type_of"), [(World.uphold, "FlagUpheld"), (World.dismiss, "FlagDismissed")]
)
def test_a_verdict(world: World, verdict: Callable[..., object], type_of: str) -> None:
    review = delivered(world)
    _, reviewer = user_of(world, review)
    flag = world.flag(review)

    letter = written(world, lambda: verdict(world, flag))

    assert letter.to == reviewer.email
    assert (letter.subject, letter.text) == reads(type_of, name=reviewer.name, title="Dawn")


def test_a_payout(world: World) -> None:
    reviewer = world.reviewer_of(delivered(world))
    owner = owner_of(world, reviewer)
    payout = world.withdraw(reviewer, method=PayoutMethod.MANUAL, destination="IBAN 1")
    command = SettlePayout(payout_id=payout.id, admin_id=ADMIN, reference="R-1")

    letter = written(world, lambda: world.do(settle_payout, command))

    assert letter.to == owner.email
    assert (letter.subject, letter.text) == reads(
        "PayoutCompleted", name=owner.name, amount="0.90 USD"
    )


def test_a_payout_that_failed(world: World) -> None:
    reviewer = world.connect(world.reviewer_of(delivered(world)))
    owner = owner_of(world, reviewer)
    world.wait(days=7)
    world.work()
    world.withdraw(reviewer)
    world.reach_bank_through(payouts=FaultyPayouts(world.bank, [Fault.DECLINED]))

    world.mail.letters.clear()
    world.work()

    [letter] = world.mail.letters
    assert letter.to == owner.email
    assert (letter.subject, letter.text) == reads(
        "PayoutFailed", name=owner.name, amount="0.90 USD"
    )
