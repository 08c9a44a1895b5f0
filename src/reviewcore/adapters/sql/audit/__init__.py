"""The laws as set queries: a million reviews are judged in the database, and nothing is read whole.

One module a kind of law, as in `domain.laws`, whose predicates these queries have to agree with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from reviewcore.adapters.sql.audit import money, people, slots
from reviewcore.adapters.sql.audit.checks import Check
from reviewcore.adapters.sql.context import Context
from reviewcore.adapters.sql.unit import Unit
from reviewcore.domain.laws import Law, Violation

CHECKS: Mapping[Law, tuple[Check, ...]] = MappingProxyType(
    {**money.CHECKS, **slots.CHECKS, **people.CHECKS}
)
"""Every law with what is asked for it."""


class SqlAudit:
    """Judges the market in the database."""

    def __init__(self, unit: Unit, context: Context) -> None:
        self._unit = unit
        self._context = context

    def judge(self, law: Law) -> Iterator[Violation]:
        for check in CHECKS[law]:
            rows = self._unit.stream(check.query, **check.given(self._context.rules))
            for row in rows:
                for breach in check.breaches(self._unit.dialect, row):
                    yield Violation(law=law.name, ids=breach.ids, told=breach.told)
