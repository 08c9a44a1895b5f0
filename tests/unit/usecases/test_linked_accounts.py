"""Accounts elsewhere: whom they sign in, whose they become, and whose never."""

from __future__ import annotations

import itertools
from datetime import timedelta

import attrs
import pytest

from reviewcore.app import App
from reviewcore.domain.errors import (
    AccountNotLinked,
    AccountTaken,
    EmailTaken,
    EntityNotFound,
    IdentityNotProven,
    InvalidEmail,
    ProviderEmailNotVerified,
    UnknownProvider,
)
from reviewcore.domain.ids import UserId
from reviewcore.domain.users import Account, User, token_hash
from reviewcore.ports.identities import Departure, Identity, NoIdentities
from reviewcore.usecases import (
    Arrival,
    CaptureLead,
    EraseUser,
    LinkAccount,
    SignedIn,
    SignIn,
    SignInWithAccount,
    capture_lead,
    erase_user,
    link_account,
    sign_in,
    sign_in_with_account,
)
from tests.unit.usecases.elsewhere import PlayedIdentities
from tests.unit.usecases.market import PASSWORD, PlainPasswords, World

ADA = Identity(
    provider="peer", subject="s-ada", email="Ada@Example.com", email_verified=True, name="Ada"
)
CALLBACK = "https://market.example/v1/oauth/peer/callback"


class Elsewhere(World):
    """A market whose people have accounts elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.identities = PlayedIdentities()
        self._trips = itertools.count(1)
        self.app = App(
            store=self.app.store,
            payments=self.bank,
            payouts=self.bank,
            mail=self.mail,
            passwords=PlainPasswords(),
            identities=self.identities,
        )

    def departure(self, provider: str = "peer") -> Departure:
        trip = next(self._trips)
        state, nonce, verifier = (f"{name}{trip}" for name in ("state", "nonce", "verifier"))
        return Departure(provider=provider, state=state, nonce=nonce, verifier=verifier)

    def arrival(self, identity: Identity = ADA) -> Arrival:
        departure = self.departure()
        code = self.identities.admit(departure, identity)
        return Arrival(departure=departure, code=code, redirect_uri=CALLBACK)

    def come(self, identity: Identity = ADA) -> SignedIn:
        return self.arrive(self.arrival(identity))

    def arrive(self, arrival: Arrival) -> SignedIn:
        return self.drive(sign_in_with_account, SignInWithAccount(arrival=arrival))

    def link(self, user: User, identity: Identity = ADA) -> Account:
        return self.do(link_account, LinkAccount(user_id=user.id, identity=identity))

    def accounts(self, user: User) -> list[Account]:
        return self.all(lambda tx: tx.accounts.of_user(user.id))


@pytest.fixture
def world() -> Elsewhere:
    return Elsewhere()


def test_a_stranger_becomes_a_user_without_a_password_whose_address_is_proven(
    world: Elsewhere,
) -> None:
    told = world.come()

    user = told.user
    assert (user.email, user.password, user.name) == ("ada@example.com", None, "Ada")
    assert user.email_verified == world.clock()
    assert [one.provider_account_id for one in world.accounts(user)] == ["s-ada"]
    assert [event.type for event in world.events()] == [
        "UserSignedUp", "EmailVerified", "AccountLinked", "SignedIn",
    ]  # fmt: skip


def test_the_provider_is_asked_with_where_he_came_back_to(world: Elsewhere) -> None:
    arrival = world.arrival()

    world.arrive(arrival)

    assert world.identities.came_back_to == [CALLBACK]
    with world.app.store.begin() as tx:
        used = tx.rate_limits.find(f"departure:{token_hash(arrival.departure.state)}")
    assert used is not None
    assert (used.count, used.reset_at) == (1, world.clock() + timedelta(minutes=10))


def test_a_stranger_who_left_his_address_is_no_lead_any_more(world: Elsewhere) -> None:
    world.do(capture_lead, CaptureLead(email="ada@example.com"))

    world.come()

    [lead] = world.all(lambda tx: tx.leads.all())
    assert lead.converted == world.clock()


def test_the_same_identity_is_the_same_user_whatever_else_it_tells(world: Elsewhere) -> None:
    first = world.come()
    moved = attrs.evolve(ADA, email="else@example.com", email_verified=False, name="Eve")

    second = world.come(moved)

    assert second.user == first.user
    assert second.session.id != first.session.id


@pytest.mark.parametrize(
    ("name", "kept"),
    [("", ""), ("  A\n\x00B\u202e ", "A B"), ("x" * 300, "x" * 100), ("\ud800", "")],
)
def test_a_name_of_any_kind_becomes_a_line(world: Elsewhere, name: str, kept: str) -> None:
    assert world.come(attrs.evolve(ADA, name=name)).user.name == kept


@pytest.mark.parametrize(
    "unproven", [attrs.evolve(ADA, email_verified=False), attrs.evolve(ADA, email=None)]
)
@pytest.mark.parametrize("has_user", [True, False])
def test_an_address_that_is_not_proven_opens_nothing_and_tells_nothing(
    world: Elsewhere, unproven: Identity, has_user: bool
) -> None:
    if has_user:
        world.a_user("ada@example.com")

    with pytest.raises(ProviderEmailNotVerified):
        world.come(unproven)


def test_an_address_that_we_do_not_take_is_refused(world: Elsewhere) -> None:
    with pytest.raises(InvalidEmail):
        world.come(attrs.evolve(ADA, email="ada"))


def test_nobody_is_merged_by_an_address(world: Elsewhere) -> None:
    user = world.a_user("ada@example.com")

    with pytest.raises(AccountNotLinked):
        world.come()

    assert world.accounts(user) == []
    assert world.all(lambda tx: tx.sessions.of_user(user.id)) == []


def test_whoever_is_signed_in_links_his_account_and_then_signs_in_by_it(world: Elsewhere) -> None:
    user = world.a_user("ada@example.com")

    first, again = world.link(user), world.link(user)

    assert first == again
    assert world.come().user.id == user.id
    assert len(world.events("AccountLinked")) == 1
    world.work()
    assert "another way to sign in" in world.mail.letters[-1].subject
    signed = world.drive(sign_in, SignIn(email="ada@example.com", password=PASSWORD))
    assert signed.user.id == user.id


def test_an_account_signs_one_user_in(world: Elsewhere) -> None:
    ada, bob = world.a_user("ada@example.com"), world.a_user("bob@example.com")
    world.link(ada)

    with pytest.raises(AccountTaken):
        world.link(bob)


def test_an_address_of_another_user_is_his_to_link(world: Elsewhere) -> None:
    world.a_user("ada@example.com")
    bob = world.a_user("bob@example.com")

    with pytest.raises(EmailTaken):
        world.link(bob)
    with pytest.raises(ProviderEmailNotVerified):
        world.link(bob, attrs.evolve(ADA, email_verified=False))

    assert world.accounts(bob) == []


def test_nobody_unknown_links_anything(world: Elsewhere) -> None:
    with pytest.raises(EntityNotFound):
        world.do(link_account, LinkAccount(user_id=UserId("nobody"), identity=ADA))


def test_a_linked_account_tells_who_somebody_is_for_ever(world: Elsewhere) -> None:
    bob = world.a_user("bob@example.com")
    world.link(bob)
    with world.app.store.begin() as tx:
        tx.accounts.remove_all(bob.id)

    told = world.come()

    assert world.look(lambda tx: tx.identities.kin(bob.id)) == {bob.id, told.user.id}


def test_a_departure_serves_once_whatever_becomes_of_it(world: Elsewhere) -> None:
    arrival = world.arrival()
    with pytest.raises(IdentityNotProven):
        world.arrive(attrs.evolve(arrival, code="guess"))

    with pytest.raises(IdentityNotProven):
        world.arrive(arrival)


def test_a_code_serves_its_own_departure(world: Elsewhere) -> None:
    arrival = world.arrival()

    with pytest.raises(IdentityNotProven):
        world.arrive(attrs.evolve(arrival, departure=world.departure()))


def test_a_provider_that_nobody_set_is_unknown(world: Elsewhere) -> None:
    arrival = Arrival(departure=world.departure("other"), code="x", redirect_uri=CALLBACK)

    with pytest.raises(UnknownProvider):
        world.arrive(arrival)


def test_a_deployment_without_providers_knows_none(world: Elsewhere) -> None:
    none = NoIdentities()

    with pytest.raises(UnknownProvider):
        none.require("peer")
    with pytest.raises(UnknownProvider):
        none.address(world.departure(), redirect_uri=CALLBACK)
    with pytest.raises(UnknownProvider):
        none.identify(world.departure(), code="x", redirect_uri=CALLBACK)


def test_whoever_left_for_good_comes_back_as_somebody_else(world: Elsewhere) -> None:
    gone = world.come().user
    world.do(erase_user, EraseUser(user_id=gone.id))

    with pytest.raises(EntityNotFound):
        world.link(gone)
    back = world.come().user

    assert back.id != gone.id
    assert [one.user_id for one in world.accounts(back)] == [back.id]
    assert world.look(lambda tx: tx.identities.kin(back.id)) == {back.id}


def test_no_secret_is_in_any_event_command_or_refusal(world: Elsewhere) -> None:
    arrival = world.arrival()
    told = world.arrive(arrival)
    with pytest.raises(IdentityNotProven) as refusal:
        world.arrive(arrival)

    shown = f"{world.events()} {SignInWithAccount(arrival=arrival)} {refusal.value!r} {told}"

    departure = arrival.departure
    for secret in (departure.state, departure.nonce, departure.verifier, arrival.code, told.token):
        assert secret not in shown
