"""What happened under an idempotency key: the first answer, 500s too, repeated for 24 hours."""

from __future__ import annotations

from typing import Any

import attrs

from reviewcore.testing.stripe.errors import invalid, key_in_use, key_reused

KEPT_SECONDS = 24 * 3600
KEY_MAX = 255


@attrs.define(kw_only=True)
class Kept:
    """The first request under a key; without a status while it is still at work."""

    method: str
    path: str
    params: dict[str, Any]
    request_id: str
    began_at: int
    status: int | None = None
    body: bytes = b""


class Keys:
    """The keys of every account; used under the world's lock."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Kept] = {}

    def begin(self, account: str, key: str, first: Kept) -> Kept | None:
        """Take *key* for *first*, or return what was answered before.

        Raises Refusal when the key's request is still at work or was another one.
        """
        if len(key) > KEY_MAX:
            raise invalid("Idempotency-Key must be at most 255 characters.")
        self._prune(first.began_at)
        known = self._kept.setdefault((account, key), first)
        if known is first:
            return None
        if (known.method, known.path, known.params) != (first.method, first.path, first.params):
            raise key_reused(key)
        if known.status is None:
            raise key_in_use(key)
        return known

    def finish(self, account: str, key: str, *, status: int, body: bytes) -> None:
        """Keep the answer of the request that took *key*."""
        kept = self._kept[account, key]
        kept.status, kept.body = status, body

    def release(self, account: str, key: str) -> None:
        """Forget a request that never executed: its key is free again."""
        del self._kept[account, key]

    def in_use(self) -> tuple[str, ...]:
        """List the keys whose request is at work."""
        return tuple(key for (_, key), kept in self._kept.items() if kept.status is None)

    def _prune(self, now: int) -> None:
        # What is at work stays, however late it is: forgetting it would run it twice at once.
        self._kept = {
            place: kept
            for place, kept in self._kept.items()
            if kept.status is None or now - kept.began_at < KEPT_SECONDS
        }
