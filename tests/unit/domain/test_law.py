from __future__ import annotations

from collections.abc import Iterator

from reviewcore.domain.laws import MarketView, Scope, View, Violation
from reviewcore.domain.laws.law import Breach, breach, compare, law
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules

EMPTY = MarketView(
    rules=MarketRules(),
    artists=(),
    reviewers=(),
    tracks=(),
    slots=(),
    reviews=(),
    queue=(),
    flags=(),
    payments=(),
    refunds=(),
    disputes=(),
    reversals=(),
    payouts=(),
    entries=(),
)


def test_a_judge_becomes_a_law_of_its_name_with_its_docstring_as_promise() -> None:
    @law(2, 7)
    def rooms_are_swept(view: View, scope: Scope) -> Iterator[Breach]:
        """Every room
        is swept.
        """
        yield breach("room", "broom", told=f"{view.rules.currency}, {scope.is_everything}")

    @law()
    def nothing_is_promised(_view: View, _scope: Scope) -> Iterator[Breach]:
        return iter(())

    assert (rooms_are_swept.name, rooms_are_swept.numbers) == ("rooms_are_swept", (2, 7))
    assert rooms_are_swept.promise == "Every room is swept."
    assert list(rooms_are_swept(EMPTY)) == [
        Violation(law="rooms_are_swept", ids=("room", "broom"), told="usd, True")
    ]
    assert list(rooms_are_swept(EMPTY, Scope(ids=frozenset()))) == [
        Violation(law="rooms_are_swept", ids=("room", "broom"), told="usd, False")
    ]
    assert nothing_is_promised.promise == ""


def test_only_what_differs_from_what_is_stored_is_told() -> None:
    found = compare("t", slots=(3, 3), counted=(1, 2), spent=(Cents(5), None))

    assert list(found) == [
        Breach(ids=("t",), told="counted is 1, recomputed 2"),
        Breach(ids=("t",), told="spent is 5, recomputed None"),
    ]


def test_a_scope_picks_what_it_names_in_the_order_of_ids() -> None:
    things = {"c": 3, "a": 1, "b": 2}

    assert list(Scope(ids=frozenset({"b", "c", "x"})).of(things)) == [2, 3]
    assert list(Scope().of(things)) == [3, 1, 2]


def test_a_scope_for_many_laws_picks_the_same_and_each_kind_once() -> None:
    things, others = {"c": 3, "a": 1, "b": 2}, {"b": 4}
    once = Scope(ids=frozenset({"b", "c", "x"})).once()

    assert list(once.of(things)) == [2, 3]
    assert list(once.of(others)) == [4]
    assert once.of(things) is once.of(things)
    assert list(Scope().once().of(things)) == [3, 1, 2]
