"""Addresses, sessions and passwords, while something else of theirs is not committed yet."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import (
    AlreadyVerified,
    InvalidToken,
    SessionExpired,
    WrongCredentials,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.notices import Minted
from reviewcore.domain.users import EmailVerificationToken, User, token_hash
from reviewcore.ports.store import Transaction
from reviewcore.testing.builders import a_reset_token, a_session, an_email_token
from reviewcore.usecases import (
    ConfirmEmailAsAdmin,
    EraseUser,
    ExtendSession,
    RequestEmailVerification,
    RequestPasswordReset,
    ResetPassword,
    SignIn,
    SignOutEverywhere,
    VerifyEmail,
    confirm_email_as_admin,
    erase_user,
    extend_session,
    request_email_verification,
    request_password_reset,
    reset_password,
    sign_in,
    sign_out_everywhere,
    verify_email,
)
from reviewcore.usecases.steps.credentials import begin_session, drop_resets, lock_known
from reviewcore.usecases.steps.minting import mint
from tests.integration.races.overlap import Overlap
from tests.integration.races.world import World

ADMIN = UserId("the-admin")
PASSWORD = "correct horse battery"


@pytest.fixture
def world(overlap: Overlap) -> World:
    return overlap.world


@pytest.fixture
def user(world: World) -> User:
    """A user who has chosen a password."""
    (user,) = world.users(1)
    with world.store.begin() as tx:
        known = tx.users.lock(user.id).choose_password(world.app.passwords.hash(PASSWORD))
        tx.users.update(known)
    return known


def leaving(user: User) -> EraseUser:
    return EraseUser(user_id=user.id)


def unverified(world: World) -> User:
    (user,) = world.users(1)
    with world.store.begin() as tx:
        fresh = attrs.evolve(tx.users.lock(user.id), email_verified=None)
        tx.users.update(fresh)
    return fresh


def mailed(world: World, user: User, told: str, **changes: Any) -> EmailVerificationToken:
    """A token of his; *told* is what stands in the mail."""
    token = an_email_token(
        user_id=user.id, token_hash=token_hash(told), **{"email": user.email, **changes}
    )
    with world.store.begin() as tx:
        tx.email_tokens.add(token)
    return token


# ── addresses ────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_confirmed_once(overlap: Overlap) -> None:
    user = unverified(overlap.world)
    confirm = ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN)

    answer = overlap.behind(
        lambda tx: confirm_email_as_admin(tx, confirm),
        partial(overlap.world.app.perform, confirm_email_as_admin, confirm),
    )

    assert isinstance(answer, AlreadyVerified)


def test_no_mail_is_asked_for_about_an_address_that_is_being_confirmed(overlap: Overlap) -> None:
    user = unverified(overlap.world)
    ask = RequestEmailVerification(user_id=user.id)

    answer = overlap.behind(
        lambda tx: confirm_email_as_admin(tx, ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN)),
        partial(overlap.world.app.perform, request_email_verification, ask),
    )

    assert isinstance(answer, AlreadyVerified)


def test_a_token_for_an_address_works_once(overlap: Overlap) -> None:
    user = unverified(overlap.world)
    told = f"told {user.id}"
    mailed(overlap.world, user, told)

    answer = overlap.behind(
        lambda tx: verify_email(tx, VerifyEmail(token=told)),
        partial(overlap.world.app.perform, verify_email, VerifyEmail(token=told)),
    )

    assert isinstance(answer, InvalidToken)


def test_an_address_that_is_being_given_up_is_not_verified(overlap: Overlap) -> None:
    user = unverified(overlap.world)
    old, new = f"old {user.id}", f"new {user.id}"
    mailed(overlap.world, user, old)
    mailed(overlap.world, user, new, email=f"new-{user.id}@example.com", is_change=True)

    answer = overlap.behind(
        lambda tx: verify_email(tx, VerifyEmail(token=new)),
        partial(overlap.world.app.perform, verify_email, VerifyEmail(token=old)),
    )

    assert isinstance(answer, InvalidToken)


# ── signing in ───────────────────────────────────────────────────────────────────────────────


def test_a_password_that_is_being_replaced_opens_nothing(overlap: Overlap, user: User) -> None:
    def replace(tx: Transaction) -> None:
        tx.users.update(tx.users.lock(user.id).choose_password("another"))

    # Run again, it is judged by the new password.
    answer = overlap.behind(
        replace,
        partial(overlap.world.app.drive, sign_in, SignIn(email=user.email, password=PASSWORD)),
        retries=1,
    )

    assert isinstance(answer, WrongCredentials)
    with overlap.world.store.read() as tx:
        assert tx.sessions.of_user(user.id) == []


def test_a_session_that_begins_meanwhile_ends_with_the_others(overlap: Overlap, user: User) -> None:
    out = SignOutEverywhere(user_id=user.id)

    ended = overlap.behind(
        lambda tx: begin_session(tx, lock_known(tx, user)),
        partial(overlap.world.app.perform, sign_out_everywhere, out),
    )

    assert ended == 1
    with overlap.world.store.read() as tx:
        assert tx.sessions.of_user(user.id) == []


def test_a_session_that_is_being_ended_lives_no_longer(overlap: Overlap, user: User) -> None:
    with overlap.world.store.begin() as tx:
        session = a_session(user_id=user.id, expires_at=tx.now + timedelta(days=1))
        tx.sessions.add(session)

    answer = overlap.behind(
        lambda tx: sign_out_everywhere(tx, SignOutEverywhere(user_id=user.id)),
        partial(
            overlap.world.app.perform,
            extend_session,
            ExtendSession(session_id=session.id, user_id=user.id),
        ),
    )

    assert isinstance(answer, SessionExpired)


# ── another password ─────────────────────────────────────────────────────────────────────────


def leave(world: World, user: User) -> ResetPassword:
    """He may choose another password."""
    told = f"leave {user.id}"
    with world.store.begin() as tx:
        tx.reset_tokens.add(a_reset_token(user_id=user.id, token_hash=token_hash(told)))
    return ResetPassword(token=told, password="another correct horse")


def test_another_password_ends_what_began_meanwhile(overlap: Overlap, user: User) -> None:
    reset = leave(overlap.world, user)
    wanted = an_email_token(user_id=user.id, email=f"new-{user.id}@example.com", is_change=True)

    def begin(tx: Transaction) -> None:
        begin_session(tx, lock_known(tx, user))
        tx.email_tokens.add(wanted)

    overlap.behind(begin, partial(overlap.world.app.drive, reset_password, reset))

    with overlap.world.store.read() as tx:
        assert tx.sessions.of_user(user.id) == []
        assert tx.email_tokens.get(wanted.id).used_at is not None


def test_nobody_who_is_leaving_chooses_another_password(overlap: Overlap, user: User) -> None:
    reset = leave(overlap.world, user)

    answer = overlap.behind(
        lambda tx: erase_user(tx, leaving(user)),
        partial(overlap.world.app.drive, reset_password, reset),
    )

    assert isinstance(answer, InvalidToken)
    with overlap.world.store.read() as tx:
        assert tx.users.get(user.id).password is None


def test_another_password_is_chosen_user_before_token(overlap: Overlap, user: User) -> None:
    reset = leave(overlap.world, user)

    # As with another of his tokens: that spends this one.
    answer = overlap.behind(
        lambda tx: tx.users.lock(user.id),
        partial(overlap.world.app.drive, reset_password, reset),
        then=lambda tx: drop_resets(tx, user.id),
    )

    assert isinstance(answer, InvalidToken)


def test_no_token_is_made_for_whoever_is_leaving(overlap: Overlap, user: User) -> None:
    world = overlap.world
    world.app.perform(request_password_reset, RequestPasswordReset(email=user.email))
    with world.store.read() as tx:
        [asked] = tx.events.about(f"user:{user.id}")

    made = overlap.behind(
        lambda tx: erase_user(tx, leaving(user)),
        partial(mint, world.store, asked, user_id=user.id, kind=Minted.RESET),
    )

    assert made is None
