"""Passwords of simulated people, who have nothing to hide."""

from __future__ import annotations


class QuickPasswords:
    """Keeps passwords as they are: a real hash would take longer than all the rest."""

    def hash(self, password: str, /) -> str:
        """Write a password down."""
        return f"plain:{password}"

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Tell whether it is this password."""
        return hashed == self.hash(password)

    def needs_rehash(self, hashed: str, /) -> bool:
        """Tell that there is nothing better."""
        del hashed
        return False
