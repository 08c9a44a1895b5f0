"""Texts, times and amounts are kept to the letter, and found by it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from reviewcore.domain.ids import TicketId
from reviewcore.domain.ledger import EntryKind, Move, draft
from reviewcore.domain.money import Cents
from reviewcore.domain.users import MarkKind
from reviewcore.ports.codec import field_types
from reviewcore.ports.store import IdempotencyRecord, Store
from reviewcore.testing.builders import (
    a_mark,
    a_message,
    a_session,
    an_account,
    some_feedback,
)
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.store.roundtrips import SAMPLES, times
from reviewcore.testing.contracts.store.scene import Scene, StoreFixtures, write

LARGE = 2**40
"""More cents than 32 bits hold: ten billion dollars."""

NEARLY = ("Ab1", "ab1", "AB1", "Ab1 ", " Ab1", "\u00c1b1", "A\u0301b1", "Ab\u0661", "\uff21b1")
"""Texts that some databases take for one another."""

KATHMANDU = timezone(timedelta(hours=5, minutes=45))
MINUTE = timedelta(minutes=1)

LONG = {
    "letters": "x" * 5000,
    "four bytes each": "\U0001f3a7" * 4000,
    "spaces at both ends": "  in between  ",
    "lines": "\n\nfirst\r\n\tsecond\n\n",
    "composed and not": "\u00e9 e\u0301 \ufb01 fi \u212b \u00c5",
    "looks like a number": "007.50",
    "looks like nothing": "NULL",
    "wildcards": "%_*?[a]\\",
    "empty": "",
}


def amounts(entity: Any) -> dict[str, int]:
    """Make each amount of *entity* larger than 32 bits."""
    return {name: LARGE for name, told in field_types(type(entity)).items() if told is Cents}


class ExactnessContract(StoreFixtures):
    """Nothing is cut, rounded, trimmed, folded or moved to another zone."""

    @pytest.mark.parametrize("text", LONG.values(), ids=LONG)
    def test_a_text_is_kept_to_the_letter(self, store: Store, scene: Scene, text: str) -> None:
        ticket, review = scene.ticket(), scene.review()
        message = a_message(ticket_id=ticket.id, body=text)
        heard = attrs.evolve(review, feedback=some_feedback(additional_notes=text))

        write(store, lambda tx: tx.messages.add(message), lambda tx: tx.reviews.update(heard))

        with store.read() as tx:
            assert list(tx.messages.of_ticket(TicketId(ticket.id))) == [message]
            assert tx.reviews.get(review.id) == heard

    @pytest.mark.parametrize("name", SAMPLES)
    def test_an_amount_is_kept_to_the_cent(self, store: Store, scene: Scene, name: str) -> None:
        large = [attrs.evolve(one, **amounts(one)) for one in SAMPLES[name](scene)]

        write(store, lambda tx: getattr(tx, name).update(*large))

        with store.read() as tx:
            assert [getattr(tx, name).get(one.id) for one in large] == large

    def test_a_posting_is_kept_to_the_cent(self, store: Store) -> None:
        moves = [Move("a", "b", Cents(LARGE)), Move("a", "c", Cents(1)), Move("c", "b", Cents(99))]
        entry = draft(EntryKind.PAYMENT_APPLIED, "attempt-1", *moves)

        write(store, lambda tx: tx.ledger.add(entry))

        with store.read() as tx:
            (told,) = tx.ledger.all()
            lines = [sum(one.amount for one in tx.ledger.lines(account)) for account in "abc"]
        assert set(told.postings) == set(entry.postings)
        assert lines == [-LARGE - 1, LARGE + 99, -98]

    @pytest.mark.parametrize("name", SAMPLES)
    def test_a_time_of_another_zone_is_told_in_utc(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        rows = SAMPLES[name](scene)
        abroad = [
            attrs.evolve(row, **{at: getattr(row, at).astimezone(KATHMANDU) for at in times(row)})
            for row in rows
        ]

        write(store, lambda tx: getattr(tx, name).update(*abroad))

        with store.read() as tx:
            told = [getattr(tx, name).get(one.id) for one in rows]
        assert told == rows
        assert _zones(told) <= {timedelta(0)}

    def test_a_moment_is_compared_as_one_whatever_its_zone(
        self, store: Store, scene: Scene
    ) -> None:
        due = scene.payout(next_attempt_at=START.astimezone(KATHMANDU))
        now = (START - MINUTE).astimezone(KATHMANDU)

        with store.begin() as tx:
            early = tx.payouts.lease(now, until=START + MINUTE, limit=9)
            taken = tx.payouts.lease(now + MINUTE, until=START + MINUTE, limit=9)

        assert list(early) == []
        assert [one.id for one in taken] == [due.id]

    def test_nearly_equal_texts_are_different_keys(self, store: Store, scene: Scene) -> None:
        user = scene.user()
        sessions = [a_session(user_id=user.id, token_hash=text) for text in NEARLY]
        accounts = [an_account(user_id=user.id, provider_account_id=text) for text in NEARLY]
        attempts = [scene.attempt(session_id=text) for text in NEARLY]

        write(
            store,
            lambda tx: tx.sessions.add(*sessions),
            lambda tx: tx.accounts.add(*accounts),
            *(
                lambda tx, text=text: tx.identities.add(
                    a_mark(user_id=user.id, kind=MarkKind.STRIPE_ACCOUNT, value=text)
                )
                for text in NEARLY[1:]
            ),
        )

        with store.read() as tx:
            assert [tx.sessions.by_token(text) for text in NEARLY] == sessions
            provider = accounts[0].provider
            assert [tx.accounts.by_identity(provider, text) for text in NEARLY] == accounts
            assert [tx.attempts.by_session(text) for text in NEARLY] == attempts
            assert tx.identities.holder(NEARLY[0]) is None

    def test_nearly_equal_idempotency_keys_and_counters_are_apart(self, store: Store) -> None:
        records = [
            IdempotencyRecord(
                actor="artist", use_case="rate_review", key=text, digest="d", created_at=START
            )
            for text in NEARLY
        ]

        with store.begin() as tx:
            assert [tx.idempotency.claim(record) for record in records] == [None] * len(records)
            hits = [tx.rate_limits.hit(text, window=MINUTE).count for text in NEARLY]

        assert hits == [1] * len(NEARLY)
        with store.begin() as tx:
            assert [tx.idempotency.claim(record) for record in records] == records

    def test_an_address_is_found_by_every_letter_of_it(self, store: Store, scene: Scene) -> None:
        scene.user(email="zoe@example.com")
        scene.lead(email="zoe@example.com")

        with store.read() as tx:
            for other in ("Zoe@example.com", "zo\u00eb@example.com", "zoe@example.com ", "z%"):
                assert tx.users.by_email(other) is None
                assert tx.leads.by_email(other) is None

    def test_what_was_told_is_the_callers_own(self, store: Store, scene: Scene) -> None:
        track = scene.track()

        for door in (store.read, store.begin):
            with door() as tx:
                for _ in range(2):
                    told: Any = tx.slots.of_track(track.id)
                    assert len(told) == 5
                    if isinstance(told, list):
                        told.clear()
                    users: Any = tx.users.page(after=None, limit=9)
                    assert len(users) == 1
                    if isinstance(users, list):
                        users.clear()

    def test_rows_may_be_written_while_all_are_looked_at(self, store: Store, scene: Scene) -> None:
        users = [scene.user() for _ in range(5)]

        with store.begin() as tx:
            for user in tx.users.all():
                tx.users.update(attrs.evolve(user, name=f"{user.name}!"))

        with store.read() as tx:
            assert [user.name for user in tx.users.all()] == [f"{user.name}!" for user in users]


def _zones(rows: list[Any]) -> set[timedelta | None]:
    found: list[datetime] = [getattr(row, at) for row in rows for at in times(row)]
    return {at.utcoffset() for at in found}
