"""How Stripe is right now, for whoever asks: a question now and then, and never a long wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

EVERY_SECONDS = 5.0
PATIENCE_SECONDS = 1.5


class Lookout:
    """Calls *ask* in a thread of its own while somebody wants to know, at most every 5 s.

    Readiness checks must be quick also when Stripe stalls, so after 1.5 s they are told that no
    answer came in time, and the question goes on without them.
    """

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked_at = float("-inf")

    def is_answered(self) -> bool:
        """Whether the newest question was answered in time, if only with an error."""
        thread = self._asking()
        thread.join(PATIENCE_SECONDS)
        return not thread.is_alive()

    def _asking(self) -> threading.Thread:
        with self._lock:
            now = time.monotonic()
            known = self._thread
            if known is not None and (known.is_alive() or now - self._asked_at < EVERY_SECONDS):
                return known
            self._asked_at = now
            self._thread = threading.Thread(target=self._ask, name="stripe-lookout", daemon=True)
            self._thread.start()
            return self._thread
