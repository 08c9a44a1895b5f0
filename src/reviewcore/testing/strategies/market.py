"""Whole markets in memory, brought about by real use cases: they keep every law.

A market is a handful of people and what they did. It shrinks to fewer people who did less.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import MappingProxyType
from typing import TypeVar

import attrs

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.ids import UserId
from reviewcore.domain.laws import MarketView
from reviewcore.domain.money import Cents
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.rules import MarketRules, Package, PackageType
from reviewcore.domain.tracks import Track, TrackStatus
from reviewcore.domain.users import User
from reviewcore.ports.store import Transaction
from reviewcore.testing.clock import ManualClock
from reviewcore.usecases import (
    AnswerQuiz,
    ConfirmEmailAsAdmin,
    FinishOnboarding,
    OpenArtistProfile,
    OpenReviewerProfile,
    SignUp,
    answer_quiz,
    confirm_email_as_admin,
    finish_onboarding,
    open_artist_profile,
    open_reviewer_profile,
    sign_up,
)
from reviewcore.usecases.check_laws import view_of

R = TypeVar("R")

ADMIN = UserId("the-admin")
GENRES = ("electronic", "house", "techno")


def small_rules() -> MarketRules:
    """Make rules under which a few deeds go a long way: packages of 1 to 4, a short listen."""
    sizes = dict(zip(PackageType, (1, 2, 3, 4), strict=True))
    return MarketRules(
        reviewer_account_age_hours=0,
        minimum_listen_seconds=10,
        pair_reviews_max=10,
        flags_per_track_max_percent=100,
        minimum_payout_cents=Cents(1),
        packages=MappingProxyType(
            {
                kind: Package(reviews=size, price_cents=Cents(99 * size), pro_min=0, priority=0)
                for kind, size in sizes.items()
            }
        ),
    )


class PlainPasswords:
    """Keeps passwords as they are: nobody's secret is at stake, and a slow hash is slow."""

    def hash(self, password: str, /) -> str:
        """Return *password*, marked."""
        return f"plain:{password}"

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Tell whether *hashed* was made of *password*."""
        return hashed == self.hash(password)

    def needs_rehash(self, _hashed: str, /) -> bool:
        """Tell that it never does."""
        return False


class Market:
    """A market in memory with a clock that stands still, and ids that count from 1."""

    def __init__(self, rules: MarketRules | None = None) -> None:
        self.clock = ManualClock()
        self.artists: list[ArtistProfile] = []
        self.reviewers: list[ReviewerProfile] = []
        numbers, tokens = itertools.count(1), itertools.count(1)
        made = in_memory(
            rules=rules or small_rules(),
            clock=self.clock,
            ids=lambda: f"{next(numbers):026d}",
            tokens=lambda: f"{next(tokens):043d}",
        )
        assert isinstance(made.payments, SandboxBank)
        self.bank = made.payments
        self.app = App(
            store=made.store,
            payments=made.payments,
            payouts=made.payouts,
            mail=made.mail,
            passwords=PlainPasswords(),
            secret="a market of strategies",
        )

    def __repr__(self) -> str:
        """Tell how much there is, for a failing example."""
        view = self.view()
        counts = {
            field.name: len(getattr(view, field.name))
            for field in attrs.fields(MarketView)
            if field.name != "rules"
        }
        told = ", ".join(f"{name}={count}" for name, count in counts.items() if count)
        return f"Market({told})"

    def view(self) -> MarketView:
        """Tell all of it as the laws see it."""
        return self.look(view_of)

    def look(self, read: Callable[[Transaction], R]) -> R:
        """Read something of the store."""
        with self.app.store.read() as tx:
            return read(tx)

    # ── people ───────────────────────────────────────────────────────────────────────────────

    def a_user(self, number: int) -> User:
        """Have somebody sign up whose address is known to be his."""
        told = SignUp(email=f"p{number}@a.example", password="correct horse", name=f"P{number}")
        user = self.app.drive(sign_up, told)
        vouched = ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN)
        return self.app.perform(confirm_email_as_admin, vouched)

    def an_artist(self, number: int) -> None:
        """Have one more artist."""
        user = self.a_user(number)
        told = OpenArtistProfile(user_id=user.id, artist_name=f"Band {number}")
        self.artists.append(self.app.perform(open_artist_profile, told))

    def a_reviewer(self, number: int) -> None:
        """Have one more reviewer, onboarded."""
        user = self.a_user(number)
        told = OpenReviewerProfile(user_id=user.id, genres=GENRES, country="DE")
        reviewer = self.app.perform(open_reviewer_profile, told)
        rules = self.app.store.rules
        right = {number: one.answer for number, one in enumerate(rules.quiz)}
        self.app.perform(answer_quiz, AnswerQuiz(reviewer_id=reviewer.id, answers=right))
        ready = FinishOnboarding(reviewer_id=reviewer.id)
        self.reviewers.append(self.app.perform(finish_onboarding, ready))

    # ── what is there ────────────────────────────────────────────────────────────────────────

    def tracks(self, *statuses: TrackStatus) -> list[Track]:
        """Tell the tracks in any of these statuses."""
        return [one for one in self.look(lambda tx: tx.tracks.all()) if one.status in statuses]

    def reviews(self, *statuses: ReviewStatus) -> list[Review]:
        """Tell the reviews in any of these statuses."""
        return [one for one in self.look(lambda tx: tx.reviews.all()) if one.status in statuses]
