"""Passwords hashed with Argon2id (RFC 9106), where the extra `argon2` is installed."""

from __future__ import annotations

import base64
import secrets
import threading
from typing import Final

from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION, Type

from reviewcore.ports.passwords import Passwords

HASHES_MAX: Final = 4
"""How many are worked on at once, each in memory of its own: with the defaults 256 MiB in all."""

MEMORY_MAX_KIB: Final = 256 * 1024
TIME_MAX: Final = 64
LANES_MAX: Final = 16
"""What a stored hash may ask for, so that a forged one cannot fill the memory."""


class Argon2Passwords:
    """Hashes in the PHC form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

    The defaults are the second recommendation of RFC 9106, for machines with little memory: 64 MiB,
    3 passes, 4 lanes; more than OWASP's password storage cheat sheet asks for. Whoever comes while
    `hashes_max` are worked on waits in his thread. Hashes that *older* made are still verified, and
    are to be replaced; what is neither fits no password.
    """

    def __init__(
        self,
        *,
        older: Passwords,
        time_cost: int = 3,
        memory_kib: int = 64 * 1024,
        lanes: int = 4,
        hashes_max: int = HASHES_MAX,
    ) -> None:
        self._older = older
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes, type=Type.ID
        )
        self._nobody = self._hash_of_nobody()
        self._seats = threading.BoundedSemaphore(hashes_max)

    def hash(self, password: str, /) -> str:
        with self._seats:
            return self._hasher.hash(_bytes(password))

    def verify(self, password: str, hashed: str | None, /) -> bool:
        with self._seats:
            if hashed is not None and not hashed.startswith("$"):
                return self._older.verify(password, hashed)
            known = hashed if hashed is not None and _parsed(hashed) is not None else None
            try:
                # Nobody's hash is random bytes that no password has; trying it takes as long.
                self._hasher.verify(known or self._nobody, _bytes(password))
            except (VerificationError, InvalidHashError):
                return False
            return known is not None

    def needs_rehash(self, hashed: str, /) -> bool:
        told = _parsed(hashed)
        return (
            told is None
            or told.memory_cost < self._hasher.memory_cost
            or told.time_cost < self._hasher.time_cost
        )

    def _hash_of_nobody(self) -> str:
        own = self._hasher
        cost = f"m={own.memory_cost},t={own.time_cost},p={own.parallelism}"
        salt, digest = (
            base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
            for size in (own.salt_len, own.hash_len)
        )
        return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


def _bytes(password: str) -> bytes:
    # A lone surrogate can arrive in JSON and must not end in a traceback.
    return password.encode("utf-8", "surrogatepass")


def _parsed(hashed: str) -> Parameters | None:
    """Take the parameters of an Argon2id hash; None for what is none, or asks for too much."""
    try:
        told = extract_parameters(hashed)
    except (InvalidHashError, ValueError):
        return None
    bearable = (
        told.memory_cost <= MEMORY_MAX_KIB
        and told.time_cost <= TIME_MAX
        and told.parallelism <= LANES_MAX
    )
    return told if bearable and told.type is Type.ID else None
