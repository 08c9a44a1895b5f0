from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.errors import (
    AlreadyVerified,
    EmailNotVerified,
    EntityNotFound,
    InvalidPassword,
    InvalidToken,
    SessionExpired,
)
from reviewcore.domain.ids import AccountId, UserId
from reviewcore.domain.users import (
    Account,
    EmailVerificationToken,
    IdentityMark,
    MarkKind,
    PasswordResetToken,
    account_marks,
    destination_mark,
    marks_of,
    require_password,
    stripe_mark,
    token_hash,
)
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

ADA = UserId("ada")


@pytest.mark.parametrize("length", [8, 256])
def test_a_password_has_8_to_256_characters(length: int) -> None:
    assert require_password("x" * length) == "x" * length


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (0, "has fewer than 8 characters"),
        (7, "has fewer than 8 characters"),
        (257, "has more than 256 characters"),
    ],
)
def test_a_password_of_another_length_is_refused_without_being_told(
    length: int, reason: str
) -> None:
    with pytest.raises(InvalidPassword) as refusal:
        require_password("q" * length)

    assert refusal.value.reason == reason
    assert "qq" not in str(refusal.value)


def test_choosing_a_password_changes_nothing_else() -> None:
    user = make.a_user(id=ADA, password="old")

    assert user.choose_password("new") == attrs.evolve(user, password="new")


def test_a_token_is_kept_as_its_digest() -> None:
    assert token_hash("secret") == (
        "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
    )


def test_an_address_is_verified_once() -> None:
    user = make.a_user(email_verified=None)
    verified = user.verify(START)

    with pytest.raises(EmailNotVerified):
        user.require_verified()
    with pytest.raises(AlreadyVerified):
        verified.verify(START)
    verified.require_verified()

    assert verified.email_verified == START


def test_a_user_becomes_artist_and_reviewer() -> None:
    both = make.a_user().become_artist().become_reviewer()

    assert (both.is_artist, both.is_reviewer) == (True, True)


def test_a_session_ends_at_its_time() -> None:
    session = make.a_session()
    session.require_valid(session.expires_at - timedelta(microseconds=1))

    with pytest.raises(SessionExpired):
        session.require_valid(session.expires_at)


@pytest.mark.parametrize("make_token", [make.an_email_token, make.a_reset_token])
def test_a_token_works_once(
    make_token: Callable[[], EmailVerificationToken | PasswordResetToken],
) -> None:
    token = make_token()
    used = token.use(START)

    with pytest.raises(InvalidToken):
        used.use(START)

    assert used == attrs.evolve(token, used_at=START)


@pytest.mark.parametrize("make_token", [make.an_email_token, make.a_reset_token])
def test_a_token_works_until_its_time(
    make_token: Callable[[], EmailVerificationToken | PasswordResetToken],
) -> None:
    token = make_token()
    token.use(token.expires_at - timedelta(microseconds=1))

    with pytest.raises(InvalidToken):
        token.use(token.expires_at)


def test_secrets_are_not_told() -> None:
    told = repr((make.a_user(password="hash-of-it"), make.a_session(token_hash="digest-of-it")))

    assert "hash-of-it" not in told
    assert "digest-of-it" not in told
    assert "digest-of-it" not in repr(make.an_email_token(token_hash="digest-of-it"))


def test_a_person_is_known_by_himself_and_his_canonical_address() -> None:
    marks = marks_of(make.a_user(id=ADA, email="a.da+x@googlemail.com"))

    assert marks == (
        IdentityMark(user_id=ADA, kind=MarkKind.USER, value="ada"),
        IdentityMark(user_id=ADA, kind=MarkKind.EMAIL, value="ada@gmail.com"),
    )


def test_destinations_are_compared_without_case_and_outer_space() -> None:
    assert destination_mark(ADA, " Ada@PayPal.example ") == IdentityMark(
        user_id=ADA, kind=MarkKind.DESTINATION, value="ada@paypal.example"
    )


def test_a_connected_account_is_a_mark_of_its_own_kind() -> None:
    mark = stripe_mark(ADA, "acct_1")

    assert mark == IdentityMark(user_id=ADA, kind=MarkKind.STRIPE_ACCOUNT, value="acct_1")


def test_a_linked_account_is_a_mark_and_so_is_the_address_that_it_told() -> None:
    account = Account(
        id=AccountId("a"),
        user_id=ADA,
        provider="google",
        provider_account_id="108",
        email="a.da+x@googlemail.com",
        created_at=START,
    )

    assert account_marks(account) == (
        IdentityMark(user_id=ADA, kind=MarkKind.ACCOUNT, value="google:108"),
        IdentityMark(user_id=ADA, kind=MarkKind.EMAIL, value="ada@gmail.com"),
    )


def test_only_the_user_and_his_payout_account_outlast_him() -> None:
    marks = [IdentityMark(user_id=ADA, kind=kind, value="x") for kind in MarkKind]

    assert {mark.kind for mark in marks if mark.outlasts_him} == {
        MarkKind.USER,
        MarkKind.STRIPE_ACCOUNT,
    }


def test_another_token_proves_for_another_day() -> None:
    token = make.an_email_token()

    minted = token.mint("digest", START + timedelta(hours=5))

    assert minted == attrs.evolve(
        token, token_hash="digest", expires_at=START + timedelta(hours=29)
    )


def test_a_session_in_use_is_extended_once_half_of_its_30_days_is_over() -> None:
    session = make.a_session(expires_at=START + timedelta(days=15))

    assert not session.is_aging(START)
    assert session.is_aging(START + timedelta(microseconds=1))
    assert session.extend(START) == attrs.evolve(session, expires_at=START + timedelta(days=30))
    with pytest.raises(SessionExpired):
        session.extend(session.expires_at)


def test_an_address_that_a_user_moves_to_is_known_to_be_his() -> None:
    user = make.a_user(email_verified=None)

    moved = user.move("new@example.com", START)

    assert moved == attrs.evolve(user, email="new@example.com", email_verified=START)


def test_who_has_left_for_good_is_nobody_any_more() -> None:
    user = make.a_user(id=ADA, email_verified=START, country="GB")

    gone = user.erase(START)

    assert gone == attrs.evolve(
        user,
        email="erased:ada",
        password=None,
        name="",
        email_verified=None,
        country=None,
        erased_at=START,
    )
    assert user.require_present() is user
    with pytest.raises(EntityNotFound) as refusal:
        gone.require_present()
    assert refusal.value.extras == {"entity": "User", "id": "ada"}
