"""A strategy for a class from its fields: by their names where these say more than their types.

A bare text or number says nothing about what it may be. One whose name is not known here raises
`NoStrategy` when a strategy is made, so that a new field cannot be drawn carelessly.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType, NoneType, UnionType
from typing import Any

import attrs
from hypothesis import strategies as st

from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import SYSTEM, GenreId
from reviewcore.domain.money import Cents
from reviewcore.domain.users import token_hash
from reviewcore.ports.codec import field_types
from reviewcore.testing.strategies import values

Strategy = st.SearchStrategy[Any]
Named = Mapping[str, Callable[[], Strategy]]

LONGEST_LIST = 3


class NoStrategy(TypeError):
    """Nothing is known about what this field may be; say it in `deriving.NAMED`."""

    def __init__(self, kind: type, name: str) -> None:
        super().__init__(f"{kind.__name__}.{name}: {self.__doc__}")


def _counts() -> Strategy:
    return st.integers(0, 1000)


def _numbers() -> Strategy:
    return st.integers(1, 1000)


def _urls() -> Strategy:
    return st.text(values.LETTERS, max_size=8).map("https://market.example/{}".format)


def _codes() -> Strategy:
    return st.sampled_from(("card_declined", "expired", "balance_insufficient"))


NAMED: Named = MappingProxyType(
    {
        # ── people ───────────────────────────────────────────────────────────────────────────
        "email": values.normalised_emails,
        "password": values.passwords,
        "name": lambda: values.lines(100, 0),
        "artist_name": lambda: values.lines(100),
        "country": values.countries,
        "provider": lambda: st.sampled_from(("peer", "google")),
        "provider_account_id": lambda: values.ids("sub"),
        "token": values.tokens,
        "token_hash": lambda: values.tokens().map(token_hash),
        "state": values.tokens,
        "nonce": values.tokens,
        "verifier": values.tokens,
        "by": lambda: values.ids("digest"),
        "familiar": lambda: values.ids("digest"),
        # ── tracks and reviews ───────────────────────────────────────────────────────────────
        "title": lambda: values.lines(200),
        "source_url": values.source_urls,
        "genres": values.genre_slugs,
        "duration": lambda: st.integers(1, 6 * 3600),
        "feedback_focus": lambda: values.texts(1000),
        "promo_code": lambda: st.sampled_from(("LAUNCH", "WELCOME")),
        "upload_prefix": lambda: st.just("https://market.example/uploads"),
        "rules_version": lambda: st.text("0123456789abcdef", min_size=12, max_size=12),
        "seconds": values.moments,
        "note": lambda: values.texts(240),
        "rating": values.scores,
        "artist_rating": values.scores,
        "slug": lambda: st.sampled_from([genre.slug for genre in CATALOGUE]),
        "filename": lambda: values.lines(255),
        "content_type": lambda: st.sampled_from(("audio/mpeg", "audio/flac")),
        "content_length": lambda: st.integers(1, 25 * 1024 * 1024),
        # ── money ────────────────────────────────────────────────────────────────────────────
        "currency": values.currencies,
        "destination": lambda: values.lines(254, 3),
        "reference": lambda: values.lines(200),
        "external_id": lambda: values.ids("ext"),
        "external_payment_id": lambda: values.ids("pi"),
        "session_id": lambda: values.ids("cs"),
        "stripe_account_id": lambda: values.ids("acct"),
        "stripe_session_id": lambda: values.ids("cs"),
        "stripe_payment_id": lambda: values.ids("pi"),
        "account_id": lambda: values.ids("acct"),
        "key": lambda: values.ids("key"),
        "code": _codes,
        "failure_reason": _codes,
        "failure": _codes,
        "return_url": _urls,
        "redirect_uri": _urls,
        "base_url": _urls,
        "url": _urls,
        "credits": lambda: st.integers(1, 100),
        "fee": lambda: values.cents(0),
        "balance_cents": lambda: values.cents(-1000),
        # ── service and logs ─────────────────────────────────────────────────────────────────
        "subject": lambda: values.lines(120),
        "message": lambda: values.texts(4000),
        "body": lambda: values.texts(4000),
        "source": lambda: values.lines(200),
        "reason": lambda: values.lines(200),
        "act": lambda: st.sampled_from(("restrict_reviewer", "grant_tier")),
        "actor": lambda: values.ids("user") | st.just(SYSTEM),
        "admin_id": lambda: values.ids("user"),
        "author_id": lambda: values.ids("user"),
        "object_id": lambda: values.ids("ext"),
        "event_id": lambda: values.ids("event"),
        "id": lambda: values.ids("id"),
        "cause": lambda: values.ids("cause"),
        "share_id": lambda: values.ids("s"),
        "type": lambda: st.sampled_from(("refund.updated", "transfer.created")),
        "aggregate": lambda: values.ids("track").map("track:{}".format),
        "law": lambda: st.sampled_from(("entries_balance", "money_moves_once")),
        "told": lambda: values.lines(100),
        "ids": lambda: st.lists(values.ids("id"), min_size=1, max_size=2).map(tuple),
        # ── counts ───────────────────────────────────────────────────────────────────────────
        "limit": lambda: st.integers(1, 200),
        "number": _numbers,
        "slot_number": _numbers,
        "sequence": _numbers,
        "slots": _numbers,
        "score": _counts,
        "active_count": _counts,
        "gem_count": _counts,
        "pair_reviews": _counts,
        "open_slots": _counts,
        "still_open": _counts,
        "ratings_below": _counts,
        "count": _numbers,
        "checked": _counts,
        "repaired": _counts,
        "average_rating": lambda: st.floats(1, 5),
    }
)


def fields(kind: type, named: Named | None = None, **given: Any) -> dict[str, Strategy]:
    """Tell a strategy for every field of *kind* that is not in *given*.

    *named* goes before `NAMED`. A field that has a default may be left at it. Raises NoStrategy.
    """
    names = {**NAMED, **(named or {})}
    hints = field_types(kind)
    return {
        name: _of_field(kind, name, hint, names)
        for name, hint in hints.items()
        if name not in given
    }


def derived(kind: type, named: Named | None = None, **given: Any) -> Strategy:
    """Draw a *kind* of whatever its fields may be, with *given* fields as they are."""
    return st.fixed_dictionaries(fields(kind, named, **given)).map(
        lambda told: kind(**(told | given))
    )


def _of_field(kind: type, name: str, hint: Any, names: Named) -> Strategy:
    inner, is_optional = _without_none(hint)
    made = names[name]() if name in names else _of_type(kind, name, inner, names)
    return st.none() | made if is_optional else made


def _without_none(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in {UnionType, typing.Union}:
        others = [one for one in typing.get_args(hint) if one is not NoneType]
        return others[0], len(others) < len(typing.get_args(hint))
    return hint, False


def _of_type(kind: type, name: str, hint: Any, names: Named) -> Strategy:
    if hint in SIMPLE:
        return SIMPLE[hint]()
    if isinstance(hint, typing.NewType):
        return values.ids(hint.__name__.removesuffix("Id").lower())
    if typing.get_origin(hint) in {tuple, frozenset}:
        item, shape = typing.get_args(hint)[0], typing.get_origin(hint)
        many = st.lists(_of_type(kind, name, item, names), max_size=LONGEST_LIST)
        return many.map(shape)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and attrs.has(hint):
        return derived(hint)
    raise NoStrategy(kind, name)


SIMPLE: Mapping[Any, Callable[[], Strategy]] = MappingProxyType(
    {
        bool: st.booleans,
        datetime: values.times,
        Cents: values.cents,
        GenreId: lambda: values.genre_slugs(1, 1).map(lambda slugs: GenreId(slugs[0])),
    }
)
