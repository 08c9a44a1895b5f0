"""Stores that are broken on purpose, to see that a simulation finds out."""

from __future__ import annotations

from typing import Any, ClassVar

from reviewcore.adapters.memory.store import Block, MemoryTransaction
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.ledger import Draft, EntryKind
from reviewcore.testing.simulator.world import SimulatedStore


class MeddledBlock(Block):
    __slots__ = ()

    def __enter__(self) -> MemoryTransaction:
        tx = super().__enter__()
        store: Any = tx.store
        store.meddle(tx)
        return tx


class MeddledStore(SimulatedStore):
    block: ClassVar[type[Block]] = MeddledBlock

    def begin(self, *, actor: str = SYSTEM) -> Block:
        self.doom.pass_by()
        return self.block(self, actor=actor, is_writable=True)

    def meddle(self, tx: Any) -> None:
        """Break something in a block that has just begun."""
        raise NotImplementedError


class ForgetfulStore(MeddledStore):
    """Drops the ledger's entry of every review that is completed."""

    def meddle(self, tx: Any) -> None:
        add = tx.ledger.add

        def add_some(*drafts: Draft) -> None:
            add(*(one for one in drafts if one.kind is not EntryKind.REVIEW_COMPLETED))

        tx.ledger.add = add_some


class IdleStore(MeddledStore):
    """Never finds a payout that is due, so that none is ever sent."""

    def meddle(self, tx: Any) -> None:
        tx.payouts.lease = lambda *_, **__: ()
