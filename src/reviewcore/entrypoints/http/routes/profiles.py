"""The two profiles of a user: artist and reviewer, with quiz, onboarding and payout account."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post, put
from litestar.params import JSONBody

from reviewcore.domain.errors import EntityNotFound, InvalidQuizAnswers
from reviewcore.domain.reviewers import score_quiz
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import as_reviewer, signed_in
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.views.money import BalanceView, UrlView, balance_view
from reviewcore.entrypoints.http.views.people import (
    ArtistView,
    QuestionView,
    QuizResultView,
    QuizView,
    ReviewerView,
    artist_view,
    reviewer_view,
)
from reviewcore.entrypoints.http.waiting import waits_on_processor
from reviewcore.usecases import (
    AnswerQuiz,
    ConnectPayoutAccount,
    ExplainBalance,
    FinishOnboarding,
    OpenArtistProfile,
    OpenPayoutDashboard,
    OpenReviewerProfile,
    answer_quiz,
    connect_payout_account,
    explain_balance,
    finish_onboarding,
    open_artist_profile,
    open_payout_dashboard,
    open_reviewer_profile,
)


@put("/artist", guards=[signed_in], sync_to_thread=True, summary="Become an artist, or change it")
def put_artist(data: JSONBody[bodies.ArtistForm], desk: TheDesk) -> ArtistView:
    """Make or change the artist profile."""
    command = OpenArtistProfile(
        user_id=desk.user.id, artist_name=data.artist_name, genres=data.genres
    )
    return artist_view(desk.perform(open_artist_profile, command), desk.spelling.slugs)


@get(
    "/artist",
    guards=[signed_in],
    sync_to_thread=True,
    opt={STATUSES: (404,)},
    summary="One's artist profile",
)
def read_artist(desk: TheDesk) -> ArtistView:
    """Tell the artist profile; 404 when there is none yet."""
    with desk.app.store.read() as tx:
        artist = tx.artists.of_user(desk.user.id)
    if artist is None:
        raise EntityNotFound(entity="ArtistProfile", id=desk.user.id)
    return artist_view(artist, desk.spelling.slugs)


@put("/reviewer", guards=[signed_in], sync_to_thread=True, summary="Ask to review, or change it")
def put_reviewer(data: JSONBody[bodies.ReviewerForm], desk: TheDesk) -> ReviewerView:
    """Make or change the reviewer profile."""
    command = OpenReviewerProfile(user_id=desk.user.id, genres=data.genres, country=data.country)
    return reviewer_view(desk.perform(open_reviewer_profile, command), desk.spelling.slugs)


@get(
    "/reviewer",
    guards=[signed_in],
    sync_to_thread=True,
    opt={STATUSES: (404,)},
    summary="One's reviewer profile",
)
def read_reviewer(desk: TheDesk) -> ReviewerView:
    """Tell the reviewer profile; 404 when there is none yet."""
    with desk.app.store.read() as tx:
        reviewer = tx.reviewers.of_user(desk.user.id)
    if reviewer is None:
        raise EntityNotFound(entity="ReviewerProfile", id=desk.user.id)
    return reviewer_view(reviewer, desk.spelling.slugs)


@get("/reviewer/quiz", guards=[as_reviewer], sync_to_thread=False, summary="The onboarding quiz")
def read_quiz(desk: TheDesk) -> QuizView:
    """Ask the questions; the answers are not told."""
    rules = desk.app.store.rules
    questions = tuple(
        QuestionView(question_id=str(number), question=one.question, choices=one.choices)
        for number, one in enumerate(rules.quiz)
    )
    return QuizView(questions=questions, pass_min=rules.quiz_pass_min)


@post(
    "/reviewer/quiz",
    status_code=200,
    guards=[as_reviewer],
    sync_to_thread=True,
    summary="Answer the quiz",
)
def create_answers(data: JSONBody[bodies.QuizAnswers], desk: TheDesk) -> QuizResultView:
    """Score the answers; the best score is kept, and passing once is enough."""
    answers = {_index(told): choice for told, choice in data.answers.items()}
    desk.perform(answer_quiz, AnswerQuiz(reviewer_id=desk.reviewer_id, answers=answers))
    rules = desk.app.store.rules
    score = score_quiz(answers, rules=rules)
    return QuizResultView(score=score, passed=score >= rules.quiz_pass_min)


def _index(told: str) -> int:
    if not (told.isascii() and told.isdecimal() and len(told) < 4 and told == str(int(told))):
        raise InvalidQuizAnswers(reason="questions are named by their index, such as 0")
    return int(told)


@post(
    "/reviewer/onboarding",
    status_code=200,
    guards=[as_reviewer],
    sync_to_thread=True,
    summary="Finish onboarding",
)
def finish(desk: TheDesk) -> ReviewerView:
    """Become assignable; the quiz has been passed."""
    ready = desk.perform(finish_onboarding, FinishOnboarding(reviewer_id=desk.reviewer_id))
    return reviewer_view(ready, desk.spelling.slugs)


@post(
    "/reviewer/payout-account",
    status_code=200,
    guards=[as_reviewer],
    summary="Connect a payout account",
)
@waits_on_processor
def connect(desk: TheDesk) -> UrlView:
    """Open the account once, learn whether it can be paid, and tell where it is completed."""
    command = ConnectPayoutAccount(
        reviewer_id=desk.reviewer_id, return_url=f"{desk.gate.base_url}/payouts/return"
    )
    return UrlView(url=desk.drive(connect_payout_account, command).url)


@get(
    "/reviewer/payout-dashboard",
    guards=[as_reviewer],
    opt={STATUSES: (422,)},
    summary="See one's payout account",
)
@waits_on_processor
def read_dashboard(desk: TheDesk) -> UrlView:
    """Tell where the reviewer sees his account at the processor; the link is short-lived."""
    command = OpenPayoutDashboard(reviewer_id=desk.reviewer_id)
    return UrlView(url=desk.drive(open_payout_dashboard, command).url)


@get("/reviewer/balance", guards=[as_reviewer], sync_to_thread=True, summary="One's balance")
def read_balance(desk: TheDesk) -> BalanceView:
    """Explain the balance: every posting behind it, oldest first."""
    return balance_view(desk.ask(explain_balance, ExplainBalance(reviewer_id=desk.reviewer_id)))


ROUTES: list[Any] = [
    Router(
        "/v1/me",
        route_handlers=[
            put_artist,
            read_artist,
            put_reviewer,
            read_reviewer,
            read_quiz,
            create_answers,
            finish,
            connect,
            read_dashboard,
            read_balance,
        ],
        tags=["profiles"],
    )
]
