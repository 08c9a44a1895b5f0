"""Another password and another address: by mailed tokens, once, and for nobody else to learn of."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import (
    Busy,
    EmailTaken,
    InvalidEmail,
    InvalidPassword,
    InvalidToken,
    SessionExpired,
    WrongCredentials,
)
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import UserId
from reviewcore.domain.notices import Minted
from reviewcore.domain.users import User, token_hash
from reviewcore.ports.mail import Letter
from reviewcore.usecases import (
    ChangeEmail,
    ExtendSession,
    RequestPasswordReset,
    ResetPassword,
    SignedIn,
    SignIn,
    SignOutEverywhere,
    VerifyEmail,
    change_email,
    extend_session,
    request_password_reset,
    reset_password,
    sign_in,
    sign_out_everywhere,
    verify_email,
)
from reviewcore.usecases.steps.minting import mint
from tests.unit.usecases.market import PASSWORD, PlainPasswords, World

ADA = "ada@example.com"
OTHER = "another long password"


@pytest.fixture
def world() -> World:
    return World()


def signed_in(world: World, email: str = ADA, password: str = PASSWORD) -> SignedIn:
    return world.drive(sign_in, SignIn(email=email, password=password))


def ask_for_reset(world: World, email: str = ADA) -> None:
    world.do(request_password_reset, RequestPasswordReset(email=email))


def token_in(letter: Letter) -> str:
    found = re.search(r"^Token: (\S+)$", letter.text, re.MULTILINE)
    assert found is not None
    return found[1]


def newest(world: World, to: str) -> Letter:
    world.work()
    return next(letter for letter in reversed(world.mail.letters) if letter.to == to)


def mailed(world: World) -> list[Letter]:
    world.work()
    return world.mail.letters


def leave(world: World, email: str = ADA) -> str:
    """Have a reset mailed, and read its token."""
    ask_for_reset(world, email)
    return token_in(newest(world, email))


def reset(world: World, token: str, password: str = OTHER) -> User:
    return world.drive(reset_password, ResetPassword(token=token, password=password))


def wish(world: World, user: User, email: str, password: str = PASSWORD) -> None:
    command = ChangeEmail(user_id=user.id, email=email, password=password)
    world.drive(change_email, command)


def sessions_of(world: World, user: User) -> list[Any]:
    return world.all(lambda tx: tx.sessions.of_user(user.id))


# ── another password ─────────────────────────────────────────────────────────────────────────


def test_a_mailed_token_gives_another_password_and_ends_all_sessions(world: World) -> None:
    user = world.a_user(ADA)
    signed_in(world)
    signed_in(world)

    token = leave(world)
    assert f"/reset-password?token={token}" in newest(world, ADA).text
    reset(world, token)

    assert sessions_of(world, user) == []
    with pytest.raises(WrongCredentials):
        signed_in(world)
    assert signed_in(world, password=OTHER).user.id == user.id
    assert newest(world, ADA).subject == "Your password was changed"


def test_nobody_learns_whether_an_address_is_a_users(world: World) -> None:
    world.a_user(ADA)
    before = world.events()

    for email in (ADA, "nobody@example.com"):
        ask_for_reset(world, email)

    assert [event.type for event in world.events()[len(before) :]] == ["PasswordResetRequested"]
    # Both calls wrote the same: a counter under a key that tells no address.
    with world.app.store.begin() as tx:
        for email in (ADA, "nobody@example.com"):
            key = f"password-reset:{token_hash(email)}"
            assert tx.rate_limits.hit(key, window=timedelta(hours=1)).count == 2


def test_what_is_no_address_is_refused(world: World) -> None:
    with pytest.raises(InvalidEmail):
        ask_for_reset(world, "ada")


def test_an_address_gets_so_many_mails_an_hour_and_the_answer_stays_the_same(world: World) -> None:
    world.a_user(ADA)

    for _ in range(7):
        ask_for_reset(world)
    assert len(world.events("PasswordResetRequested")) == 5
    world.wait(hours=1)
    ask_for_reset(world)

    assert len(world.events("PasswordResetRequested")) == 6


def test_a_leave_works_once(world: World) -> None:
    world.a_user(ADA)
    token = leave(world)
    reset(world, token)

    with pytest.raises(InvalidToken):
        reset(world, token, PASSWORD)


def test_a_leave_works_for_an_hour(world: World) -> None:
    world.a_user(ADA)
    token = leave(world)

    world.wait(minutes=60)

    with pytest.raises(InvalidToken):
        reset(world, token)


@pytest.mark.parametrize("token", ["", "guess", "x" * 10_000])
def test_a_guess_is_refused_before_it_costs_a_hash(world: World, token: str) -> None:
    class NoPasswords(PlainPasswords):
        def hash(self, password: str, /) -> str:
            raise AssertionError("nobody hashes for a guess")

    with pytest.raises(InvalidToken):
        reset_password(world.app.store, NoPasswords(), ResetPassword(token=token, password=OTHER))


def test_a_password_that_is_none_spends_no_leave(world: World) -> None:
    world.a_user(ADA)
    token = leave(world)

    with pytest.raises(InvalidPassword):
        reset(world, token, "short")

    reset(world, token)


def test_using_one_leave_spends_the_others(world: World) -> None:
    world.a_user(ADA)
    first, second = leave(world), leave(world)
    assert first != second

    reset(world, second)

    with pytest.raises(InvalidToken):
        reset(world, first)


def test_a_leave_is_for_its_own_user(world: World) -> None:
    world.a_user(ADA)
    bob = world.a_user("bob@example.com")
    others = leave(world, "bob@example.com")

    reset(world, leave(world))

    assert reset(world, others).id == bob.id
    assert signed_in(world, password=OTHER).user.email == ADA


def test_a_verification_token_is_no_leave_and_a_leave_verifies_nothing(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, "new@example.com")
    change = token_in(newest(world, "new@example.com"))

    with pytest.raises(InvalidToken):
        reset(world, change)
    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=leave(world)))


def test_choosing_another_password_forgets_changes_of_address_that_wait(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, "thief@example.com")
    change = token_in(newest(world, "thief@example.com"))

    reset(world, leave(world))

    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=change))


def test_a_leave_that_another_has_used_while_the_password_was_hashed_is_spent(
    world: World,
) -> None:
    world.a_user(ADA)
    token = leave(world)

    class Slow(PlainPasswords):
        def hash(self, password: str, /) -> str:
            # Meanwhile another request with the same token is quicker.
            reset(world, token, "the quicker one")
            return super().hash(password)

    with pytest.raises(InvalidToken):
        reset_password(world.app.store, Slow(), ResetPassword(token=token, password=OTHER))

    signed_in(world, password="the quicker one")


def test_a_leave_that_is_gone_once_the_password_is_hashed_is_worth_nothing(world: World) -> None:
    user = world.a_user(ADA)
    token = leave(world)

    class Slow(PlainPasswords):
        def hash(self, password: str, /) -> str:
            # Meanwhile he leaves.
            with world.app.store.begin() as tx:
                tx.reset_tokens.remove_all(user.id)
            return super().hash(password)

    with pytest.raises(InvalidToken):
        reset_password(world.app.store, Slow(), ResetPassword(token=token, password=OTHER))

    signed_in(world)


def test_a_crash_between_commit_and_mail_costs_another_mail_and_no_more(world: World) -> None:
    world.a_user(ADA)
    world.work()
    seen: list[str] = []

    def crash_once(event: EventRecord) -> None:
        if event.type == "PasswordResetRequested" and not seen:
            seen.append(event.id)
            raise RuntimeError

    world.subscribe(crash_once)
    ask_for_reset(world)
    world.work()
    world.wait(hours=0.5)
    world.work()

    mailed = [token_in(one) for one in world.mail.letters if "another password" in one.subject]
    assert mailed
    reset(world, mailed[-1])
    for token in mailed:
        with pytest.raises(InvalidToken):
            reset(world, token)


# ── signing in meanwhile ─────────────────────────────────────────────────────────────────────


def test_a_password_that_changes_while_it_is_verified_opens_nothing(world: World) -> None:
    user = world.a_user(ADA)
    token = leave(world)

    class Slow(PlainPasswords):
        def verify(self, password: str, hashed: str | None, /) -> bool:
            fits = super().verify(password, hashed)
            reset(world, token)
            return fits

    with pytest.raises(Busy):
        sign_in(world.app.store, Slow(), SignIn(email=ADA, password=PASSWORD))

    assert sessions_of(world, user) == []


def test_a_weak_hash_is_replaced_at_sign_in(world: World) -> None:
    user = world.a_user(ADA)
    with world.app.store.begin() as tx:
        tx.users.update(tx.users.lock(user.id).choose_password(f"older:{PASSWORD}"))

    told = signed_in(world)

    assert world.look(lambda tx: tx.users.get(user.id)).password == f"plain:{PASSWORD}"
    assert told.user.password == f"plain:{PASSWORD}"
    signed_in(world)


def test_a_strong_hash_is_kept(world: World) -> None:
    world.a_user(ADA)

    class NoHashing(PlainPasswords):
        def hash(self, password: str, /) -> str:
            raise AssertionError("a hash costs a second's work")

    told = sign_in(world.app.store, NoHashing(), SignIn(email=ADA, password=PASSWORD))

    assert told.user.password == f"plain:{PASSWORD}"


def test_whoever_has_no_password_signs_in_with_none(world: World) -> None:
    user = world.a_user(ADA)
    with world.app.store.begin() as tx:
        tx.users.update(attrs.evolve(tx.users.lock(user.id), password=None))

    for guess in ("", "None", PASSWORD):
        with pytest.raises(WrongCredentials):
            signed_in(world, password=guess)
    reset(world, leave(world))

    signed_in(world, password=OTHER)


# ── another address ──────────────────────────────────────────────────────────────────────────


def test_the_address_changes_when_the_token_mailed_to_the_new_one_is_used(world: World) -> None:
    user = world.a_user(ADA)
    session = signed_in(world).session

    wish(world, user, " New@Example.com ")
    mailed = newest(world, "new@example.com")
    warning = newest(world, ADA)
    assert signed_in(world).user.email == ADA
    world.wait(hours=1)
    moved = world.do(verify_email, VerifyEmail(token=token_in(mailed)))

    assert (moved.id, moved.email) == (user.id, "new@example.com")
    assert moved.email_verified == world.clock()
    assert "Token" not in warning.text
    assert "new@example.com" not in warning.text
    assert ADA not in mailed.text
    assert session in sessions_of(world, user)
    assert signed_in(world, "new@example.com").user.id == user.id
    with pytest.raises(WrongCredentials):
        signed_in(world)


def test_both_addresses_tell_who_he_is_for_ever(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, "a.d.a@gmail.com")
    world.do(verify_email, VerifyEmail(token=token_in(newest(world, "a.d.a@gmail.com"))))

    old, new = world.a_user(ADA), world.a_user("ada@gmail.com")

    assert world.look(lambda tx: tx.identities.kin(user.id)) == {user.id, old.id, new.id}


@pytest.mark.parametrize("password", ["wrong", ""])
def test_the_password_is_asked_again(world: World, password: str) -> None:
    user = world.a_user(ADA)
    before = world.events()

    with pytest.raises(WrongCredentials):
        wish(world, user, "new@example.com", password)

    assert world.events() == before


def test_nobody_learns_from_asking_that_an_address_is_taken(world: World) -> None:
    user = world.a_user(ADA)
    world.a_user("bob@example.com")

    wish(world, user, "bob@example.com")
    wish(world, user, "nobody@example.com")

    assert [one.type for one in world.events()][-4:-2] == [one.type for one in world.events()][-2:]


def test_who_reads_the_mail_of_a_taken_address_learns_that_it_is_his_own(world: World) -> None:
    user, bob = world.a_user(ADA), world.a_user("bob@example.com")
    wish(world, user, "bob@example.com")
    token = token_in(newest(world, "bob@example.com"))

    with pytest.raises(EmailTaken):
        world.do(verify_email, VerifyEmail(token=token))

    assert world.look(lambda tx: tx.users.get(bob.id)) == bob
    assert world.look(lambda tx: tx.users.get(user.id)).email == ADA


def test_who_wishes_for_the_address_that_he_has_keeps_it(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, ADA)
    token = token_in(
        next(one for one in reversed(mailed(world)) if one.to == ADA and "Token: " in one.text)
    )

    kept = world.do(verify_email, VerifyEmail(token=token))

    assert (kept.id, kept.email) == (user.id, ADA)


def test_a_token_for_a_change_works_once_and_for_24_hours(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, "new@example.com")
    token = token_in(newest(world, "new@example.com"))
    wish(world, user, "late@example.com")
    late = token_in(newest(world, "late@example.com"))

    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=token))
    world.wait(hours=24)
    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=late))
    wish(world, user, "new@example.com")
    token = token_in(newest(world, "new@example.com"))
    world.do(verify_email, VerifyEmail(token=token))
    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=token))


def test_a_change_that_was_forgotten_is_not_mailed(world: World) -> None:
    user = world.a_user(ADA)
    world.work()

    wish(world, user, "first@example.com")
    wish(world, user, "second@example.com")
    world.work()

    assert not [one for one in world.mail.letters if one.to == "first@example.com"]
    assert "confirm" in newest(world, "second@example.com").subject


def test_leaves_that_went_to_the_old_address_end_with_it(world: World) -> None:
    user = world.a_user(ADA)
    old = leave(world)
    wish(world, user, "new@example.com")
    world.do(verify_email, VerifyEmail(token=token_in(newest(world, "new@example.com"))))

    with pytest.raises(InvalidToken):
        reset(world, old)


def test_a_leave_is_mailed_to_the_address_that_he_has_by_then(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, "new@example.com")
    token = token_in(newest(world, "new@example.com"))
    ask_for_reset(world)
    world.do(verify_email, VerifyEmail(token=token))

    world.work()

    assert "another password" in newest(world, "new@example.com").subject


def test_nothing_is_mailed_to_who_has_left(world: World) -> None:
    user = world.a_user(ADA)
    world.work()
    ask_for_reset(world)
    with world.app.store.begin() as tx:
        tx.users.update(attrs.evolve(tx.users.lock(user.id), erased_at=tx.now))

    world.work()

    assert "another password" not in repr(world.mail.letters[-1].subject)


def test_no_token_is_made_for_who_leaves_while_his_mail_is_written(world: World) -> None:
    user = world.a_user(ADA)
    ask_for_reset(world)
    [event] = world.events("PasswordResetRequested")
    with world.app.store.begin() as tx:
        tx.users.update(attrs.evolve(tx.users.lock(user.id), erased_at=tx.now))

    made = mint(world.app.store, event, user_id=user.id, kind=Minted.RESET)

    assert made is None
    assert world.all(lambda tx: tx.reset_tokens.all()) == []


# ── sessions ─────────────────────────────────────────────────────────────────────────────────


def test_a_person_signs_out_everywhere(world: World) -> None:
    user, bob = world.a_user(ADA), world.a_user("bob@example.com")
    signed_in(world)
    signed_in(world)
    other = signed_in(world, "bob@example.com").session

    assert world.do(sign_out_everywhere, SignOutEverywhere(user_id=user.id)) == 2
    assert world.do(sign_out_everywhere, SignOutEverywhere(user_id=user.id)) == 0

    assert sessions_of(world, user) == []
    assert sessions_of(world, bob) == [other]


def test_a_session_in_use_is_extended_when_half_of_it_is_over(world: World) -> None:
    user = world.a_user(ADA)
    session = signed_in(world).session
    command = ExtendSession(session_id=session.id, user_id=user.id)

    world.wait(days=15)
    assert world.do(extend_session, command) == session
    world.wait(seconds=1)
    extended = world.do(extend_session, command)
    world.wait(days=1)
    assert world.do(extend_session, command) == extended

    assert (extended.expires_at - session.expires_at).days == 15
    assert sessions_of(world, user) == [extended]


def test_what_is_over_unknown_or_anothers_is_not_extended(world: World) -> None:
    user = world.a_user(ADA)
    session = signed_in(world).session
    mine = ExtendSession(session_id=session.id, user_id=user.id)

    with pytest.raises(SessionExpired):
        world.do(extend_session, attrs.evolve(mine, user_id=UserId("another")))
    world.wait(days=30)
    with pytest.raises(SessionExpired):
        world.do(extend_session, mine)
    world.do(sign_out_everywhere, SignOutEverywhere(user_id=user.id))
    with pytest.raises(SessionExpired):
        world.do(extend_session, mine)


def test_no_secret_is_in_any_event_command_or_refusal(world: World) -> None:
    user = world.a_user(ADA)
    wish(world, user, "new@example.com")
    tokens = [token_in(newest(world, "new@example.com")), leave(world)]
    reset(world, tokens[1])
    said = (
        ResetPassword(token=tokens[1], password=OTHER),
        RequestPasswordReset(email=ADA),
        ChangeEmail(user_id=user.id, email="new@example.com", password=PASSWORD),
    )
    with pytest.raises(InvalidToken) as refusal:
        reset(world, tokens[1])

    told = f"{world.events()} {said} {refusal.value!r} {refusal.value}"

    for secret in (*tokens, PASSWORD, OTHER, ADA, "new@example.com"):
        assert secret not in told
