"""The one decoder of request bodies: strict JSON into an attrs class, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from reviewcore.entrypoints.http.errors import MalformedBody
from reviewcore.ports import codec

T = TypeVar("T")

ESCAPED = b"\\u"
"""How JSON writes what may not stand in it plainly: NUL, half a surrogate pair."""


def decode_body(kind: type[T], raw: bytes) -> T:
    """Make a *kind* of a JSON body: no unknown field, no other type, nothing guessed.

    Raises MalformedBody.
    """
    try:
        told = json.loads(
            raw.decode(), parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeats
        )
        if ESCAPED in raw:
            _require_storable(told)
        return codec.decode(kind, told)
    except codec.Undecodable as error:
        raise MalformedBody(reason=str(error)) from error
    except RecursionError as error:
        raise MalformedBody(reason="is nested too deeply") from error
    # A broken encoding, a broken syntax, a number or a time too large to be one.
    except (ValueError, OverflowError) as error:
        raise MalformedBody(reason="is not JSON in UTF-8 with sensible values") from error


def _refuse_constant(name: str) -> None:
    raise MalformedBody(reason=f"{name} is no JSON number")


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of a repeated name JSON parsers take the first, the last or both: nobody can mean that.
    told = dict(pairs)
    if len(told) != len(pairs):
        raise MalformedBody(reason="a name is repeated")
    return told


def _require_storable(told: object) -> None:
    for text in _texts(told):
        # NUL has no place in PostgreSQL, half a surrogate pair none in UTF-8.
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise MalformedBody(reason="a text holds NUL or half a surrogate pair")


def _texts(told: object) -> Iterator[str]:
    match told:
        case str():
            yield told
        case dict():
            for name, value in told.items():
                yield from _texts(name)
                yield from _texts(value)
        case list():
            for value in told:
                yield from _texts(value)


class StrictBody(AbstractDTO[Any]):
    """Has Litestar decode every body by `decode_body`.

    Its own decoder converts (`"1"` for 1) and drops unknown fields of attrs classes.
    """

    def decode_bytes(self, value: bytes) -> Any:
        """Decode the body into the type that the handler declares for it."""
        field = self.asgi_connection.route_handler.parsed_fn_signature.parameters["data"]
        return decode_body(field.annotation, value)

    @classmethod
    def create_for_field_definition(cls, *_: Any, **__: Any) -> None:
        """Need no transfer model: the handler's own type is the form of the body."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Describe the handler's own type."""
        del handler_id
        described: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return described

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Iterator[DTOFieldDefinition]:  # type: ignore[override]  # the base names its own model type
        """Need none, as above."""
        del model_type
        return iter(())

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Need none, as above."""
        del field_definition
        return False
