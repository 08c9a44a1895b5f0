"""What the people and banks outside the API have in common: the world, and time that passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reviewcore.testing.stripe.api import Api
from reviewcore.testing.stripe.world import World


class Played:
    """One of the parts that a test or a person plays."""

    _world: World
    _api: Api

    @contextmanager
    def _playing(self) -> Iterator[World]:
        """Hold the world, with everything done that time alone brought."""
        with self._world.lock:
            self._world.pass_time()
            yield self._world
