"""Values as JSON and back: results kept for idempotency, payloads of events.

What is understood: attrs classes, `X | None`, enums of text, aware datetimes (ISO 8601 with
microseconds, in UTC, so that the texts sort like the times), `tuple[X, ...]`, mappings whose keys
are texts or whole numbers (written as text, for JSON has no others), NewTypes, Decimal, str, int,
bool, float and None. Anything else is a bug of ours and raises TypeError. How a class is read is
worked out once and kept.
"""

from __future__ import annotations

import collections.abc
import math
import re
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, overload

import attrs

T = TypeVar("T")

Json = Any
"""None, bool, int, float, str, a list of these or a dict of these by text."""

Kind = Any
"""A class, or an annotation such as ``tuple[int, ...] | None``."""

Value = Any
Encoder = Callable[[Value], Json]
Decoder = Callable[[Json], Value]

_ABSTRACT = {name: getattr(collections.abc, name) for name in collections.abc.__all__}
"""What the domain's modules import for annotations only."""


_NUMBER = re.compile("0|-?[1-9][0-9]*")


class Undecodable(ValueError):
    """The data does not fit the type; *path* says where, such as ``.slots[3].price``."""

    def __init__(self, reason: str, *, path: str = "") -> None:
        super().__init__(f"{path or 'the value'}: {reason}")
        self.reason = reason
        self.path = path

    def under(self, step: str) -> Undecodable:
        """Make the same error as seen from one step further out."""
        return Undecodable(self.reason, path=f"{step}{self.path}")


# ── encoding ─────────────────────────────────────────────────────────────────────────────────

_PLAIN = frozenset({NoneType, bool, int, str})


def encode(value: object) -> Json:
    """Tell *value* as JSON-ready data that `decode` reads back.

    Raises TypeError for a type that is not understood, ValueError for a naive datetime or a float
    that is no number; both name the field of the class that has it.
    """
    kind: Kind = type(value)
    return value if kind in _PLAIN else _encoder(kind)(value)


@cache
def _encoder(kind: Kind) -> Encoder:
    if attrs.has(kind):
        return _attrs_encoder(kind)
    for base, encoder in _ENCODERS.items():
        if issubclass(kind, base):
            return encoder
    raise TypeError(f"no JSON form is known for {kind.__qualname__}")


def _attrs_encoder(kind: type[Any]) -> Encoder:
    names = tuple(field.name for field in attrs.fields(kind) if field.init)

    def encode_fields(value: object) -> Json:
        encoded = {}
        for name in names:
            try:
                encoded[name] = encode(getattr(value, name))
            except (TypeError, ValueError) as error:
                raise type(error)(f"{kind.__name__}.{name}: {error}") from error
        return encoded

    return encode_fields


def encode_time(at: datetime) -> str:
    """Tell an aware time as ISO 8601 in UTC with microseconds. Raises ValueError if naive."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} is naive; times carry their zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _encode_mapping(told: Mapping[Any, object]) -> Json:
    encoded = {}
    for key, value in told.items():
        if not isinstance(key, str) and type(key) is not int:
            raise TypeError(f"the key {key!r} of a mapping is neither text nor a whole number")
        encoded[str(key)] = encode(value)
    if len(encoded) < len(told):
        raise TypeError("a mapping has a number and its text as keys")
    return encoded


def _encode_float(told: float) -> float:
    if not math.isfinite(told):
        raise ValueError(f"{told!r} is no number, so JSON cannot hold it")
    return told


_ENCODERS: Mapping[type[Any], Encoder] = MappingProxyType(
    {
        StrEnum: str,
        datetime: encode_time,
        Mapping: _encode_mapping,
        tuple: lambda told: [encode(item) for item in told],
        list: lambda told: [encode(item) for item in told],
        float: _encode_float,
        Decimal: str,
    }
)


# ── decoding ─────────────────────────────────────────────────────────────────────────────────


@overload
def decode(kind: type[T], data: Json) -> T: ...
@overload
def decode(kind: object, data: Json) -> Value: ...
def decode(kind: Kind, data: Json) -> Value:
    """Make a value of type *kind* of what `encode` told; nothing is converted or guessed.

    A field that has a default may be absent, so that a field can be added to a class whose values
    are kept; an unknown field is refused. Raises Undecodable, TypeError for a type that is not
    understood.
    """
    return _decoder(kind)(data)


@cache
def _decoder(kind: Kind) -> Decoder:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if isinstance(kind, typing.NewType):
        return _decoder(kind.__supertype__)
    origin = typing.get_origin(kind)
    if origin in _GENERIC:
        return _GENERIC[origin](kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _enum_decoder(kind)
    if isinstance(kind, type) and attrs.has(kind):
        return _attrs_decoder(kind)
    raise TypeError(f"no JSON form is known for {kind!r}")


def _require(kind: type[Any], data: Json, wanted: str) -> None:
    # `isinstance` would take True for 1.
    if type(data) is not kind:
        raise Undecodable(f"is {type(data).__name__}, not {wanted}")


def _exactly(kind: type[Any]) -> Decoder:
    def decode_exactly(data: Json) -> Value:
        _require(kind, data, kind.__name__)
        return data

    return decode_exactly


def _decode_number(data: Json) -> int:
    _require(str, data, "a whole number as text")
    if not _NUMBER.fullmatch(data):
        raise Undecodable(f"{data!r} is not a whole number")
    return int(data)


def _decode_float(data: Json) -> float:
    # JSON does not tell 4 from 4.0, and some writers drop the fraction.
    if type(data) is not float and type(data) is not int:
        raise Undecodable(f"is {type(data).__name__}, not a number")
    return float(data)


def _decode_decimal(data: Json) -> Decimal:
    _require(str, data, "a number as text")
    try:
        return Decimal(data)
    except InvalidOperation as error:
        raise Undecodable(f"{data!r} is not a number") from error


def _decode_time(data: Json) -> datetime:
    _require(str, data, "a time as text")
    try:
        at = datetime.fromisoformat(data)
    except ValueError as error:
        raise Undecodable(f"{data!r} is not an ISO 8601 time") from error
    if at.tzinfo is None:
        raise Undecodable(f"{data!r} is naive; times carry their zone")
    return at.astimezone(UTC)


_SIMPLE: Mapping[Any, Decoder] = MappingProxyType(
    {
        None: _exactly(NoneType),
        NoneType: _exactly(NoneType),
        str: _exactly(str),
        int: _exactly(int),
        bool: _exactly(bool),
        float: _decode_float,
        Decimal: _decode_decimal,
        datetime: _decode_time,
        object: lambda data: data,
        Any: lambda data: data,
    }
)


def _enum_decoder(kind: type[StrEnum]) -> Decoder:
    members = {str(member): member for member in kind}

    def decode_member(data: Json) -> StrEnum:
        if type(data) is not str or data not in members:
            raise Undecodable(f"{data!r} is not a {kind.__name__}")
        return members[data]

    return decode_member


def _optional_decoder(kind: Kind) -> Decoder:
    others = [one for one in typing.get_args(kind) if one is not NoneType]
    if len(others) != 1:
        raise TypeError(f"a union of several types cannot be told apart: {kind!r}")
    inner = _decoder(others[0])
    return lambda data: None if data is None else inner(data)


def _tuple_decoder(kind: Kind) -> Decoder:
    item, *rest = typing.get_args(kind)
    if rest != [...]:
        raise TypeError(f"only tuples of any length are understood, not {kind!r}")
    inner = _decoder(item)

    def decode_items(data: Json) -> tuple[Any, ...]:
        _require(list, data, "an array")
        return tuple([_at(f"[{number}]", inner, one) for number, one in enumerate(data)])

    return decode_items


def _mapping_decoder(kind: Kind) -> Decoder:
    key, value = typing.get_args(kind)
    key_of, value_of = _decode_number if key is int else _decoder(key), _decoder(value)

    def decode_items(data: Json) -> Mapping[Any, Any]:
        _require(dict, data, "an object")
        return MappingProxyType(
            {_at(f"[{k!r}]", key_of, k): _at(f"[{k!r}]", value_of, v) for k, v in data.items()}
        )

    return decode_items


_GENERIC: Mapping[Any, Callable[[Kind], Decoder]] = MappingProxyType(
    {
        UnionType: _optional_decoder,
        typing.Union: _optional_decoder,
        tuple: _tuple_decoder,
        Mapping: _mapping_decoder,
        dict: _mapping_decoder,
    }
)


def field_types(kind: type[Any]) -> Mapping[str, Any]:
    """Tell the resolved type of every field of an attrs class, in order."""
    hints = typing.get_type_hints(kind, localns=_ABSTRACT)
    return {field.name: hints[field.name] for field in attrs.fields(kind) if field.init}


def _attrs_decoder(kind: type[Any]) -> Decoder:
    types = field_types(kind)
    fields = {field.name: field for field in attrs.fields(kind) if field.init}
    required = {name for name, field in fields.items() if field.default is attrs.NOTHING}
    arguments = {name: field.alias or name for name, field in fields.items()}
    # Read on first use: a class may hold its own kind.
    decoders: dict[str, Decoder] = {}

    def decode_fields(data: Json) -> Value:
        if not decoders:
            decoders.update({name: _decoder(told) for name, told in types.items()})
        _require(dict, data, "an object")
        if not required <= data.keys():
            missing = min(required - data.keys())
            raise Undecodable(f"has no field {missing!r} of {kind.__name__}")
        values = {}
        for name, told in data.items():
            if name not in decoders:
                raise Undecodable(f"has a field {name!r} that {kind.__name__} does not")
            values[arguments[name]] = _at(f".{name}", decoders[name], told)
        return kind(**values)

    return decode_fields


def _at(step: str, decoder: Decoder, data: Json) -> Value:
    try:
        return decoder(data)
    except Undecodable as error:
        raise error.under(step) from error.__cause__
