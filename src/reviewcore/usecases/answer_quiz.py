"""Take the onboarding quiz."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from reviewcore.domain import events
from reviewcore.domain.ids import ReviewerId
from reviewcore.domain.reviewers import ReviewerProfile, score_quiz
from reviewcore.ports.store import Transaction


@attrs.frozen(kw_only=True)
class AnswerQuiz:
    """A reviewer's answers: index of the question → index of the choice, both from 0."""

    reviewer_id: ReviewerId
    answers: Mapping[int, int]


def answer_quiz(tx: Transaction, command: AnswerQuiz) -> ReviewerProfile:
    """Score the answers; the best score is kept, and passing once is enough.

    Raises EntityNotFound, InvalidQuizAnswers.
    """
    reviewer = tx.reviewers.lock(command.reviewer_id)

    score = score_quiz(command.answers, rules=tx.rules)
    answered = reviewer.answer_quiz(command.answers, rules=tx.rules)

    tx.reviewers.update(answered)

    passed = score >= tx.rules.quiz_pass_min
    tx.events.add(events.QuizAnswered(reviewer_id=reviewer.id, score=score, passed=passed))
    return answered
