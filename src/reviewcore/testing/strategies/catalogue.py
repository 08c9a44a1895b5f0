"""Which strategy draws which class of the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain import notices
from reviewcore.domain.events import Event
from reviewcore.domain.genres import CATALOGUE, GenreTree
from reviewcore.domain.leaving import Ties
from reviewcore.domain.ledger import Draft, Move
from reviewcore.domain.matching import (
    Assignment,
    Candidate,
    History,
    Pairing,
    Plan,
    Search,
    Verdict,
)
from reviewcore.domain.reviewers import ReviewerProfile
from reviewcore.domain.rules import MarketRules, Package, QuizQuestion
from reviewcore.domain.slots import Slot
from reviewcore.domain.uploads import Playable, Unplayable
from reviewcore.domain.webhooks import ProcessorEvent
from reviewcore.testing.strategies import events, ledger, processor
from reviewcore.testing.strategies.commands import COMMANDS, command
from reviewcore.testing.strategies.deriving import derived
from reviewcore.testing.strategies.entities import Recipe, drawn
from reviewcore.testing.strategies.recipes import logs, money, people, tracks
from reviewcore.testing.strategies.rulesets import packages, questions, rules

Strategy = st.SearchStrategy[Any]

ENTITIES: Mapping[type, Recipe] = MappingProxyType(
    {
        recipe.kind: recipe
        for recipe in (*people.RECIPES, *tracks.RECIPES, *money.RECIPES, *logs.RECIPES)
    }
)
"""How every entity is drawn."""

VALUES: Mapping[type, Callable[..., Strategy]] = MappingProxyType(
    {
        Assignment: lambda **given: derived(Assignment, **given),
        Candidate: lambda **given: _nested(Candidate, given, reviewer=ReviewerProfile),
        Draft: ledger.drafts,
        GenreTree: lambda: st.just(GenreTree(CATALOGUE)),
        History: lambda **given: derived(History, **given),
        MarketRules: rules,
        Move: ledger.moves,
        notices.Notice: lambda: st.sampled_from(tuple(notices.NOTICES.values())),
        Package: packages,
        Pairing: lambda **given: _nested(Pairing, given, slot=Slot, reviewer=ReviewerProfile),
        Plan: lambda **given: derived(Plan, **given),
        Playable: lambda **given: derived(Playable, **given),
        ProcessorEvent: processor.processor_events,
        QuizQuestion: questions,
        Search: lambda **given: derived(Search, **given),
        Ties: lambda **given: derived(Ties, **given),
        Unplayable: lambda **given: derived(Unplayable, **given),
        Verdict: lambda **given: derived(Verdict, **given),
    }
)
"""How every other class of the domain is drawn; events are by their kind."""


def of(kind: type, **given: Any) -> Strategy:
    """Draw a *kind*: an entity, a value or an event of the domain, or a command.

    *given* fields are as they are. Raises NoStrategy for a class that is not known.
    """
    if kind in ENTITIES:
        return drawn(ENTITIES[kind], given)
    if kind in VALUES:
        return VALUES[kind](**given)
    if kind in COMMANDS:
        return command(kind, **given)
    if issubclass(kind, Event):
        return events.event(kind, **given)
    return derived(kind, **given)


def _nested(kind: type, given: dict[str, Any], **inner: type) -> Strategy:
    more = {name: of(one) for name, one in inner.items() if name not in given}
    return st.fixed_dictionaries(more).flatmap(lambda told: derived(kind, **(told | given)))
