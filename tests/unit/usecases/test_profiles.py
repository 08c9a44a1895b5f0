from __future__ import annotations

from datetime import timedelta

import pytest

from reviewcore.domain.errors import (
    AlreadyOnboarded,
    EntityNotFound,
    InvalidCountry,
    InvalidQuizAnswers,
    InvalidText,
    OutOfRange,
    OwnCase,
    QuizNotPassed,
    ReasonRequired,
    TooMany,
    UnknownGenre,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.rules import Tier
from reviewcore.usecases import (
    AnswerQuiz,
    FinishOnboarding,
    GrantFreeCredit,
    GrantTier,
    OpenArtistProfile,
    OpenReviewerProfile,
    answer_quiz,
    finish_onboarding,
    grant_free_credit,
    grant_tier,
    open_artist_profile,
    open_reviewer_profile,
)
from tests.unit.usecases.market import ADMIN, GENRES, World


@pytest.fixture
def world() -> World:
    return World()


def test_a_user_becomes_an_artist_with_the_sign_up_credit(world: World) -> None:
    user = world.a_user()

    artist = world.do(
        open_artist_profile,
        OpenArtistProfile(user_id=user.id, artist_name=" The Band ", genres=("house", "jazz")),
    )

    assert (artist.artist_name, artist.free_review_credits) == ("The Band", 1)
    assert len(artist.genres) == 2
    assert world.look(lambda tx: tx.users.get(user.id)).is_artist


def test_opening_a_profile_again_changes_it_and_gives_no_credit(world: World) -> None:
    user = world.a_user()
    artist = world.an_artist(user)

    changed = world.do(
        open_artist_profile, OpenArtistProfile(user_id=user.id, artist_name="New Name")
    )

    assert (changed.id, changed.artist_name) == (artist.id, "New Name")
    assert changed.free_review_credits == 1
    assert len(world.events("ArtistProfileOpened")) == len(world.events("ArtistProfileChanged"))


def test_an_unknown_user_or_genre_is_refused(world: World) -> None:
    user = world.a_user()

    with pytest.raises(EntityNotFound):
        world.do(open_artist_profile, OpenArtistProfile(user_id=UserId("x"), artist_name="A"))
    with pytest.raises(UnknownGenre):
        world.do(
            open_artist_profile,
            OpenArtistProfile(user_id=user.id, artist_name="A", genres=("polkacore",)),
        )


@pytest.mark.parametrize("name", ["", "x" * 101, "A\nB"])
def test_an_artist_needs_a_name_of_one_line(world: World, name: str) -> None:
    with pytest.raises(InvalidText):
        world.do(
            open_artist_profile, OpenArtistProfile(user_id=world.a_user().id, artist_name=name)
        )


def test_a_user_becomes_a_reviewer_in_three_steps(world: World) -> None:
    reviewer = world.a_newcomer()

    with pytest.raises(QuizNotPassed):
        world.do(finish_onboarding, FinishOnboarding(reviewer_id=reviewer.id))
    answered = world.do(
        answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers={0: 1, 1: 0, 2: 2, 3: 0})
    )
    ready = world.do(finish_onboarding, FinishOnboarding(reviewer_id=reviewer.id))

    assert (answered.onboarding_quiz_score, answered.onboarding_quiz_passed) == (3, True)
    assert (ready.completed_onboarding, ready.tier, ready.country) == (True, Tier.NORMAL, "DE")
    assert world.events("QuizAnswered")[-1].payload["score"] == 3
    with pytest.raises(AlreadyOnboarded):
        world.do(finish_onboarding, FinishOnboarding(reviewer_id=reviewer.id))


def test_a_failed_quiz_can_be_taken_again(world: World) -> None:
    reviewer = world.a_newcomer()

    world.do(answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers=dict.fromkeys(range(4), 0)))
    passed = world.do(
        answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers={0: 1, 1: 0, 2: 2, 3: 1})
    )

    assert passed.onboarding_quiz_passed
    assert [event.payload["passed"] for event in world.events("QuizAnswered")] == [False, True]


def test_answers_to_other_questions_are_refused(world: World) -> None:
    with pytest.raises(InvalidQuizAnswers):
        world.do(answer_quiz, AnswerQuiz(reviewer_id=world.a_newcomer().id, answers={7: 0}))


@pytest.mark.parametrize(
    ("genres", "country", "refusal"),
    [
        (GENRES[:2], "DE", TooMany),
        ((*GENRES, "jazz", "rock", "latin"), "DE", TooMany),
        (("house", "house", "techno"), "DE", TooMany),
        (("house", "techno", "polkacore"), "DE", UnknownGenre),
        (GENRES, "Germany", InvalidCountry),
    ],
)
def test_a_reviewer_needs_three_to_five_genres_and_a_country(
    world: World, genres: tuple[str, ...], country: str, refusal: type[Exception]
) -> None:
    user = world.a_user()

    with pytest.raises(refusal):
        world.do(
            open_reviewer_profile,
            OpenReviewerProfile(user_id=user.id, genres=genres, country=country),
        )


def test_a_reviewer_changes_what_he_reviews_and_stays_onboarded(world: World) -> None:
    user = world.a_user()
    reviewer = world.a_reviewer(user)

    changed = world.do(
        open_reviewer_profile,
        OpenReviewerProfile(user_id=user.id, genres=("jazz", "rock", "latin"), country="fr"),
    )

    assert (changed.id, changed.country) == (reviewer.id, "FR")
    assert changed.completed_onboarding
    assert set(changed.genres).isdisjoint(reviewer.genres)


# ── what administrators give ─────────────────────────────────────────────────────────────────


def test_an_administrator_grants_a_tier_until_a_date(world: World) -> None:
    reviewer = world.a_reviewer()

    granted = world.do(
        grant_tier,
        GrantTier(
            reviewer_id=reviewer.id,
            admin_id=ADMIN,
            tier=Tier.PRO,
            until=world.clock() + timedelta(days=1),
            reason="well known",
        ),
    )

    assert granted.tier is Tier.PRO
    assert len(world.events("TierChanged")) == 1
    world.wait(days=1)
    world.work()
    assert world.reviewer(reviewer).tier is Tier.NORMAL
    assert len(world.events("TierGrantEnded")) == 1
    assert [letter.subject for letter in world.mail.letters if "tier" in letter.subject] == [
        "Your reviewer tier is now PRO",
        "Your reviewer tier is now NORMAL",
    ]


@pytest.mark.parametrize(
    ("reason", "days", "refusal"),
    [
        ("", 1, ReasonRequired),
        ("  ", 1, ReasonRequired),
        ("x" * 1001, 1, InvalidText),
        ("a\x00b", 1, InvalidText),
        ("late", 0, InvalidText),
        ("late", -1, InvalidText),
    ],
)
def test_a_tier_is_granted_with_a_reason_and_for_the_future(
    world: World, reason: str, days: int, refusal: type[Exception]
) -> None:
    reviewer = world.a_reviewer()

    with pytest.raises(refusal):
        world.do(
            grant_tier,
            GrantTier(
                reviewer_id=reviewer.id,
                admin_id=ADMIN,
                tier=Tier.PRO,
                until=world.clock() + timedelta(days=days),
                reason=reason,
            ),
        )


def test_nobody_grants_himself_anything_under_another_name_either(world: World) -> None:
    user, second = world.a_user("eve@example.com"), world.a_user("eve+2@example.com")
    reviewer, artist = world.a_reviewer(user), world.an_artist(user)

    for admin in (user, second):
        with pytest.raises(OwnCase):
            world.do(
                grant_tier,
                GrantTier(
                    reviewer_id=reviewer.id,
                    admin_id=admin.id,
                    tier=Tier.PRO,
                    until=world.clock() + timedelta(days=1),
                    reason="me",
                ),
            )
        with pytest.raises(OwnCase):
            world.do(
                grant_free_credit,
                GrantFreeCredit(artist_id=artist.id, admin_id=admin.id, credits=1, reason="me"),
            )


def test_an_administrator_grants_credits(world: World) -> None:
    artist = world.an_artist()

    richer = world.do(
        grant_free_credit,
        GrantFreeCredit(artist_id=artist.id, admin_id=ADMIN, credits=3, reason="sorry"),
    )

    assert richer.free_review_credits == 4
    assert world.events("FreeCreditGranted")[-1].payload["credits"] == 3


@pytest.mark.parametrize(
    ("count", "reason", "refusal"),
    [
        (0, "sorry", OutOfRange),
        (101, "sorry", OutOfRange),
        (-1, "sorry", OutOfRange),
        (1, " ", ReasonRequired),
        (1, "a\x00b", InvalidText),
    ],
)
def test_credits_are_granted_in_bounds_and_with_a_reason(
    world: World, count: int, reason: str, refusal: type[Exception]
) -> None:
    artist = world.an_artist()

    with pytest.raises(refusal):
        world.do(
            grant_free_credit,
            GrantFreeCredit(artist_id=artist.id, admin_id=ADMIN, credits=count, reason=reason),
        )
