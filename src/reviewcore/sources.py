"""Where time, ids and secrets come from: the clock and the dice that decisions see.

Stores take a clock, an id source and a token source as arguments, so that a test or a simulation
can pass its own and replay exactly.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random, SystemRandom

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""

Ids = Callable[[], str]
"""Makes an id; later ids sort after earlier ones."""

Tokens = Callable[[], str]
"""Makes 256 secret bits as URL-safe text."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, lower case: sorts like the numbers it writes, and holds no i, l, o, u."""

TAIL_BITS = 80

_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
"""Two letters at a time: ten bits each, which halves the cost of writing a number."""


def system_clock() -> datetime:
    """Tell the machine's time in UTC."""
    return datetime.now(UTC)


def secret_token() -> str:
    """Make 256 bits from the operating system's randomness."""
    return secrets.token_urlsafe(32)


class TimeIds:
    """Ids of 26 letters: 48 bits of milliseconds, then 80 random bits (the layout of a ULID).

    Within one millisecond the next id is the last plus one, so ids of one process never go back.
    """

    def __init__(self, clock: Clock = system_clock, *, random: Random | None = None) -> None:
        self._clock = clock
        self._random = random if random is not None else SystemRandom()
        self._last = -1
        # The last id without its last four letters: the next one mostly begins like it.
        self._head = ""
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Make the next id."""
        milliseconds = int(self._clock().timestamp() * 1000)
        with self._lock:
            if milliseconds > self._last >> TAIL_BITS:
                number = milliseconds << TAIL_BITS | self._random.getrandbits(TAIL_BITS - 1)
            else:
                number = self._last + 1
            if number >> 20 != self._last >> 20:
                pairs = [_PAIRS[number >> bits & 1023] for bits in range(120, 10, -10)]
                self._head = "".join(pairs)
            self._last = number
            return self._head + _PAIRS[number >> 10 & 1023] + _PAIRS[number & 1023]
