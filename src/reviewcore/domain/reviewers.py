"""Reviewers: those who listen, write and earn."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import attrs

from reviewcore.domain import events
from reviewcore.domain.errors import (
    AlreadyOnboarded,
    InvalidQuizAnswers,
    NotOnboarded,
    NotRestricted,
    QuizNotPassed,
    ReviewerRestricted,
    TooMany,
)
from reviewcore.domain.evolving import evolve
from reviewcore.domain.ids import GenreId, ReviewerId, UserId
from reviewcore.domain.money import ZERO, Cents
from reviewcore.domain.rules import MarketRules, Tier
from reviewcore.domain.texts import require_country

if TYPE_CHECKING:
    from collections.abc import Mapping


class RestrictionCause(StrEnum):
    """Who restricted a reviewer: the flag limit or a person."""

    AUTOMATIC = "AUTOMATIC"
    ADMIN = "ADMIN"


@attrs.frozen(kw_only=True)
class ReviewerProfile:
    """A user as a reviewer.

    *pending_balance* is what he has earned and not yet withdrawn, below 0 when pay was taken back
    after it was withdrawn; *total_earnings* is earned less taken back. Both are cents and equal
    the ledger's sums (law 2); the counts equal what they count (law 4).
    """

    id: ReviewerId
    user_id: UserId
    genres: tuple[GenreId, ...]
    country: str
    tier: Tier = Tier.NORMAL
    total_reviews: int = 0
    rating_sum: int = 0
    rating_count: int = 0
    total_earnings: Cents = ZERO
    pending_balance: Cents = ZERO
    gem_count: int = 0
    flag_count: int = 0
    active_count: int = 0
    last_assigned_at: datetime | None = None
    onboarding_quiz_score: int | None = None
    onboarding_quiz_passed: bool = False
    completed_onboarding: bool = False
    is_restricted: bool = False
    restriction_cause: RestrictionCause | None = None
    restriction_reason: str | None = None
    granted_tier: Tier | None = None
    granted_until: datetime | None = None
    stripe_account_id: str | None = None
    stripe_connected_at: datetime | None = None
    payout_account_changed_at: datetime | None = None
    payout_account_ready: bool = False

    @property
    def average_rating(self) -> float | None:
        """The mean of his ratings; None before the first. Rules compare the exact fraction."""
        return self.rating_sum / self.rating_count if self.rating_count else None

    # ── who he is ────────────────────────────────────────────────────────────────────────────

    def change(self, *, genres: tuple[GenreId, ...], country: str, rules: MarketRules) -> Self:
        """Change genres and country. Raises TooMany, InvalidCountry."""
        require_genres(genres, rules=rules)
        return evolve(self, genres=genres, country=require_country(country))

    def answer_quiz(self, answers: Mapping[int, int], *, rules: MarketRules) -> Self:
        """Score *answers* (question index → choice index); the best score is kept.

        Raises InvalidQuizAnswers unless each question is answered with one of its choices.
        """
        score = score_quiz(answers, rules=rules)
        best = max(score, self.onboarding_quiz_score or 0)
        return evolve(
            self,
            onboarding_quiz_score=best,
            onboarding_quiz_passed=self.onboarding_quiz_passed or score >= rules.quiz_pass_min,
        )

    def finish_onboarding(self, *, rules: MarketRules) -> Self:
        """Become assignable. Raises AlreadyOnboarded, QuizNotPassed, TooMany."""
        if self.completed_onboarding:
            raise AlreadyOnboarded
        if not self.onboarding_quiz_passed:
            raise QuizNotPassed(minimum=rules.quiz_pass_min)
        require_genres(self.genres, rules=rules)
        return evolve(self, completed_onboarding=True)

    def require_working(self) -> None:
        """Raise ReviewerRestricted or NotOnboarded unless he may work on reviews."""
        if self.is_restricted:
            raise ReviewerRestricted
        self.require_onboarded()

    def require_onboarded(self) -> None:
        """Raise NotOnboarded unless onboarding is complete."""
        if not self.completed_onboarding:
            raise NotOnboarded

    def erase(self) -> Self:
        """Leave for good: nothing personal is kept, and nothing can be assigned to him."""
        return evolve(
            self,
            genres=(),
            country="",
            completed_onboarding=False,
            restriction_reason=None,
            stripe_account_id=None,
            payout_account_ready=False,
        )

    # ── work ─────────────────────────────────────────────────────────────────────────────────

    def take(self, at: datetime) -> Self:
        """Take one more assignment."""
        return evolve(self, active_count=self.active_count + 1, last_assigned_at=at)

    def release(self, count: int = 1) -> Self:
        """Have *count* assignments fewer, without pay."""
        return evolve(self, active_count=self.active_count - count)

    def earn(
        self, amount: Cents, *, rules: MarketRules, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        """Deliver one review for *amount*; returns him and what is to be announced."""
        paid = evolve(
            self,
            active_count=self.active_count - 1,
            total_reviews=self.total_reviews + 1,
            total_earnings=Cents(self.total_earnings + amount),
            pending_balance=Cents(self.pending_balance + amount),
        )
        return paid.retier(rules=rules, at=at)

    def disown(
        self, *, pay: Cents, rating: int | None, gem: int, rules: MarketRules, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        """Lose a review whose flag was upheld: its *pay*, its *rating* and its *gem* (0 or 1)."""
        poorer = evolve(
            self,
            total_reviews=self.total_reviews - 1,
            rating_sum=self.rating_sum - (rating or 0),
            rating_count=self.rating_count - (rating is not None),
            gem_count=self.gem_count - gem,
            total_earnings=Cents(self.total_earnings - pay),
            pending_balance=Cents(self.pending_balance - pay),
        )
        return poorer.retier(rules=rules, at=at)

    # ── standing ─────────────────────────────────────────────────────────────────────────────

    def rerate(
        self, *, before: int | None, after: int, rules: MarketRules, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        """Move the mean from a review rated *before* (None: not yet) to *after* (1 to 5)."""
        judged = evolve(
            self,
            rating_sum=self.rating_sum - (before or 0) + after,
            rating_count=self.rating_count + (before is None),
        )
        return judged.retier(rules=rules, at=at)

    def regem(
        self, change: int, *, rules: MarketRules, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        """Count *change* more gems (1, or -1)."""
        judged = evolve(self, gem_count=self.gem_count + change)
        return judged.retier(rules=rules, at=at)

    def retier(self, *, rules: MarketRules, at: datetime) -> tuple[Self, tuple[events.Event, ...]]:
        """Hold the tier he has earned or was granted; announces a change once."""
        tier = self.earned_tier(rules)
        if self.granted_tier is not None and self.granted_until is not None:
            tier = self.granted_tier if at < self.granted_until else tier
        if tier is self.tier:
            return self, ()
        moved = events.TierChanged(reviewer_id=self.id, before=self.tier, after=tier)
        return evolve(self, tier=tier), (moved,)

    def earned_tier(self, rules: MarketRules) -> Tier:
        """Tell the tier that his reviews, ratings and gems earn, whatever was granted."""
        rated_well = self.rating_count > 0 and self.rating_sum >= (
            rules.pro_rating_min * self.rating_count
        )
        if self.total_reviews >= rules.pro_reviews_min and rated_well:
            return Tier.PRO
        return Tier.PRO if self.gem_count >= rules.pro_gems_min else Tier.NORMAL

    def grant_tier(
        self, tier: Tier, *, until: datetime, rules: MarketRules, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        """Hold *tier* until a date, whatever was earned; a later grant replaces it."""
        granted = evolve(self, granted_tier=tier, granted_until=until)
        held, moved = granted.retier(rules=rules, at=at)
        return held, (events.TierGranted(reviewer_id=self.id, tier=tier, until=until), *moved)

    def end_grant(
        self, *, rules: MarketRules, at: datetime
    ) -> tuple[Self, tuple[events.Event, ...]]:
        """Fall back to the earned tier once the grant's date has come."""
        plain = evolve(self, granted_tier=None, granted_until=None)
        held, moved = plain.retier(rules=rules, at=at)
        return held, (events.TierGrantEnded(reviewer_id=self.id), *moved)

    def flag(self) -> Self:
        """Count one more flag."""
        return evolve(self, flag_count=self.flag_count + 1)

    def unflag(self) -> Self:
        """Count one flag fewer: it was dismissed."""
        return evolve(self, flag_count=self.flag_count - 1)

    def restrict(self, cause: RestrictionCause, *, reason: str | None = None) -> Self:
        """Be barred from reviewing; a person's restriction outlasts the automatic one."""
        if self.restriction_cause is RestrictionCause.ADMIN and cause is not self.restriction_cause:
            return self
        return evolve(self, is_restricted=True, restriction_cause=cause, restriction_reason=reason)

    def unrestrict(self) -> Self:
        """Be allowed to review again. Raises NotRestricted."""
        if not self.is_restricted:
            raise NotRestricted
        return evolve(self, is_restricted=False, restriction_cause=None, restriction_reason=None)

    # ── money out ────────────────────────────────────────────────────────────────────────────

    def connect(self, account_id: str, at: datetime) -> Self:
        """Have *account_id* as the payout account; a change starts the payout delay again."""
        if account_id == self.stripe_account_id:
            return self
        return evolve(
            self,
            stripe_account_id=account_id,
            stripe_connected_at=self.stripe_connected_at or at,
            payout_account_changed_at=at,
            payout_account_ready=False,
        )

    def mark_account(self, *, ready: bool) -> Self:
        """Record whether the processor can pay to his account."""
        return evolve(self, payout_account_ready=ready)

    def change_destination(self, at: datetime) -> Self:
        """Have another bank account behind the payout account: the delay runs again from *at*."""
        known = self.payout_account_changed_at
        return evolve(self, payout_account_changed_at=at if known is None else max(at, known))

    def reserve(self, amount: Cents) -> Self:
        """Take *amount* out of the balance for a payout."""
        return evolve(self, pending_balance=Cents(self.pending_balance - amount))

    def restore(self, amount: Cents) -> Self:
        """Put *amount* back: its payout failed or was reversed."""
        return evolve(self, pending_balance=Cents(self.pending_balance + amount))


def require_genres(genres: tuple[GenreId, ...], *, rules: MarketRules) -> None:
    """Raise TooMany unless there are as many different genres as a reviewer must have."""
    low, high = rules.genres_per_reviewer_min, rules.genres_per_reviewer_max
    if not low <= len(set(genres)) <= high or len(set(genres)) != len(genres):
        raise TooMany(field="genres", minimum=low, maximum=high)


def score_quiz(answers: Mapping[int, int], *, rules: MarketRules) -> int:
    """Tell how many of *answers* are right. Raises InvalidQuizAnswers."""
    if set(answers) != set(range(len(rules.quiz))):
        raise InvalidQuizAnswers(reason="each question needs one answer")
    for number, choice in answers.items():
        if not 0 <= choice < len(rules.quiz[number].choices):
            raise InvalidQuizAnswers(reason=f"question {number} has no choice {choice}")
    return sum(rules.quiz[number].answer == choice for number, choice in answers.items())
