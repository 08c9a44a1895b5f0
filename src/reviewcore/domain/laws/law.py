"""What a law is: a name, a promise, and a judge of whatever is in scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

import attrs

from reviewcore.domain.laws.view import View

K = TypeVar("K", bound=str)
V = TypeVar("V")


@attrs.frozen(kw_only=True)
class Violation:
    """Something breaks a law; *ids* are the things at fault, *told* says how."""

    law: str
    ids: tuple[str, ...]
    told: str


@attrs.frozen(kw_only=True)
class Scope:
    """What is to be judged: the things whose ids are named, or everything (None).

    A view must hold all that hangs on what is in scope, and may hold more.
    """

    ids: frozenset[str] | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.ids is None

    def of(self, things: Mapping[K, V]) -> Iterable[V]:
        """Pick the things in scope, in the order of their ids when some are left out."""
        if self.ids is None:
            return things.values()
        # An id of another kind of thing is a name that is not in the mapping.
        return [things[one] for one in cast("list[K]", self._in_order) if one in things]

    @cached_property
    def _in_order(self) -> list[str]:
        """The ids, sorted once for all laws."""
        return sorted(self.ids or ())

    def once(self) -> Scope:
        """Make a scope that picks each kind of thing once, while the view stands still."""
        return self if self.ids is None else PickedScope(ids=self.ids)


@attrs.frozen(kw_only=True)
class PickedScope(Scope):
    """A scope for laws that judge one view one after the other, between two steps.

    Most of them look at tracks or reviews, and what is in scope of these is the same for all.
    """

    _picked: dict[int, tuple[object, list[Any]]] = attrs.field(
        factory=dict, init=False, eq=False, repr=False
    )

    def of(self, things: Mapping[K, V]) -> Iterable[V]:
        """Pick the things in scope, as before if these were asked for before."""
        known = self._picked.get(id(things))
        if known is None:
            # The mapping is kept with what was picked, so that no other can get its number.
            known = self._picked[id(things)] = (things, [*Scope.of(self, things)])
        return known[1]


EVERYTHING = Scope()
"""Nothing left out."""


@attrs.frozen(kw_only=True)
class Breach:
    """What a law's judge finds, before it bears the law's name."""

    ids: tuple[str, ...]
    told: str


Judge = Callable[[View, Scope], Iterator[Breach]]


@attrs.frozen(kw_only=True)
class Law:
    """What holds after every step, in every store.

    Attributes:
        name: what violations, reports and monitors call it.
        promise: what holds, in a sentence or two.
        numbers: the laws of the specification that it stands for, 1-10.

    Called with a view and a scope, it yields a violation for each thing that breaks it.
    Everything is recomputed from reviews, slots and postings, never from another stored counter.
    """

    name: str
    promise: str
    numbers: tuple[int, ...]
    judge: Judge = attrs.field(repr=False)

    def __call__(self, view: View, scope: Scope = EVERYTHING) -> Iterator[Violation]:
        """Judge what is in *scope*; what the view holds besides is only looked at."""
        for breach in self.judge(view, scope):
            yield Violation(law=self.name, ids=breach.ids, told=breach.told)


def law(*numbers: int) -> Callable[[Judge], Law]:
    """Make a law of a judge; its docstring is the promise."""

    def make(judge: Judge) -> Law:
        return Law(
            name=judge.__name__,
            promise=" ".join((judge.__doc__ or "").split()),
            numbers=numbers,
            judge=judge,
        )

    return make


def breach(*ids: str, told: str) -> Breach:
    """Say that *ids* are at fault, and how."""
    return Breach(ids=ids, told=told)


def compare(thing: str, **pairs: tuple[object, object]) -> Iterator[Breach]:
    """Yield a breach for each named pair (stored, recomputed) that differs."""
    for name, (stored, recomputed) in pairs.items():
        if stored != recomputed:
            yield breach(thing, told=f"{name} is {stored}, recomputed {recomputed}")
