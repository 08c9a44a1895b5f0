"""Entities as rows and back, worked out once from the fields of each entity.

A row has the fields of its entity as columns of the same names; a nested value's fields stand
among them. A column that no field has is computed from the entity (`extra`) and never read.
"""

from __future__ import annotations

import json
import operator
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType, NoneType
from typing import Any, Generic, TypeVar

import attrs
from sqlalchemy import Table

from reviewcore.adapters.sql.dialects import (
    DIALECTS,
    POSTGRESQL,
    SQLITE,
    Coder,
    Dialect,
    Row,
    instant_text,
)
from reviewcore.ports.codec import field_types

E = TypeVar("E")
T = TypeVar("T")
Key = Any
"""The value of a primary key: a text, or a tuple where it has several columns."""


class RowMap(Generic[E]):
    """How entities of one kind are kept in one table.

    *nested* is the name of a field that holds an attrs class or None and is laid flat: None is
    known by its first required column being null.
    """

    def __init__(
        self,
        entity: type[E],
        table: Table,
        *,
        nested: str | None = None,
        extra: Mapping[str, Callable[[E], object]] = MappingProxyType({}),
    ) -> None:
        self.entity = entity
        self.table = table
        self.name = table.name
        types = dict(field_types(entity))
        self._nested = _Nested(nested, types.pop(nested)) if nested is not None else None
        self._fields = tuple(types)
        inner = self._nested.types if self._nested is not None else {}
        self.columns = (*types, *inner, *extra)
        self.selected = tuple(table.c[name] for name in (*types, *inner))
        self.width = len(self.selected)
        self.key = tuple(column.name for column in table.primary_key)
        self._key_places = [self.columns.index(name) for name in self.key]
        self._read = operator.attrgetter(*types)
        self._extra = tuple(extra.values())
        kinds = {**types, **inner, **dict.fromkeys(extra, datetime)}
        self._encoders = {
            d: tuple(_encoder(name, _plain(kind), d) for name, kind in kinds.items())
            for d in DIALECTS.values()
        }
        self._decoders = {
            d: tuple(_decoder(_plain(kind), d) for kind in (*types.values(), *inner.values()))
            for d in DIALECTS.values()
        }
        self._key_of = operator.attrgetter(*self.key)

    def encode_key(self, dialect: Dialect, values: Row) -> list[object]:
        """Tell the primary key of an entity's values as the driver takes it."""
        return self.encode_some(dialect, values, self._key_places)

    def key_of(self, entity: E) -> Key:
        """Tell the primary key of an entity."""
        return self._key_of(entity)

    def spread(self, entity: E) -> Row:
        """Tell the values of an entity by `columns`, not yet encoded."""
        told: Row = self._read(entity)
        if self._nested is not None:
            told += self._nested.spread(entity)
        if self._extra:
            told += tuple(compute(entity) for compute in self._extra)
        return told

    def encode(self, dialect: Dialect, values: Row) -> list[object]:
        """Tell the values of an entity by `columns` as the driver takes them."""
        return [
            value if encode is None or value is None else encode(value)
            for encode, value in zip(self._encoders[dialect], values, strict=True)
        ]

    def changed(self, before: Row, after: Row) -> list[int]:
        """Tell which of `columns` differ."""
        pairs = enumerate(zip(before, after, strict=True))
        return [place for place, (old, new) in pairs if old is not new and old != new]

    def encode_some(self, dialect: Dialect, values: Row, places: list[int]) -> list[object]:
        """Tell the values at some places of `columns` as the driver takes them."""
        encoders = self._encoders[dialect]
        told = ((encoders[place], values[place]) for place in places)
        return [
            value if encode is None or value is None else encode(value) for encode, value in told
        ]

    def load(self, dialect: Dialect, row: Row) -> E:
        """Make the entity of a row of the `selected` columns."""
        told = [
            value if decode is None or value is None else decode(value)
            for decode, value in zip(self._decoders[dialect], row, strict=True)
        ]
        if self._nested is None:
            return self.entity(**dict(zip(self._fields, told, strict=True)))
        return self.entity(
            **dict(zip(self._fields, told, strict=False)),
            **self._nested.load(told[len(self._fields) :]),
        )


class _Nested:
    """A nested value laid flat into the columns of its owner."""

    def __init__(self, name: str, kind: Any) -> None:
        self.name = name
        self._kind = _plain(kind)
        self.types = dict(field_types(self._kind))
        self._read = operator.attrgetter(*self.types)
        self._nothing = (None,) * len(self.types)
        required = next(f.name for f in attrs.fields(self._kind) if f.default is attrs.NOTHING)
        self._sign = list(self.types).index(required)

    def spread(self, owner: object) -> Row:
        value = getattr(owner, self.name)
        return self._nothing if value is None else self._read(value)

    def load(self, told: list[Any]) -> dict[str, Any]:
        if told[self._sign] is None:
            return {self.name: None}
        return {self.name: self._kind(**dict(zip(self.types, told, strict=True)))}


def decoded(dialect: Dialect, kind: type[T], value: Any) -> T:
    """Make a value of a single column, not null, that no entity is made of."""
    decode = _decoder(kind, dialect)
    told: T = value if decode is None else decode(value)
    return told


def _plain(kind: Any) -> Any:
    """Take ``| None`` and NewTypes off a type."""
    while True:
        if isinstance(kind, typing.NewType):
            kind = kind.__supertype__
        elif NoneType in typing.get_args(kind):
            (kind,) = (one for one in typing.get_args(kind) if one is not NoneType)
        else:
            return kind


def _encoder(name: str, kind: Any, dialect: Dialect) -> Coder | None:
    if kind is datetime:
        return lambda at: instant_text(name, at)
    if kind is bool:
        return dialect.truth
    if kind in (int, float):
        return dialect.number
    if typing.get_origin(kind) is tuple:
        return lambda told: json.dumps(told, separators=(",", ":"))
    if typing.get_origin(kind) is not None:
        return lambda told: json.dumps(dict(told), separators=(",", ":"))
    assert issubclass(kind, str), f"no column holds {name}: {kind}"
    # Of a member of a StrEnum this makes the plain text that drivers want.
    return str if issubclass(kind, StrEnum) else None


def _decoder(kind: Any, dialect: Dialect) -> Coder | None:
    if kind is datetime:
        return _DECODE_TIME[dialect]
    if kind is bool and dialect is SQLITE:
        return bool
    if typing.get_origin(kind) is tuple:
        return lambda told: tuple(json.loads(told))
    if typing.get_origin(kind) is not None:
        return json.loads
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {member.value: member for member in kind}.__getitem__
    return None


def _in_utc(at: datetime) -> datetime:
    # The driver names the session's zone, which a host's connection may set as it likes.
    return at.astimezone(UTC)


_DECODE_TIME: Mapping[Dialect, Coder] = {POSTGRESQL: _in_utc, SQLITE: datetime.fromisoformat}
