"""People come from identity providers, and link their accounts there."""

from __future__ import annotations

import json

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import IdentityNotProven
from reviewcore.ports.identities import Departure, Identity
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import actor, pick
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.recovering import Recovering
from reviewcore.testing.machine.sayings import SLIPS, WHICH
from reviewcore.usecases import (
    Arrival,
    LinkAccount,
    SignInWithAccount,
    link_account,
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
