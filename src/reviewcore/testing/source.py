"""Values as Python source, for a test that can be pasted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs

from reviewcore.domain.rules import MarketRules, plain

PLAIN = (str, int, float, bool, type(None), bytes)


class Source:
    """Writes values down, and remembers what has to be imported to read them."""

    def __init__(self) -> None:
        self._imports: defaultdict[str, set[str]] = defaultdict(set)

    def imports(self) -> str:
        """Write the import statements of all that was written."""
        return "\n".join(
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._imports.items())
        )

    def name(self, thing: Any) -> str:
        """Write the name of a class or function."""
        self._imports[thing.__module__].add(thing.__qualname__)
        name: str = thing.__qualname__
        return name

    def of(self, value: Any) -> str:  # noqa: C901, PLR0911 - one line for each kind of value
        """Write a value. Raises TypeError for a kind that is not known."""
        if isinstance(value, Enum):
            return f"{self.name(type(value))}.{value.name}"
        if isinstance(value, PLAIN):
            return repr(value)
        if isinstance(value, datetime):
            return self._time(value)
        if isinstance(value, Decimal):
            self.name(Decimal)
            return repr(value)
        if isinstance(value, MarketRules):
            return self.rules(value)
        if attrs.has(type(value)):
            return self._attrs(value)
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{self.of(k)}: {self.of(v)}" for k, v in value.items()) + "}"
        if isinstance(value, frozenset):
            return "frozenset({" + ", ".join(sorted(map(self.of, value))) + "})"
        if isinstance(value, tuple | list):
            return "(" + "".join(f"{self.of(one)}, " for one in value).rstrip() + ")"
        if callable(value):
            return self.name(value)
        raise TypeError(f"no source is known for {type(value).__name__}")

    def _time(self, at: datetime) -> str:
        self._imports["datetime"] |= {"UTC", "datetime"}
        told = at.astimezone(UTC)
        parts = [told.year, told.month, told.day, told.hour, told.minute, told.second]
        if told.microsecond:
            parts.append(told.microsecond)
        return f"datetime({', '.join(map(str, parts))}, tzinfo=UTC)"

    def _attrs(self, value: Any) -> str:
        told = ", ".join(
            f"{field.name}={self.of(getattr(value, field.name))}"
            for field in attrs.fields(type(value))
            if field.init and getattr(value, field.name) != field.default
        )
        return f"{self.name(type(value))}({told})"

    def rules(self, rules: MarketRules) -> str:
        """Write rules by what is not as usual."""
        usual, told = plain(MarketRules()), plain(rules)
        other = {name: told[name] for name in told if told[name] != usual[name]}
        if "pro_rating_min" in other:
            other["pro_rating_min"] = float(other["pro_rating_min"])
        if "quiz" in other:
            other["quiz"] = list(other["quiz"])
        self._imports["reviewcore.domain.rules"].add("rules_from")
        return f"rules_from({other!r})"
