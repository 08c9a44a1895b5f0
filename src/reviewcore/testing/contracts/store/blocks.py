"""The two doors of a store: blocks that write, and snapshots that read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, timedelta

import attrs
import pytest

from reviewcore.domain import events
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.ledger import EntryKind, Move, draft
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.ports.store import IdempotencyRecord, Store, Transaction
from reviewcore.testing.builders import a_slot, a_user, a_webhook_event, an_artist
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.scene import Interrupted, Scene, StoreFixtures, interrupt

RECORD = IdempotencyRecord(
    actor="somebody", use_case="sign_up", key="k", digest="d", created_at=START
)


WRITES: dict[str, Callable[[Transaction], object]] = {
    "add": lambda tx: tx.users.add(a_user()),
    "slots": lambda tx: tx.slots.remove_all(a_slot().track_id),
    "ledger": lambda tx: tx.ledger.add(
        draft(EntryKind.FEE_KNOWN, "payment", Move("fees", "processor", Cents(1)))
    ),
    "events": lambda tx: tx.events.add(events.UserSignedUp(user_id=a_user().id)),
    "claim": lambda tx: tx.idempotency.claim(RECORD),
    "receive": lambda tx: tx.inbox.receive(a_webhook_event(id="evt_1")),
    "purge": lambda tx: tx.inbox.purge(START, limit=9),
    "lock": lambda tx: tx.users.lock_many([a_user().id]),
    "lease": lambda tx: tx.payouts.lease(START, until=START + timedelta(hours=1), limit=9),
}


class BlocksContract(StoreFixtures):
    """Blocks commit or roll back as one, and snapshots stand still."""

    def test_a_block_commits_when_it_ends(self, store: Store) -> None:
        user = a_user()

        with store.begin() as tx:
            tx.users.add(user)

        with store.read() as tx:
            assert tx.users.get(user.id) == user

    def test_an_exception_rolls_everything_back(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        newcomer = a_user()

        def write_everywhere(tx: Transaction) -> None:
            tx.users.add(newcomer)
            tx.tracks.update(attrs.evolve(track, title="Other"))
            tx.slots.remove_all(track.id)
            for write in WRITES.values():
                write(tx)

        interrupt(store, write_everywhere)

        with store.read() as tx:
            assert tx.users.find(newcomer.id) is None
            assert tx.tracks.get(track.id) == track
            assert len(tx.slots.of_track(track.id)) == 5
            assert list(tx.ledger.all()) == []
            assert list(tx.events.all()) == []
        with store.begin() as tx:
            assert tx.idempotency.claim(RECORD) is None

    def test_a_block_reads_what_it_has_written(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()
        user = a_user()

        with store.begin() as tx:
            tx.users.add(user)
            tx.artists.update(attrs.evolve(artist, artist_name="Renamed"))

            assert tx.users.get(user.id) == user
            assert tx.users.by_email(user.email) == user
            assert user in list(tx.users.all())
            assert tx.artists.lock(artist.id).artist_name == "Renamed"

    def test_a_query_finds_a_row_by_its_new_value_only(self, store: Store, scene: Scene) -> None:
        user = scene.user(email="before@example.com")

        with store.begin() as tx:
            tx.users.update(attrs.evolve(user, email="after@example.com"))

            assert tx.users.by_email("before@example.com") is None
            found = tx.users.by_email("after@example.com")

        assert found is not None
        assert found.id == user.id

    def test_updates_of_one_row_merge_into_the_last(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()

        with store.begin() as tx:
            for count in range(1, 4):
                tx.artists.update(attrs.evolve(artist, total_tracks=count))

        with store.read() as tx:
            assert tx.artists.get(artist.id).total_tracks == 3

    def test_a_row_added_and_updated_in_one_block_is_as_last_written(self, store: Store) -> None:
        user = a_user()
        artist = an_artist(user_id=user.id)

        with store.begin() as tx:
            tx.users.add(user)
            tx.artists.add(artist)
            tx.artists.update(attrs.evolve(artist, total_tracks=7))

        with store.read() as tx:
            assert tx.artists.get(artist.id).total_tracks == 7

    def test_updating_a_row_that_does_not_exist_is_our_bug(self, store: Store) -> None:
        with pytest.raises(AssertionError), store.begin() as tx:
            tx.users.update(a_user())

    def test_now_is_one_instant_in_utc(self, store: Store, clock: ManualClock) -> None:
        with store.begin() as tx:
            before = tx.now
            clock.advance(seconds=5)

            assert tx.now == before == START
            assert tx.now.tzinfo is UTC
        assert store.now() == clock()

    def test_ids_sort_in_the_order_of_making_and_tokens_are_secret(self, store: Store) -> None:
        with store.begin() as tx:
            ids = [tx.new_id() for _ in range(100)]
            tokens = {tx.new_token() for _ in range(100)}

        assert ids == sorted(set(ids))
        assert len(tokens) == 100
        assert min(map(len, tokens)) >= 43

    def test_a_block_knows_its_actor_and_rules(self, store: Store, rules: MarketRules) -> None:
        with store.begin() as tx:
            assert tx.actor == SYSTEM
            assert tx.rules == rules
        with store.begin(actor="somebody") as tx:
            assert tx.actor == "somebody"
        assert store.rules == rules

    def test_a_nested_begin_raises_and_the_outer_block_goes_on(self, store: Store) -> None:
        user = a_user()

        with store.begin() as tx:
            tx.users.add(user)
            with pytest.raises(RuntimeError), store.begin():
                pass

        with store.read() as tx:
            assert tx.users.find(user.id) == user

    def test_a_thread_can_begin_again_after_a_failed_block(self, store: Store) -> None:
        with pytest.raises(Interrupted), store.begin():
            raise Interrupted

        with store.begin() as tx:
            tx.users.add(a_user())

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_a_snapshot_refuses_writes(
        self, store: Store, write: Callable[[Transaction], object]
    ) -> None:
        with pytest.raises(RuntimeError), store.read() as tx:
            write(tx)

        with store.read() as tx:
            assert list(tx.users.all()) == []
            assert list(tx.ledger.all()) == []
            assert list(tx.events.all()) == []

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_a_glance_refuses_writes(
        self, store: Store, write: Callable[[Transaction], object]
    ) -> None:
        with pytest.raises(RuntimeError), store.glance() as tx:
            write(tx)

        with store.read() as tx:
            assert list(tx.users.all()) == []
            assert list(tx.ledger.all()) == []
            assert list(tx.events.all()) == []

    def test_a_glance_tells_what_was_committed(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()

        with store.glance() as tx:
            found = tx.artists.get(artist.id)
            at = tx.now

        assert found == artist
        assert at.utcoffset() == timedelta(0)

    def test_a_snapshot_stands_still_while_others_write(self, store: Store, scene: Scene) -> None:
        artist = scene.artist()

        def rename() -> None:
            with store.begin() as tx:
                tx.artists.update(attrs.evolve(artist, artist_name="Renamed"))

        writer = threading.Thread(target=rename)
        with store.read() as tx:
            before = tx.artists.get(artist.id)
            writer.start()
            writer.join(timeout=0.3)
            after = tx.artists.get(artist.id)
        writer.join()

        assert before == after == artist
        with store.read() as tx:
            assert tx.artists.get(artist.id).artist_name == "Renamed"

    @pytest.mark.parametrize("field", ["created_at", "email_verified"])
    def test_a_naive_time_in_a_new_row_is_refused(self, store: Store, field: str) -> None:
        user = a_user(**{field: START.replace(tzinfo=None)})

        with pytest.raises(ValueError, match=field), store.begin() as tx:
            tx.users.add(user)

        with store.read() as tx:
            assert tx.users.find(user.id) is None

    def test_a_naive_time_in_a_changed_row_is_refused(self, store: Store, scene: Scene) -> None:
        track = scene.track()

        with pytest.raises(ValueError, match="closed_at"), store.begin() as tx:
            tx.tracks.update(attrs.evolve(track, closed_at=START.replace(tzinfo=None)))

        with store.read() as tx:
            assert tx.tracks.get(track.id) == track

    def test_migrating_again_is_harmless(self, store: Store, scene: Scene) -> None:
        user = scene.user()

        store.migrate()

        store.check_ready()
        with store.read() as tx:
            assert tx.users.get(user.id) == user
