"""What a transaction has collected: one change a row, whatever was done to it on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from reviewcore.adapters.sql.rows import RowMap
from reviewcore.adapters.sql.statements import Op
from reviewcore.ports.constraints import UNIQUES, Unique


@attrs.frozen
class Change:
    """From *before* (None: not read in this transaction) to *after* (None: to be deleted)."""

    op: Op
    before: Any
    after: Any

    def then(self, later: Change) -> Change | None:
        """Merge a later change of the same row into this one; None when nothing is left."""
        match self.op, later.op:
            case ((Op.INSERT | Op.INSERT_NEW), Op.UPDATE):
                return Change(self.op, None, later.after)
            case ((Op.INSERT | Op.INSERT_NEW), (Op.DELETE | Op.FORGET)):
                return None
            case ((Op.DELETE | Op.FORGET), (Op.INSERT | Op.INSERT_NEW)):
                return Change(Op.UPDATE, self.before, later.after)
            case Op.UPDATE, (Op.UPDATE | Op.DELETE | Op.FORGET):
                return Change(later.op, self.before, later.after)
            case ((Op.DELETE | Op.FORGET), Op.FORGET):
                return self
            case _, Op.INSERT_NEW:
                return self
            case _:
                raise AssertionError(f"{later.op} of a row after its {self.op}")


_NEW = frozenset({Op.INSERT, Op.INSERT_NEW})

Changes = Mapping[RowMap[Any], Mapping[Any, Change]]

_UNIQUES: Mapping[type, tuple[Unique, ...]] = {
    entity: tuple(unique for unique in UNIQUES if unique.entity is entity)
    for entity in {unique.entity for unique in UNIQUES}
}


def hands_over(changes: Changes) -> bool:
    """Whether some unique key is freed by one row and taken by another.

    Within one statement such a key would be taken twice for a moment, which databases refuse.
    """
    return any(
        _hands_over(_UNIQUES.get(rows.entity, ()), list(changed.values()))
        for rows, changed in changes.items()
        if len(changed) > 1
    )


def _hands_over(uniques: Iterable[Unique], changes: list[Change]) -> bool:
    for unique in uniques:
        freed, taken = set(), set()
        for change in changes:
            if change.before is None and change.op not in _NEW:
                # Nobody read what it was, so it may free anything.
                return True
            was, now = value_of(unique, change.before), value_of(unique, change.after)
            if was != now:
                freed.add(was)
                taken.add(now)
        if (freed & taken) - {None}:
            return True
    return False


def value_of(unique: Unique, entity: Any) -> tuple[Any, ...] | None:
    """Tell the unique key that an entity holds, or None."""
    if entity is None or (unique.when is not None and not unique.when(entity)):
        return None
    told = tuple(getattr(entity, field) for field in unique.fields)
    return None if None in told else told


def frees_first(rows: RowMap[Any]) -> Callable[[Change], bool]:
    """Tell the sort key that puts updates which only free a unique key before those that take."""
    uniques = _UNIQUES.get(rows.entity, ())

    def takes(change: Change) -> bool:
        return any(
            value_of(unique, change.after) not in (None, value_of(unique, change.before))
            for unique in uniques
        )

    return takes
