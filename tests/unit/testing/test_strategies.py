"""The published strategies: complete, valid by construction, and quick to shrink."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from reviewcore import domain
from reviewcore.domain.events import Event, event_kinds
from reviewcore.domain.laws import violations
from reviewcore.domain.ledger import EntryKind
from reviewcore.domain.privacy import TABLE
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.ports.codec import decode, encode, field_types
from reviewcore.testing import strategies as some
from reviewcore.testing.builders.fits import misfits
from reviewcore.testing.clock import START

FEW = settings(max_examples=5, deadline=None)
OFTEN = settings(max_examples=3000, database=None, deadline=None, phases=[Phase.generate])
SMALL = settings(max_examples=100, database=None, deadline=None)


def classes_of(package: Any) -> Iterator[type]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for thing in vars(module).values():
            is_own = inspect.isclass(thing) and thing.__module__ == module.__name__
            # The laws are told about markets, which `markets` draws whole.
            is_own = is_own and not module.__name__.startswith("reviewcore.domain.laws")
            if is_own and attrs.has(thing) and not issubclass(thing, Exception):
                yield thing


DOMAIN = sorted(set(classes_of(domain)), key=lambda kind: kind.__qualname__)


def name_of(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


# ── completeness ─────────────────────────────────────────────────────────────────────────────


def test_every_entity_has_a_strategy() -> None:
    assert set(some.ENTITIES) == set(TABLE)


def test_every_class_of_the_domain_has_a_strategy() -> None:
    events = set(event_kinds().values())

    assert set(DOMAIN) == set(some.ENTITIES) | set(some.VALUES) | events


@pytest.mark.parametrize("kind", [*DOMAIN, *some.COMMANDS], ids=name_of)
def test_a_strategy_can_be_made_for_every_class_and_command(kind: type) -> None:
    @FEW
    @given(some.of(kind))
    def draws(told: Any) -> None:
        assert isinstance(told, kind)

    draws()


def test_every_use_case_has_a_command_that_is_drawn() -> None:
    verbs = {
        found.name
        for found in pkgutil.iter_modules(importlib.import_module("reviewcore.usecases").__path__)
        if not found.ispkg
    }

    assert {kind.__module__.rpartition(".")[2] for kind in some.COMMANDS} == verbs


def test_a_field_of_which_nothing_is_known_is_refused() -> None:
    @attrs.frozen
    class Odd:
        mood: str

    with pytest.raises(some.NoStrategy, match=r"Odd\.mood"):
        some.of(Odd)


# ── entities ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", TABLE, ids=name_of)
def test_what_is_drawn_fits_and_survives_the_way_through_json(kind: type) -> None:
    @settings(max_examples=15, deadline=None)
    @given(some.of(kind))
    def fits(entity: Any) -> None:
        assert misfits(entity) == ()
        assert decode(kind, json.loads(json.dumps(encode(entity)))) == entity

    fits()


@settings(max_examples=60, deadline=None)
@given(some.any_event())
def test_every_event_survives_the_way_through_json(event: Event) -> None:
    assert decode(type(event), json.loads(json.dumps(encode(event)))) == event
    assert event.aggregate


STATES = [
    (kind, status)
    for kind in TABLE
    if hasattr(field_types(kind).get("status"), "__members__")
    for status in field_types(kind)["status"]
]


@pytest.mark.parametrize(("kind", "status"), STATES, ids=name_of)
def test_every_status_can_be_asked_for(kind: type, status: object) -> None:
    @settings(max_examples=5, deadline=None)
    @given(some.of(kind, status=status))
    def stands(entity: Any) -> None:
        assert entity.status is status

    stands()


def test_a_strategy_draws_what_was_given_and_the_same_ids_again() -> None:
    review = find(some.reviews(track_id="t"), lambda one: one.status is ReviewStatus.COMPLETED)
    again = find(some.reviews(track_id="t"), lambda one: one.status is ReviewStatus.COMPLETED)

    assert review.track_id == "t"
    assert review == again


@pytest.mark.parametrize("kind", EntryKind)
def test_every_row_of_the_money_table_is_drawn_and_balances(kind: EntryKind) -> None:
    @FEW
    @given(some.drafts(kind))
    def balances(draft: Any) -> None:
        assert draft.kind is kind
        assert sum(posting.amount for posting in draft.postings) == 0

    balances()


# ── shrinking ────────────────────────────────────────────────────────────────────────────────


def smallest(strategy: st.SearchStrategy[Any], condition: Any = lambda _: True) -> Any:
    return find(strategy, condition, settings=SMALL)


def test_values_shrink_to_what_is_short_and_plain() -> None:
    assert smallest(some.lines(100)) == "0"
    assert smallest(some.lines(100, 0)) == ""
    assert smallest(some.cents()) == 1
    assert smallest(some.times()) == START
    assert smallest(some.typed_emails()) == "0@a.example"
    assert smallest(some.countries()) == "AA"
    assert smallest(some.genre_slugs()) == ("electronic",)
    assert smallest(some.source_urls()) == "https://soundcloud.com/0/0"
    assert smallest(some.ids("track")) == f"track{1:021d}"


# ── rules and markets ────────────────────────────────────────────────────────────────────────


@settings(max_examples=15, deadline=None)
@given(some.markets())
def test_every_law_holds_in_every_market(market: some.Market) -> None:
    view = market.view()

    assert violations(view) == ()
    for things in attrs.asdict(view, recurse=False).values():
        for thing in things if isinstance(things, tuple) else ():
            assert misfits(thing) == ()
