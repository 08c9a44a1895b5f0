"""Callers who repeat themselves: the same key again, with the same words and with others."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis.stateful import precondition, rule

from reviewcore.app import ACTOR_FIELDS, without_secrets
from reviewcore.domain.errors import IdempotencyKeyReused
from reviewcore.testing.machine import when
from reviewcore.testing.machine.choosing import pick
from reviewcore.testing.machine.erring import Erring
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import WHICH


def _something_can_be_altered(machine: Any) -> bool:
    return any(_altered(one.command) for one in machine.keyed)


def _altered(command: Any) -> Any:
    """Make the same actor say something else; None when there is nothing to alter."""
    for field in attrs.fields(type(command)):
        value = getattr(command, field.name)
        if field.name not in ACTOR_FIELDS and isinstance(value, str):
            return attrs.evolve(command, **{field.name: f"{value} "})
    return None


class Repeats(Erring):
    """Law 9: no command repeated with its key acts twice."""

    @precondition(when.keys_were_used)
    @rule(which=WHICH)
    def a_caller_repeats_himself(self, *, which: int) -> None:
        done = pick(which, self.keyed[::-1])
        before = self.now
        again = self.act(
            lambda lane: lane.app.perform(done.usecase, done.command, key=done.key),
            told=f"repeat {done.usecase.__name__} with {done.key!r}",
        )
        # Secrets, such as a password's hash, are told the first time only.
        first = without_secrets(done.answer)
        assert again == first, f"the first answer was {first}, the second {again}"
        assert self.now == before, f"{done.command} acted twice under one key"
        self.reached("a command is repeated under its key")

    @precondition(_something_can_be_altered)
    @rule(which=WHICH)
    def a_caller_uses_a_key_for_something_else(self, *, which: int) -> None:
        done = pick(which, [one for one in self.keyed[::-1] if _altered(one.command)])
        other = _altered(done.command)
        answer = self.perform_with(done.usecase, other, key=done.key)
        assert isinstance(answer, Refusal), f"{other} was done under the key of another command"
        assert answer.kind is IdempotencyKeyReused
