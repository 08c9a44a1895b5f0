"""Stores that are broken on purpose, to see that a simulation finds out."""

from __future__ import annotations

from reviewcore.adapters.memory.store import Block, MemoryTransaction
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.ledger import Draft, EntryKind
from reviewcore.testing.simulator.world import SimulatedStore


class ForgetfulStore(SimulatedStore):
    """Drops the ledger's entry of every withdrawal."""

    def begin(self, *, actor: str = SYSTEM) -> Block:
        super().begin(actor=actor)
        return ForgetfulBlock(self, actor=actor, is_writable=True)


class ForgetfulBlock(Block):
    __slots__ = ()

    def __enter__(self) -> MemoryTransaction:
        tx = super().__enter__()
        add = tx.ledger.add

        def add_some(*drafts: Draft) -> None:
            add(*(one for one in drafts if one.kind is not EntryKind.REVIEW_COMPLETED))

        tx.ledger.add = add_some  # type: ignore[method-assign]  # the sabotage
        return tx
