"""What a refusal names: the field or thing it is about, and the limits that the rules set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from reviewcore.domain.errors import (
    DailyReportLimitReached,
    DailySkipLimitReached,
    EntityNotFound,
    InvalidText,
    InvalidTransition,
    OutOfRange,
    ProcessorRefused,
    ReviewcoreError,
    TooEarlyToClose,
)
from reviewcore.domain.ids import SYSTEM, ArtistId
from reviewcore.domain.rules import Tier
from reviewcore.domain.webhooks import Subject
from reviewcore.testing.faults import Fault, FaultyPayments, FaultyPayouts
from reviewcore.usecases import (
    CheckLaws,
    CloseTrack,
    ConfirmEmailAsAdmin,
    ConfirmPayment,
    ExpireCheckout,
    GetFeedback,
    GrantFreeCredit,
    GrantTier,
    PayoutTruth,
    RestrictReviewer,
    RetryEvent,
    SignUp,
    check_laws,
    close_track,
    confirm_email_as_admin,
    confirm_payment,
    expire_checkout,
    get_feedback,
    grant_free_credit,
    grant_tier,
    restrict_reviewer,
    retry_event,
    sign_up,
)
from reviewcore.usecases.check_laws import LIMIT_MAX
from reviewcore.usecases.grant_free_credit import CREDITS_MAX
from tests.unit.usecases.market import ADMIN, PASSWORD, World
from tests.unit.usecases.test_processor_events import an_event, paid_out, receive, resolve
from tests.unit.usecases.test_reconciling import opened

LINK = "https://soundcloud.com/nova/dawn"


@pytest.fixture
def world() -> World:
    """A market in which one review makes a withdrawal."""
    return World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)


def refusal(step: Callable[[], object]) -> ReviewcoreError:
    """Take a step that is refused; return how."""
    with pytest.raises(ReviewcoreError) as refused:
        step()
    return refused.value


def named(error: ReviewcoreError) -> dict[str, object]:
    """What a refusal names, but for the words in which it tells a person why."""
    return {name: value for name, value in error.extras.items() if name != "reason"}


# ── texts and numbers ────────────────────────────────────────────────────────────────────────


def joins(world: World, **told: str) -> object:
    return world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD, **told))


def gets_feedback(world: World, **told: str) -> object:
    fields: dict[str, Any] = {"title": "Dawn", "source_url": LINK, "genres": ("house",)}
    who = {"email": "ada@example.com", "password": PASSWORD, "artist_name": "Nova"}
    return world.drive(get_feedback, GetFeedback(**(fields | who | told)))


def restricts(world: World, **told: str) -> object:
    command = RestrictReviewer(reviewer_id=world.a_reviewer().id, admin_id=ADMIN, **told)
    return world.do(restrict_reviewer, command)


@pytest.mark.parametrize(
    ("act", "field", "longest"),
    [
        (joins, "name", 100),
        (gets_feedback, "name", 100),
        (restricts, "reason", 1000),
    ],
)
def test_a_text_that_is_too_long_is_named(
    world: World, act: Callable[..., object], field: str, longest: int
) -> None:
    error = refusal(lambda: act(world, **{field: "x" * (longest + 1)}))

    assert isinstance(error, InvalidText)
    assert error.field == field
    act(world, **{field: "x" * longest})


@pytest.mark.parametrize("act", [joins, gets_feedback])
def test_nobody_has_to_tell_his_name(world: World, act: Callable[..., object]) -> None:
    act(world, name="")

    [user] = world.all(lambda tx: tx.users.all())
    assert user.name == ""


def test_the_reason_for_vouching_may_be_left_out_and_is_no_longer_than_others(
    world: World,
) -> None:
    user = world.drive(sign_up, SignUp(email="ada@example.com", password=PASSWORD))

    def vouch(reason: str) -> object:
        command = ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN, reason=reason)
        return world.do(confirm_email_as_admin, command)

    assert named(refusal(lambda: vouch("x" * 1001))) == {"field": "reason"}
    vouch("x" * 1000)


@pytest.mark.parametrize("limit", [0, LIMIT_MAX + 1])
def test_a_limit_of_violations(world: World, limit: int) -> None:
    error = refusal(lambda: world.app.ask(check_laws, CheckLaws(limit=limit)))

    assert isinstance(error, OutOfRange)
    assert error.extras == {"field": "limit", "minimum": 1, "maximum": 100_000}
    for fits in (1, LIMIT_MAX):
        assert world.app.ask(check_laws, CheckLaws(limit=fits)) == ()


@pytest.mark.parametrize("wrong", [0, CREDITS_MAX + 1])
def test_a_number_of_credits(world: World, wrong: int) -> None:
    artist = world.an_artist()

    def grant(number: int) -> object:
        command = GrantFreeCredit(artist_id=artist.id, admin_id=ADMIN, credits=number, reason="x")
        return world.do(grant_free_credit, command)

    assert refusal(lambda: grant(wrong)).extras == {
        "field": "credits", "minimum": 1, "maximum": 100,
    }  # fmt: skip
    for fits in (1, CREDITS_MAX):
        grant(fits)
    assert world.artist(artist).free_review_credits == 1 + 1 + CREDITS_MAX


@pytest.mark.parametrize("days", [0, -1])
def test_a_tier_for_the_past(world: World, days: int) -> None:
    command = GrantTier(
        reviewer_id=world.a_reviewer().id,
        admin_id=ADMIN,
        tier=Tier.PRO,
        until=world.clock() + timedelta(days=days),
        reason="late",
    )

    assert refusal(lambda: world.do(grant_tier, command)).extras == {
        "field": "until", "reason": "is not in the future",
    }  # fmt: skip


# ── things that are not there, or stand elsewhere ────────────────────────────────────────────


def test_an_unknown_session(world: World) -> None:
    command = ConfirmPayment(session_id="cs_nobody")

    error = refusal(lambda: world.drive(confirm_payment, command))

    assert isinstance(error, EntityNotFound)
    assert error.extras == {"entity": "CheckoutAttempt", "id": "cs_nobody"}


def test_an_event_that_does_not_wait(world: World) -> None:
    done = an_event(world, Subject.OTHER, "in_1")
    receive(world, done)

    def retry(event_id: str) -> ReviewcoreError:
        command = RetryEvent(event_id=event_id, admin_id=ADMIN)
        return refusal(lambda: world.do(retry_event, command))

    assert retry(done.id).extras == {"entity": "StripeWebhookEvent", "id": done.id}
    assert retry("nobody").extras == {"entity": "EventRecord", "id": "nobody"}


def test_a_payout_that_is_done_already(world: World) -> None:
    payout = paid_out(world)

    error = refusal(lambda: resolve(world, payout, PayoutTruth.FOUND))

    assert isinstance(error, InvalidTransition)
    assert error.extras == {"entity": "Payout", "status": "COMPLETED", "wanted": "COMPLETED"}


# ── limits of the rules ──────────────────────────────────────────────────────────────────────


def test_closing_for_the_market_before_its_time(world: World) -> None:
    track = world.a_queued_track()
    due = world.clock() + timedelta(days=28)
    command = CloseTrack(track_id=track.id, artist_id=ArtistId(SYSTEM))
    world.clock.set(due - timedelta(microseconds=1))

    error = refusal(lambda: world.do(close_track, command))

    assert isinstance(error, TooEarlyToClose)
    assert error.closable_at == due
    world.clock.set(due)
    assert world.do(close_track, command).refunded_cents == 495


@pytest.mark.parametrize(
    ("give_up", "kind", "rule"),
    [
        (World.skip, DailySkipLimitReached, "skips_per_day_max"),
        (World.report, DailyReportLimitReached, "unplayable_per_day_max"),
    ],
)
def test_giving_up_too_often(
    give_up: Callable[..., object], kind: type[ReviewcoreError], rule: str
) -> None:
    world = World(**{rule: 1})
    world.a_reviewer()
    first, second = (world.assign(world.a_queued_track())[0] for _ in range(2))
    give_up(world, first)

    error = refusal(lambda: give_up(world, second))

    assert isinstance(error, kind)
    assert error.extras == {"maximum": 1}


# ── what the processor says ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["open", "confirm", "expire", "connect"])
def test_the_processors_no(world: World, step: str) -> None:
    track = world.checked_out(world.a_track())
    reviewer, attempt = world.a_reviewer(), opened(world)
    world.cancel(world.look(lambda tx: tx.tracks.get(attempt.track_id)))
    world.reach_bank_through(
        payments=FaultyPayments(world.bank, [Fault.DECLINED]),
        payouts=FaultyPayouts(world.bank, [Fault.DECLINED]),
    )
    end = ExpireCheckout(attempt_id=attempt.id)
    steps: dict[str, Callable[[], object]] = {
        "open": lambda: world.open_session(track),
        "confirm": lambda: world.confirm(attempt),
        "expire": lambda: world.drive(expire_checkout, end),
        "connect": lambda: world.connect(reviewer),
    }

    error = refusal(steps[step])

    assert isinstance(error, ProcessorRefused)
    assert error.code == "injected"
