"""What is true of every user, session, token, artist and reviewer by itself."""

from __future__ import annotations

from reviewcore.domain.artists import ArtistProfile
from reviewcore.domain.genres import Genre
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.reviews import RATING_MAX
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    PasswordResetToken,
    Session,
    User,
)
from reviewcore.testing.builders.fits.fitting import all_or_none, in_order, none_of, sentences

USER = sentences(
    nothing_personal_is_left_of_an_erased_user=lambda it: (
        it.erased_at is None
        or (
            it.email == f"erased:{it.id}"
            and none_of(it.password, it.name, it.email_verified, it.country)
        )
    ),
    a_user_who_is_there_has_an_address=lambda it: it.erased_at is not None or "@" in it.email,
    the_times_of_a_user_are_in_order=lambda it: in_order(it.created_at, it.erased_at),
)

SESSION = sentences(
    a_session_ends_after_it_began=lambda it: it.created_at < it.expires_at,
)

TOKEN = sentences(
    a_token_lives_for_a_while=lambda it: it.created_at < it.expires_at,
    a_token_is_used_after_it_was_made=lambda it: in_order(it.created_at, it.used_at),
)

ACCOUNT = sentences(an_account_has_its_providers_id=lambda it: bool(it.provider_account_id))

MARK = sentences(a_mark_says_something=lambda it: bool(it.value))

ARTIST = sentences(
    credits_and_counts_are_not_below_0=lambda it: (
        min(it.free_review_credits, it.total_tracks, it.total_spent) >= 0
    ),
)

REVIEWER = sentences(
    counts_are_not_below_0=lambda it: (
        min(it.total_reviews, it.rating_count, it.gem_count, it.flag_count, it.active_count) >= 0
    ),
    ratings_run_from_1_to_5=lambda it: (
        it.rating_count <= it.rating_sum <= RATING_MAX * it.rating_count
    ),
    no_more_reviews_are_judged_than_there_are=lambda it: (
        max(it.rating_count, it.gem_count) <= it.total_reviews
    ),
    nobody_has_more_before_him_than_he_has_earned=lambda it: (
        it.total_earnings >= 0 and it.pending_balance <= it.total_earnings
    ),
    who_is_onboarded_has_passed=lambda it: it.onboarding_quiz_passed or not it.completed_onboarding,
    who_has_passed_was_asked=lambda it: (
        it.onboarding_quiz_score is not None or not it.onboarding_quiz_passed
    ),
    a_restriction_has_its_cause=lambda it: (
        it.is_restricted is (it.restriction_cause is not None)
        and (it.is_restricted or it.restriction_reason is None)
    ),
    a_tier_is_granted_until_a_date=lambda it: all_or_none(it.granted_tier, it.granted_until),
    an_account_was_connected_some_time=lambda it: (
        all_or_none(it.stripe_connected_at, it.payout_account_changed_at)
        and (it.stripe_account_id is None or it.stripe_connected_at is not None)
        and (it.stripe_account_id is not None or not it.payout_account_ready)
        and in_order(it.stripe_connected_at, it.payout_account_changed_at)
    ),
)

# Its slug is judged by the class itself.
GENRE = sentences(a_genre_is_not_its_own_parent=lambda it: it.parent_id != it.id)

SENTENCES = {
    User: USER,
    Session: SESSION,
    EmailVerificationToken: TOKEN,
    PasswordResetToken: TOKEN,
    Account: ACCOUNT,
    IdentityMark: MARK,
    ArtistProfile: ARTIST,
    ReviewerProfile: REVIEWER,
    Genre: GENRE,
}
