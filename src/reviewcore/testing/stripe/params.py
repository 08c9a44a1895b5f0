"""What an endpoint accepts: shapes that read decoded text into values, or refuse it by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reviewcore.testing.stripe.errors import invalid

Shape = Callable[[Any, str], Any]
"""Reads a decoded value; its second argument is the parameter's name, for refusals."""

TEXT_MAX = 5_000
INTEGER_MAX = 10**12


def text(*, longest: int = TEXT_MAX) -> Shape:
    """Accept a string of at most *longest* characters."""

    def read(value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {name} must be a string", param=name)
        if len(value) > longest:
            raise invalid(
                f"Invalid string: {name} must be at most {longest} characters",
                code="parameter_invalid_string_length",
                param=name,
            )
        return value

    return read


def integer(*, least: int = 0, most: int = INTEGER_MAX) -> Shape:
    """Accept a whole number within both bounds."""

    def read(value: Any, name: str) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise _not_integer(f"Invalid integer: {value}", name) from None
        if not least <= number <= most:
            raise _not_integer(f"Invalid {name}: must be from {least} to {most}", name)
        return number

    return read


def flag() -> Shape:
    """Accept `true` or `false`."""

    def read(value: Any, name: str) -> bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=name)
        return bool(value == "true")

    return read


def choice(*words: str) -> Shape:
    """Accept one of *words*."""

    def read(value: Any, name: str) -> str:
        if value not in words:
            raise invalid(f"Invalid {name}: must be one of {', '.join(words)}", param=name)
        return str(value)

    return read


def currency() -> Shape:
    """Accept three letters, and read them in lower case."""

    def read(value: Any, name: str) -> str:
        if not (isinstance(value, str) and value.isascii() and value.isalpha() and len(value) == 3):
            raise invalid(f"Invalid currency: {value}", param=name)
        return value.lower()

    return read


def metadata() -> Shape:
    """Accept up to 50 strings by name: names up to 40 characters, values up to 500."""

    def read(value: Any, name: str) -> dict[str, str]:
        # Names that happen to be numbers were decoded as a list.
        named = dict(enumerate(value)) if isinstance(value, list) else value
        if named == "":
            return {}
        if not isinstance(named, dict) or len(named) > 50:
            raise invalid(f"Invalid {name}: up to 50 strings by name", param=name)
        for key, entry in named.items():
            if len(str(key)) > 40 or not isinstance(entry, str) or len(entry) > 500:
                raise invalid(f"Invalid {name}[{key}]", param=f"{name}[{key}]")
        return {str(key): entry for key, entry in named.items() if entry}

    return read


def items(shape: Shape) -> Shape:
    """Accept a list of what *shape* accepts."""

    def read(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise invalid(f"Invalid array: {name}", param=name)
        return [shape(inner, f"{name}[{index}]") for index, inner in enumerate(value)]

    return read


def fields(shapes: Mapping[str, Shape], *, required: tuple[str, ...] = ()) -> Shape:
    """Accept a hash of these names and no other; an empty string counts as not given."""

    def read(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(f"Invalid hash: {name}", param=name)
        for key in value:
            if key not in shapes:
                full = _full(name, key)
                raise invalid(
                    f"Received unknown parameter: {full}", code="parameter_unknown", param=full
                )
        for key in required:
            _require(value, key, _full(name, key))
        return {
            key: shapes[key](inner, _full(name, key))
            for key, inner in value.items()
            if inner != "" or key == "metadata"
        }

    return read


def when() -> Shape:
    """Accept a time in seconds, or a range of them: `gt`, `gte`, `lt`, `lte`."""
    ranged = fields({word: integer() for word in ("gt", "gte", "lt", "lte")})

    def read(value: Any, name: str) -> dict[str, int]:
        if isinstance(value, dict):
            found: dict[str, int] = ranged(value, name)
            return found
        at = integer()(value, name)
        return {"gte": at, "lte": at}

    return read


def _require(value: dict[str, Any], key: str, full: str) -> None:
    if key not in value:
        raise invalid(f"Missing required param: {full}.", code="parameter_missing", param=full)
    if value[key] == "":
        raise invalid(
            f"You passed an empty string for '{full}'.", code="parameter_invalid_empty", param=full
        )


def _full(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _not_integer(message: str, name: str) -> Exception:
    return invalid(message, code="parameter_invalid_integer", param=name)
