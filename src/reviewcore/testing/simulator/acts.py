"""What can be done to a market: each act is a value, so that a history can be kept and replayed.

An act names all that it needs, ids and tokens too. Left-out acts before it can only have it
refused, as anything else that people ask for and cannot have.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from reviewcore.domain.webhooks import ProcessorEvent


@attrs.frozen(kw_only=True)
class Perform:
    """Somebody has a use case run in a transaction, with or without an idempotency key."""

    usecase: Callable[..., Any]
    command: Any
    key: str | None = None


@attrs.frozen(kw_only=True)
class Drive:
    """Somebody has a use case run that waits on the outside world."""

    usecase: Callable[..., Any]
    command: Any


@attrs.frozen(kw_only=True)
class Work:
    """A worker does one batch of a step, named as in `Worker`."""

    worker: int
    step: str


@attrs.frozen(kw_only=True)
class AtBank:
    """Payer, payee, cardholder or bank do something, named as in `SandboxBank`."""

    method: str
    arguments: tuple[Any, ...] = ()


@attrs.frozen(kw_only=True)
class Hear:
    """The processor tells of something."""

    event: ProcessorEvent


@attrs.frozen(kw_only=True)
class FaultsEnd:
    """From now on nothing goes wrong any more."""


Deed = Perform | Drive | Work | AtBank | Hear | FaultsEnd


@attrs.frozen(kw_only=True)
class Act:
    """A deed of somebody: the *number*-th of its history, at a time.

    The number is the act's name: ids, tokens and luck come of it, so they stay what they are when
    others are left out. *during* is the act that was waiting for the processor meanwhile, the
    innermost if there were several.
    """

    number: int
    at: datetime
    who: str
    deed: Deed
    during: int | None = None
