"""A process that dies at a chosen moment: at a commit, or once Stripe has answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from reviewcore.domain.ids import SYSTEM
from reviewcore.ports.store import Transaction
from tests.integration.crashes.test_boundaries import Path, PathStore


@attrs.define
class Way(Path):
    """The way of a process, which dies at boundary *ends_at*; 0 lets it live, and counts."""

    ends_at: int = 0
    crossed: int = 0

    def __attrs_post_init__(self) -> None:
        super().__init__(self.ends_at)

    def cross(self) -> None:
        """Pass a boundary, or die at it."""
        self.crossed += 1
        super().cross()


class AnsweredLine:
    """Something outside: the boundary is after the call.

    Before it stands the commit of the intent, after which nothing else has happened.
    """

    def __init__(self, inner: object, way: Path) -> None:
        self._inner = inner
        self._way = way

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._inner, name)

        def call(*args: object, **kwargs: object) -> object:
            answer = method(*args, **kwargs)
            self._way.cross()
            return answer

        return call


class CommitStore(PathStore):
    """A store with boundaries before and after each commit; to begin changes nothing."""

    @contextmanager
    def begin(self, *, actor: str = SYSTEM) -> Iterator[Transaction]:
        with self.inner.begin(actor=actor) as tx:
            yield tx
            tx.flush()
            self.path.cross()
        self.path.cross()
