from __future__ import annotations

import re

import attrs
import pytest

from reviewcore.domain.errors import (
    AlreadyVerified,
    EmailTaken,
    EntityNotFound,
    InvalidEmail,
    InvalidPassword,
    InvalidText,
    InvalidToken,
    SessionExpired,
    WrongCredentials,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.users import User, token_hash
from reviewcore.usecases import (
    ConfirmEmailAsAdmin,
    RequestEmailVerification,
    SignIn,
    SignOut,
    SignUp,
    VerifyEmail,
    confirm_email_as_admin,
    request_email_verification,
    sign_in,
    sign_out,
    sign_up,
    verify_email,
)
from tests.unit.usecases.market import ADMIN, PASSWORD, World


@pytest.fixture
def world() -> World:
    return World()


def signed_up(world: World, email: str = "ada@example.com", name: str = "Ada") -> User:
    return world.drive(sign_up, SignUp(email=email, password=PASSWORD, name=name))


def mailed_token(world: World) -> str:
    world.work()
    found = re.search(r"^Token: (\S+)$", world.mail.letters[-1].text, re.MULTILINE)
    assert found is not None
    return found[1]


def test_a_person_signs_up_and_proves_his_address_with_the_mailed_token(world: World) -> None:
    user = signed_up(world, " Ada@Example.com ")

    token = mailed_token(world)
    verified = world.do(verify_email, VerifyEmail(token=token))

    assert (user.email, user.email_verified) == ("ada@example.com", None)
    assert verified.email_verified == world.clock()
    assert world.mail.letters[-1].to == "ada@example.com"
    assert f"/verify-email?token={token}" in world.mail.letters[-1].text


def test_a_name_that_was_not_given_is_replaced_by_the_address(world: World) -> None:
    signed_up(world, name="")

    world.work()

    assert "Hello ada@example.com" in world.mail.letters[-1].text


@pytest.mark.parametrize("again", ["ada@example.com", "ADA@EXAMPLE.COM", " ada@Example.com"])
def test_an_address_is_taken_whatever_its_case(world: World, again: str) -> None:
    signed_up(world)

    with pytest.raises(EmailTaken):
        signed_up(world, again)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"email": "ada"}, InvalidEmail),
        ({"password": "short"}, InvalidPassword),
        ({"name": "x" * 101}, InvalidText),
        ({"name": "Ada\nBcc: all@example.com"}, InvalidText),
    ],
)
def test_what_cannot_be_right_is_refused(
    world: World, changes: dict[str, str], refusal: type[Exception]
) -> None:
    told = {"email": "ada@example.com", "password": PASSWORD} | changes

    with pytest.raises(refusal):
        world.drive(sign_up, SignUp(**told))

    assert world.events() == []


def test_a_token_works_once(world: World) -> None:
    signed_up(world)
    token = mailed_token(world)
    world.do(verify_email, VerifyEmail(token=token))

    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=token))


def test_a_token_works_for_24_hours(world: World) -> None:
    signed_up(world)
    token = mailed_token(world)

    world.wait(hours=24)

    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=token))


def test_an_unknown_token_proves_nothing(world: World) -> None:
    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token="guess"))


def test_a_token_for_another_address_proves_nothing(world: World) -> None:
    user = signed_up(world)
    token = mailed_token(world)
    with world.app.store.begin() as tx:
        moved = tx.users.lock(user.id)
        tx.users.update(attrs.evolve(moved, email="new@example.com"))

    with pytest.raises(InvalidToken):
        world.do(verify_email, VerifyEmail(token=token))


def test_another_mail_can_be_asked_for_until_the_address_is_proven(world: World) -> None:
    user = signed_up(world)
    first = mailed_token(world)

    world.do(request_email_verification, RequestEmailVerification(user_id=user.id))
    second = mailed_token(world)
    world.do(verify_email, VerifyEmail(token=second))

    assert first != second
    with pytest.raises(AlreadyVerified):
        world.do(request_email_verification, RequestEmailVerification(user_id=user.id))
    with pytest.raises(AlreadyVerified):
        world.do(verify_email, VerifyEmail(token=first))


def test_an_administrator_vouches_for_an_address(world: World) -> None:
    user = signed_up(world)

    vouched = world.do(
        confirm_email_as_admin,
        ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN, reason="phoned him"),
    )

    assert vouched.email_verified is not None
    assert world.events("AdminActed")[-1].payload["reason"] == "phoned him"
    with pytest.raises(AlreadyVerified):
        world.do(confirm_email_as_admin, ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN))


def test_a_reason_that_no_database_could_keep_is_refused(world: World) -> None:
    user = signed_up(world)

    with pytest.raises(InvalidText):
        world.do(
            confirm_email_as_admin,
            ConfirmEmailAsAdmin(user_id=user.id, admin_id=ADMIN, reason="a\x00b"),
        )


def test_a_person_signs_in_with_any_spelling_of_his_address(world: World) -> None:
    user = signed_up(world)

    told = world.drive(sign_in, SignIn(email="ADA@example.com ", password=PASSWORD))

    assert told.user == user
    assert told.session.user_id == user.id
    assert told.session.token_hash == token_hash(told.token)
    assert told.token not in repr(told)


def test_every_sign_in_begins_another_session(world: World) -> None:
    signed_up(world)
    command = SignIn(email="ada@example.com", password=PASSWORD)

    first, second = world.drive(sign_in, command), world.drive(sign_in, command)

    assert first.session.id != second.session.id
    assert first.token != second.token


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", "wrong password"),
        ("bob@example.com", PASSWORD),
        ("no address", PASSWORD),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(world: World, email: str, password: str) -> None:
    signed_up(world)

    with pytest.raises(WrongCredentials) as refusal:
        world.drive(sign_in, SignIn(email=email, password=password))

    assert refusal.value.extras == {}


def test_a_person_signs_out_of_one_session(world: World) -> None:
    user = signed_up(world)
    command = SignIn(email="ada@example.com", password=PASSWORD)
    kept, left = world.drive(sign_in, command).session, world.drive(sign_in, command).session

    world.do(sign_out, SignOut(session_id=left.id, user_id=user.id))

    assert world.look(lambda tx: tx.sessions.find(left.id)) is None
    assert world.look(lambda tx: tx.sessions.find(kept.id)) == kept
    with pytest.raises(SessionExpired):
        world.do(sign_out, SignOut(session_id=left.id, user_id=user.id))


def test_nobody_signs_another_out(world: World) -> None:
    signed_up(world)
    session = world.drive(sign_in, SignIn(email="ada@example.com", password=PASSWORD)).session

    with pytest.raises(SessionExpired):
        world.do(sign_out, SignOut(session_id=session.id, user_id=UserId("another")))


def test_an_unknown_user_is_not_found(world: World) -> None:
    with pytest.raises(EntityNotFound):
        world.do(request_email_verification, RequestEmailVerification(user_id=UserId("nobody")))


def test_no_secret_is_in_any_event(world: World) -> None:
    signed_up(world)
    token = mailed_token(world)
    session = world.drive(sign_in, SignIn(email="ada@example.com", password=PASSWORD))

    told = repr(world.events())

    for secret in (token, session.token, PASSWORD, "ada@example.com"):
        assert secret not in told
