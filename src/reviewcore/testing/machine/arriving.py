"""People come from identity providers, and link their accounts there."""

from __future__ import annotations

import json

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import AccountTaken, IdentityNotProven
from reviewcore.ports.identities import Departure, Identity
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import actor, pick
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.recovering import Recovering
from reviewcore.testing.machine.sayings import PASSWORD, SLIPS, WHICH
from reviewcore.usecases import (
    Arrival,
    LinkAccount,
    RequestPasswordReset,
    SignInWithAccount,
    link_account,
    request_password_reset,
    sign_in_with_account,
)

PROVIDERS = sayings.mostly("peer", "unknown", "away")
SUBJECTS = st.integers(0, 5)
EMAILS = st.sampled_from(("fresh", "fresh", "somebody's", "his own", "unproven", "none", "invalid"))
CODES = sayings.mostly("right", "wrong")


class Arriving(Recovering):
    """Accounts elsewhere."""

    def identity(self, which: int, *, subject: int, email: str) -> Identity:
        """Make who somebody is elsewhere; now and then his address is another user's."""
        addresses = {
            "fresh": f"elsewhere{subject}@example.com",
            "unproven": f"elsewhere{subject}@example.com",
            "somebody's": pick(which + 1, self.now.users).email,
            "his own": pick(which, self.now.users).email,
            "none": None,
            "invalid": "nobody at all",
        }
        return Identity(
            provider="peer",
            subject=f"subject{subject}",
            email=addresses[email],
            email_verified=email != "unproven",
            name="Sam\nElse",
        )

    @precondition(when.is_quiet)
    @rule(which=WHICH, provider=PROVIDERS, subject=SUBJECTS, email=EMAILS, code=CODES)
    def a_person_comes_from_elsewhere(
        self, *, which: int, provider: str, subject: int, email: str, code: str
    ) -> None:
        self.commands += 1
        identity = self.identity(which, subject=subject, email=email)
        departure = Departure(
            provider=provider, state=f"state{self.commands}", nonce="n", verifier="v"
        )
        told = json.dumps(attrs.asdict(identity)) if code == "right" else code
        arrival = Arrival(departure=departure, code=told, redirect_uri="https://market.example")
        self.drive(sign_in_with_account, SignInWithAccount(arrival=arrival))
        again = self.drive(sign_in_with_account, SignInWithAccount(arrival=arrival))
        assert isinstance(again, Refusal)
        assert again.kind is IdentityNotProven

    @precondition(when.is_quiet)
    @rule(which=WHICH, slip=SLIPS, subject=SUBJECTS, email=EMAILS)
    def a_person_links_an_account(
        self, *, which: int, slip: sayings.Slip, subject: int, email: str
    ) -> None:
        users = [user.id for user in self.now.users]
        user_id = actor(slip, pick(which, self.now.users).id, users)
        identity = self.identity(which, subject=subject, email=email)
        for _ in range(2):
            self.perform(link_account, LinkAccount(user_id=user_id, identity=identity))

    @rule(which=WHICH, forgets=st.booleans())
    def a_person_comes_by_his_account(self, *, which: int, forgets: bool) -> None:
        """He has linked it, or is new and has no password so far."""
        self.commands += 1
        identity = Identity(
            provider="peer",
            subject=f"subject{self.commands}",
            email=f"elsewhere{self.commands}@example.com",
            email_verified=True,
            name="Sam",
        )
        is_new = forgets and when.newcomers_may_come(self)
        user_id = pick(which, self.now.present).id
        if not is_new:
            self.perform(link_account, LinkAccount(user_id=user_id, identity=identity))
        for _ in range(2):
            answer = self.drive(
                sign_in_with_account, SignInWithAccount(arrival=self.arrival(identity))
            )
            assert not isinstance(answer, Refusal), "his account signs him in"
        other = pick(which, [one for one in self.now.present if one.id != answer.user.id])
        taken = self.perform(link_account, LinkAccount(user_id=other.id, identity=identity))
        assert isinstance(taken, Refusal)
        assert taken.kind is AccountTaken
        if is_new:
            self.perform(request_password_reset, RequestPasswordReset(email=answer.user.email))
            self.choose_password(PASSWORD, minutes=0)

    def arrival(self, identity: Identity) -> Arrival:
        """Come back from a provider as somebody."""
        self.commands += 1
        departure = Departure(
            provider=identity.provider, state=f"state{self.commands}", nonce="n", verifier="v"
        )
        told = json.dumps(attrs.asdict(identity))
        return Arrival(departure=departure, code=told, redirect_uri="https://market.example")

    @precondition(when.is_plain)
    @precondition(when.there_is_work)
    @rule(which=WHICH)
    def a_reviewer_turns_out_to_be_the_artist(self, *, which: int) -> None:
        """They have one address, after one was given the other's track."""
        review = pick(which, self.now.active)
        reviewer = self.now.user[self.now.reviewer[review.reviewer_id].user_id]
        name, _, host = reviewer.email.partition("@")
        self.commands += 1
        identity = Identity(
            provider="peer",
            subject=f"subject{self.commands}",
            email=f"{name}+{self.commands}@{host}",
            email_verified=True,
            name="Sam",
        )
        user_id = self.now.artist[review.artist_id].user_id
        if isinstance(
            self.perform(link_account, LinkAccount(user_id=user_id, identity=identity)), Refusal
        ):
            return
        assert not self.deliver(review), "nobody reviews his own track"
        self.reached("a reviewer turns out to be the artist")
