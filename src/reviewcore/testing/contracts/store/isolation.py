"""What others see of a block while it is open, and whom it keeps waiting."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, NamedTuple

import attrs
import pytest

from reviewcore.domain import events
from reviewcore.domain.ledger import EntryKind, Move, draft
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.ports.store import Store, Transaction
from reviewcore.testing.builders import a_user, an_email_token
from reviewcore.testing.clock import START
from reviewcore.testing.contracts.base import Capability, optional
from reviewcore.testing.contracts.store.matching import search
from reviewcore.testing.contracts.store.payments import LEASED, MINUTE
from reviewcore.testing.contracts.store.races import PAUSE_SECONDS
from reviewcore.testing.contracts.store.rows import MAKERS
from reviewcore.testing.contracts.store.scene import Interrupted, Scene, StoreFixtures

PATIENCE_SECONDS = 10
AT_ONCE = 6
"""Blocks that wait at a time: fewer than the connections of any pool."""

CHUNKS = [sorted(MAKERS)[start : start + AT_ONCE] for start in range(0, len(MAKERS), AT_ONCE)]

Door = Literal["read", "begin"]

EARNED = draft(EntryKind.FEE_KNOWN, "payment", Move("fees", "processor", Cents(1)))


class Seen(NamedTuple):
    """What somebody saw."""

    users: list[Any]
    artist: str
    entries: int
    events: int


def look(store: Store, door: Door, artist_id: Any) -> Seen:
    """Look at everything that the tests write."""
    with getattr(store, door)() as tx:
        return Seen(
            users=[tx.users.by_email("new@example.com"), *tx.users.page(after=None, limit=9)],
            artist=tx.artists.get(artist_id).artist_name,
            entries=len(tx.ledger.lines("fees")),
            events=len(list(tx.events.all())),
        )


@contextlib.contextmanager
def in_the_middle(
    store: Store, act: Callable[[Transaction], object]
) -> Iterator[Callable[[], None]]:
    """Have another thread *act* in a block and stay there until told to leave, or the end."""
    inside, leave = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with store.begin() as tx:
                act(tx)
                tx.flush()
                inside.set()
                leave.wait(PATIENCE_SECONDS)
        finally:
            inside.set()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run)
        assert inside.wait(PATIENCE_SECONDS)
        try:
            yield leave.set
        finally:
            leave.set()
        other.result()


def in_time(act: Callable[[], Any]) -> Any:
    """Do something in another thread, which nobody may keep waiting."""
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(act())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(timeout=PATIENCE_SECONDS / 2)


class IsolationContract(StoreFixtures):
    """Nobody sees half of anything, and a lock is waited for."""

    @pytest.mark.parametrize("door", ["read", "begin"])
    def test_nobody_sees_what_is_not_committed(
        self, store: Store, scene: Scene, door: Door
    ) -> None:
        artist = scene.artist()
        before = look(store, "read", artist.id)
        seen: list[Seen] = []
        other = threading.Thread(target=lambda: seen.append(look(store, door, artist.id)))

        with contextlib.suppress(Interrupted), store.begin() as tx:
            tx.users.add(a_user(email="new@example.com"))
            tx.artists.update(attrs.evolve(artist, artist_name="Unheard of"))
            tx.ledger.add(EARNED)
            tx.events.add(events.UserSignedUp(user_id=artist.user_id))
            tx.flush()
            other.start()
            # He may look at once, or have to wait for us.
            other.join(timeout=PAUSE_SECONDS)
            raise Interrupted
        other.join()

        assert seen == [before]

    def test_a_snapshot_sees_nothing_that_came_after_it_began(
        self, store: Store, scene: Scene
    ) -> None:
        artist = scene.artist()

        def write() -> None:
            with store.begin() as tx:
                tx.users.add(a_user(email="new@example.com"))
                tx.ledger.add(EARNED)
                tx.events.add(events.UserSignedUp(user_id=artist.user_id))

        writer = threading.Thread(target=write)
        with store.read() as tx:
            assert tx.artists.get(artist.id) == artist
            writer.start()
            writer.join(timeout=PAUSE_SECONDS)

            assert tx.users.by_email("new@example.com") is None
            assert len(list(tx.users.all())) == 1
            assert list(tx.ledger.lines("fees")) == []
            assert list(tx.events.all()) == []
        writer.join()

    @pytest.mark.parametrize("lock", ["lock", "lock_many"])
    @pytest.mark.parametrize("names", CHUNKS, ids="-".join)
    def test_a_lock_is_waited_for_and_tells_what_was_committed_meanwhile(
        self, store: Store, scene: Scene, names: list[str], lock: str
    ) -> None:
        rows = {name: MAKERS[name][0](scene) for name in names}
        changed = {name: attrs.evolve(row, **MAKERS[name][1]) for name, row in rows.items()}

        def change(tx: Transaction) -> None:
            for name, row in rows.items():
                repository = getattr(tx, name)
                assert repository.lock(row.id) == row
                repository.update(changed[name])

        is_over = threading.Event()

        def wait(name: str) -> tuple[Any, bool]:
            with store.begin() as tx:
                repository = getattr(tx, name)
                # What was read before the lock is old by the time that it is had.
                repository.find(rows[name].id)
                if lock == "lock":
                    return repository.lock(rows[name].id), is_over.is_set()
                return repository.lock_many([rows[name].id])[0], is_over.is_set()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            with in_the_middle(store, change) as leave:
                waiting = {name: pool.submit(wait, name) for name in names}
                time.sleep(PAUSE_SECONDS)
                is_over.set()
                leave()
            told = {name: one.result() for name, one in waiting.items()}

        assert told == {name: (row, True) for name, row in changed.items()}

    def test_locks_by_what_belongs_together_are_waited_for_too(
        self, store: Store, scene: Scene
    ) -> None:
        review = scene.review()
        payment = scene.payment(scene.track())
        token = an_email_token(user_id=scene.user().id)
        with store.begin() as tx:
            tx.email_tokens.add(token)

        def change(tx: Transaction) -> None:
            track, mine, reviewer = tx.reviews.lock(review.id)
            tx.tracks.update(attrs.evolve(track, title="Other"))
            tx.reviews.update(attrs.evolve(mine, listen_duration=9))
            tx.reviewers.update(attrs.evolve(reviewer, gem_count=4))
            tx.payments.update(attrs.evolve(tx.payments.lock(payment.id), fee=Cents(31)))
            found = tx.email_tokens.lock(token.id)
            tx.email_tokens.update(attrs.evolve(found, email="other@example.com"))

        locks: dict[str, Callable[[Transaction], Any]] = {
            "track": lambda tx: tx.tracks.lock(review.track_id).title,
            "reviewer": lambda tx: tx.reviewers.lock(review.reviewer_id).gem_count,
            "active": lambda tx: tx.reviews.lock_active(review.reviewer_id)[0].listen_duration,
            "of track": lambda tx: tx.reviews.lock_of_track(review.track_id)[0].listen_duration,
            "payment": lambda tx: tx.payments.lock_of_track(payment.track_id).fee,  # type: ignore[union-attr]  # it is there
            "token": lambda tx: tx.email_tokens.lock_by_token(token.token_hash).email,  # type: ignore[union-attr]  # as above
        }

        is_over = threading.Event()

        def wait(name: str) -> tuple[Any, bool]:
            with store.begin() as tx:
                return locks[name](tx), is_over.is_set()

        with ThreadPoolExecutor(len(locks)) as pool:
            with in_the_middle(store, change) as leave:
                waiting = {name: pool.submit(wait, name) for name in locks}
                time.sleep(PAUSE_SECONDS)
                is_over.set()
                leave()
            told = {name: one.result() for name, one in waiting.items()}

        assert told == {
            "track": ("Other", True),
            "reviewer": (4, True),
            "active": (9, True),
            "of track": (9, True),
            "payment": (31, True),
            "token": ("other@example.com", True),
        }

    # ── blocks side by side ──────────────────────────────────────────────────────────────────

    @optional(Capability.PARALLEL)
    def test_blocks_about_different_rows_go_side_by_side(self, store: Store, scene: Scene) -> None:
        one, other = scene.artist(), scene.artist()

        def change() -> None:
            with store.begin() as tx:
                fresh = tx.artists.lock(other.id)
                tx.artists.update(attrs.evolve(fresh, total_tracks=7))

        with in_the_middle(store, lambda tx: tx.artists.lock(one.id)):
            in_time(change)

        with store.read() as tx:
            assert tx.artists.get(other.id).total_tracks == 7

    @optional(Capability.PARALLEL)
    @pytest.mark.parametrize("door", ["read", "begin"])
    def test_reading_waits_for_nobody(self, store: Store, scene: Scene, door: Door) -> None:
        artist = scene.artist()

        def write(tx: Transaction) -> None:
            tx.artists.update(attrs.evolve(tx.artists.lock(artist.id), artist_name="Other"))
            tx.users.add(a_user(email="new@example.com"))

        before = look(store, "read", artist.id)
        with in_the_middle(store, write):
            assert in_time(lambda: look(store, door, artist.id)) == before

    @optional(Capability.PARALLEL)
    def test_a_row_that_is_referred_to_may_be_held_by_another(
        self, store: Store, scene: Scene
    ) -> None:
        track, reviewer = scene.track(), scene.reviewer()

        def hold(tx: Transaction) -> None:
            tx.artists.lock(track.artist_id)
            tx.tracks.lock(track.id)

        with in_the_middle(store, hold):
            in_time(lambda: scene.review(track, reviewer))

    @optional(Capability.PARALLEL)
    @pytest.mark.parametrize("name", LEASED)
    def test_a_lease_passes_by_what_another_block_is_at(
        self, store: Store, scene: Scene, name: str
    ) -> None:
        rows = [LEASED[name](scene, next_attempt_at=START) for _ in range(3)]

        def lease() -> list[str]:
            with store.begin() as tx:
                taken = getattr(tx, name).lease(START, until=START + MINUTE, limit=9)
                return sorted(one.id for one in taken)

        with in_the_middle(store, lambda tx: getattr(tx, name).lock(rows[1].id)):
            assert in_time(lease) == sorted([rows[0].id, rows[2].id])

    @optional(Capability.PARALLEL)
    def test_a_search_passes_by_whom_another_block_holds(self, store: Store, scene: Scene) -> None:
        track = scene.track()
        scene.review(track, status=ReviewStatus.COMPLETED)
        best = scene.reviewer(rating_count=4, rating_sum=20)
        others = [scene.reviewer(), scene.reviewer()]

        def find() -> list[Any]:
            with store.begin() as tx:
                return list(tx.reviewers.candidates(search(track), limit=2))

        with in_the_middle(store, lambda tx: tx.reviewers.lock(best.id)):
            assert in_time(find) == others
