from __future__ import annotations

from collections.abc import Iterator

import pytest

from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.memory.work import Change
from reviewcore.domain.genres import Genre
from reviewcore.testing.builders import a_genre
from reviewcore.testing.contracts.store.scene import interrupt


@pytest.fixture
def seen() -> list[Change]:
    return []


@pytest.fixture
def store(seen: list[Change]) -> MemoryStore:
    def observe(changes: Iterator[Change]) -> None:
        seen.extend(changes)

    return MemoryStore(on_commit=observe)


def test_what_a_block_kept_is_told_once(store: MemoryStore, seen: list[Change]) -> None:
    genre = a_genre()

    with store.begin() as tx:
        tx.genres.add(genre)
        assert seen == []

    assert seen == [Change(Genre, genre.id, None, genre)]


def test_what_a_block_gave_up_is_not_told(store: MemoryStore, seen: list[Change]) -> None:
    interrupt(store, lambda tx: tx.genres.add(a_genre()))

    assert seen == []


def test_a_snapshot_tells_nothing(store: MemoryStore, seen: list[Change]) -> None:
    with store.read() as tx:
        list(tx.users.all())

    assert seen == []
