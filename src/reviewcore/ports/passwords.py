"""What the market needs to keep passwords."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    """A slow, salted password hash. Never call it inside an open transaction."""

    def hash(self, password: str, /) -> str:
        """Hash a password with a fresh salt; the result names its parameters."""
        ...

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Tell whether *password* has this hash, in constant time.

        With None (no such user, or one without a password) it takes as long and says no.
        """
        ...

    def needs_rehash(self, hashed: str, /) -> bool:
        """Tell whether a hash is weaker than those that `hash` makes; quick."""
        ...
