"""Counters of attempts: exact whoever counts, and begun anew when a window ends."""

from __future__ import annotations

from datetime import timedelta

from reviewcore.domain.throttling import RateLimit
from reviewcore.ports.store import Store
from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.contracts.store.races import at_once
from reviewcore.testing.contracts.store.scene import StoreFixtures, interrupt

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
TURNS = 10


def hit(store: Store, key: str = "sign_in:ada", *, window: timedelta = MINUTE) -> RateLimit:
    """Count in a block of its own."""
    with store.begin() as tx:
        return tx.rate_limits.hit(key, window=window)


def found(store: Store, key: str = "sign_in:ada") -> RateLimit | None:
    """Look without counting."""
    with store.read() as tx:
        return tx.rate_limits.find(key)


class ThrottlesContract(StoreFixtures):
    """Hits, windows, pardons and purges."""

    def test_hits_count_up_in_the_window_of_the_first(
        self, store: Store, clock: ManualClock
    ) -> None:
        told = []
        for _ in range(3):
            told.append(hit(store))
            clock.advance(seconds=1)

        assert [one.count for one in told] == [1, 2, 3]
        assert {one.reset_at for one in told} == {START + MINUTE}
        assert found(store) == told[-1]

    def test_keys_are_counted_apart(self, store: Store) -> None:
        hit(store, "sign_in:ada")

        assert hit(store, "sign_in:bob").count == 1
        assert found(store, "sign_up:ada") is None

    def test_a_hit_counts_at_once_within_its_block(self, store: Store) -> None:
        with store.begin() as tx:
            told = [tx.rate_limits.hit("x", window=MINUTE).count for _ in range(3)]
            known = tx.rate_limits.find("x")

        assert told == [1, 2, 3]
        assert known is not None
        assert known.count == 3

    def test_the_end_of_a_window_begins_another(self, store: Store, clock: ManualClock) -> None:
        hit(store)
        hit(store)
        clock.set(START + MINUTE - INSTANT)
        assert hit(store).count == 3
        clock.set(START + MINUTE)
        assert found(store) is None

        told = hit(store, window=2 * MINUTE)

        assert (told.count, told.reset_at) == (1, START + 3 * MINUTE)

    def test_a_hit_of_a_block_that_fails_is_none(self, store: Store) -> None:
        interrupt(store, lambda tx: tx.rate_limits.hit("x", window=MINUTE))

        assert found(store, "x") is None

    def test_a_hit_is_forgiven_once_and_never_below_nothing(self, store: Store) -> None:
        hit(store)
        hit(store)
        counts = []
        for _ in range(3):
            with store.begin() as tx:
                tx.rate_limits.forgive("sign_in:ada")
            told = found(store)
            assert told is not None
            counts.append(told.count)

        assert counts == [1, 0, 0]
        assert hit(store).count == 1

    def test_what_was_never_hit_or_is_over_is_not_forgiven(
        self, store: Store, clock: ManualClock
    ) -> None:
        hit(store)
        clock.set(START + MINUTE)

        with store.begin() as tx:
            tx.rate_limits.forgive("nothing")
            tx.rate_limits.forgive("sign_in:ada")

        assert found(store, "nothing") is None
        assert hit(store).count == 1

    def test_old_counters_are_purged(self, store: Store, clock: ManualClock) -> None:
        hit(store, "old")
        hit(store, "older", window=MINUTE - INSTANT)
        hit(store, "running", window=2 * MINUTE)

        with store.begin() as tx:
            assert tx.rate_limits.purge(START + MINUTE, limit=9) == 1
        with store.begin() as tx:
            assert tx.rate_limits.purge(START + MINUTE + INSTANT, limit=9) == 1

        clock.set(START + MINUTE)
        assert hit(store, "old").count == 1
        assert hit(store, "running").count == 2

    def test_no_hit_is_lost_among_many_at_once(self, store: Store) -> None:
        def count() -> list[int]:
            return [hit(store).count for _ in range(TURNS)]

        told = sorted(one for some in at_once(count, times=4) for one in some)

        assert told == list(range(1, 4 * TURNS + 1))
