"""The steps of a failing run as Python source, so that they can be pasted into a test."""

from __future__ import annotations

import attrs

from reviewcore.domain.rules import MarketRules
from reviewcore.testing.machine import market
from reviewcore.testing.machine.market import SMALLEST
from reviewcore.testing.source import Source


class Printed(Source):
    """Writes rules by what they do not share with the smallest market's, and knows no riddles."""

    def of(self, value: object) -> str:
        """Write a value; one of an unknown kind as it shows itself."""
        try:
            return super().of(value)
        except TypeError:
            return repr(value)

    def rules(self, rules: MarketRules) -> str:
        """Write rules by what is not as in the smallest market."""
        self._imports[market.__name__].add("SMALLEST")
        changes = [
            f"{field.name}={self.of(getattr(rules, field.name))}"
            for field in attrs.fields(MarketRules)
            if getattr(rules, field.name) != getattr(SMALLEST, field.name)
        ]
        if not changes:
            return "SMALLEST"
        return f"{self.name(attrs.evolve)}(SMALLEST, {', '.join(changes)})"
