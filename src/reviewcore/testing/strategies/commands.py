"""Every command of the use cases, as somebody could say it who makes no mistake.

Ids are made up: whoever performs a command gives those that his market has,
``command(FlagReview, review_id=review.id, artist_id=artist.id)``. Whether the market then refuses
it is for its state to say, never for the command's words.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

import attrs
from hypothesis import strategies as st

from reviewcore import usecases
from reviewcore.domain.events import EventRecord
from reviewcore.domain.reviews import RATING_NEEDS_REASON
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import START
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.deriving import Named, derived
from reviewcore.testing.strategies.entities import drawn
from reviewcore.testing.strategies.processor import processor_events
from reviewcore.testing.strategies.recipes import logs
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    OpenReviewerProfile,
    RateReview,
    ReceiveEvent,
    Remark,
    ReplyToTicket,
    Withdraw,
)
from reviewcore.usecases.deliver_event import DeliverEvent

C = TypeVar("C")
Told = dict[str, Any]

DEFAULT_RULES = MarketRules()


def _command_of(name: str) -> type[Any] | None:
    """Find the command of a use case's module: the class of the same words."""
    module = importlib.import_module(name)
    wanted = name.rpartition(".")[2].replace("_", "")
    for found, thing in vars(module).items():
        if found.lower() == wanted and inspect.isclass(thing) and attrs.has(thing):
            return thing
    return None


def _commands() -> tuple[type[Any], ...]:
    modules = pkgutil.iter_modules(usecases.__path__, f"{usecases.__name__}.")
    found = (_command_of(module.name) for module in modules if not module.ispkg)
    return tuple(kind for kind in found if kind is not None)


COMMANDS = _commands()
"""The command of every use case."""


def remarks() -> st.SearchStrategy[Remark]:
    """Draw remarks about single moments."""
    return st.builds(Remark, seconds=values.moments(), note=values.texts(240))


def answers(rules: MarketRules = DEFAULT_RULES) -> st.SearchStrategy[Mapping[int, int]]:
    """Draw answers to the quiz of *rules*, right and wrong."""
    choices = {
        number: st.integers(0, len(one.choices) - 1) for number, one in enumerate(rules.quiz)
    }
    return st.fixed_dictionaries(choices)


SAID: Named = MappingProxyType(
    {
        "email": values.typed_emails,
        "country": lambda: values.countries() | values.countries().map(str.lower),
        "answers": answers,
        "feedback": values.feedback,
        "timestamps": lambda: st.lists(remarks(), max_size=3).map(tuple),
        "until": lambda: values.times(since=START + timedelta(days=1)),
    }
)
"""What people say otherwise than it is kept."""


_RECORDS = {recipe.kind: recipe for recipe in logs.RECIPES}

SPECIAL: Mapping[type, Named] = MappingProxyType(
    {
        ReceiveEvent: {"event": processor_events},
        DeliverEvent: {"event": lambda: drawn(_RECORDS[EventRecord], {})},
    }
)
"""What one command alone says so."""


# ── what fields say of each other ────────────────────────────────────────────────────────────


@st.composite
def _one_actor(draw: st.DrawFn, given: Told, other: str) -> Told:
    """Draw who acts: an administrator with a reason, or the one in field *other*."""
    if "admin_id" in given or other in given:
        by_admin = given.get("admin_id") is not None
    else:
        by_admin = draw(st.booleans())
    if not by_admin:
        return {other: draw(values.ids(other.removesuffix("_id"))), "admin_id": None}
    return {other: None, "admin_id": draw(values.ids("user"))}


@st.composite
def _owner_or_admin(draw: st.DrawFn, given: Told) -> Told:
    told = draw(_one_actor(given, "artist_id"))
    reason = values.lines(200) if told["admin_id"] is not None else st.just("")
    return told | {"reason": draw(reason)}


@st.composite
def _offer(draw: st.DrawFn, given: Told) -> Told:
    if given.get("promo_code") is not None:
        return {"use_free_credit": False}
    return {"use_free_credit": draw(st.booleans()), "promo_code": None}


@st.composite
def _rating(draw: st.DrawFn, given: Told) -> Told:
    rating = given.get("rating") or draw(values.scores())
    needs = rating <= RATING_NEEDS_REASON
    return {"rating": rating, "reason": draw(values.texts(1000, 1 if needs else 0))}


@st.composite
def _withdrawal(draw: st.DrawFn, _given: Told) -> Told:
    least = DEFAULT_RULES.minimum_payout_cents
    return {
        "amount": draw(st.none() | values.cents(least)),
        "destination": draw(values.lines(254, 3)),
    }


@st.composite
def _profile(draw: st.DrawFn, _given: Told) -> Told:
    rules = DEFAULT_RULES
    return {
        "genres": draw(
            values.genre_slugs(rules.genres_per_reviewer_min, rules.genres_per_reviewer_max)
        )
    }


Bound = Callable[[Told], st.SearchStrategy[Told]]

BOUND: Mapping[type, Bound] = MappingProxyType(
    {
        CancelTrack: _owner_or_admin,
        CheckOut: _offer,
        CloseTrack: _owner_or_admin,
        OpenReviewerProfile: _profile,
        RateReview: _rating,
        ReplyToTicket: lambda given: _one_actor(given, "user_id"),
        Withdraw: _withdrawal,
    }
)
"""Commands whose fields depend on each other, or on the rules."""


def command(kind: type[C], **given: Any) -> st.SearchStrategy[C]:
    """Draw commands of a *kind*, with *given* fields as they are. Raises NoStrategy.

    Numbers that depend on rules fit the default rules.
    """
    said = {**SAID, **SPECIAL.get(kind, {})}
    if kind not in BOUND:
        return derived(kind, said, **given)
    return BOUND[kind](given).flatmap(lambda told: derived(kind, said, **(told | given)))
