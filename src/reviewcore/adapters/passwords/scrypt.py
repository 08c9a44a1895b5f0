"""Passwords hashed with scrypt (RFC 7914), which the standard library has."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Self

import attrs

SALT_BYTES = 16
HASH_BYTES = 32

MEMORY_MAX_BYTES = 256 * 1024 * 1024
LANES_MAX = 16
"""What a stored hash may ask for, so that a forged one cannot fill the memory."""

HASHED = re.compile(
    r"scrypt\$([1-9][0-9]{0,9})\$([1-9][0-9]{0,9})\$([1-9][0-9]{0,9})"
    r"\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})"
)


@attrs.frozen(kw_only=True)
class _Cost:
    """The work that a hash takes: *n* rounds, *r* blocks of memory, *p* lanes."""

    n: int
    r: int
    p: int

    @property
    def memory_bytes(self) -> int:
        # What OpenSSL reckons: the big table, one block a lane, and one to work in.
        return 128 * self.r * (self.n + self.p + 2)

    def is_weaker(self, other: Self) -> bool:
        """Whether either less memory or less work is asked for."""
        return self.n * self.r < other.n * other.r or (
            self.n * self.r * self.p < other.n * other.r * other.p
        )

    @property
    def is_bearable(self) -> bool:
        return (
            self.n > 1
            and self.n & (self.n - 1) == 0
            and self.p <= LANES_MAX
            and self.memory_bytes <= MEMORY_MAX_BYTES
        )

    def derive(self, password: str, salt: bytes) -> bytes:
        # A lone surrogate can arrive in JSON and must not end in a traceback.
        return hashlib.scrypt(
            password.encode("utf-8", "surrogatepass"),
            salt=salt,
            n=self.n,
            r=self.r,
            p=self.p,
            maxmem=self.memory_bytes + 1024,
            dklen=HASH_BYTES,
        )


@attrs.frozen(kw_only=True)
class _Hashed:
    """A stored hash, taken apart."""

    cost: _Cost
    salt: bytes
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = HASHED.fullmatch(text)
        if match is None:
            return None
        n, r, p = (int(number) for number in match.groups()[:3])
        try:
            salt, digest = (base64.b64decode(part, validate=True) for part in match.groups()[3:])
        except binascii.Error:
            return None
        cost = _Cost(n=n, r=r, p=p)
        if not cost.is_bearable or len(digest) != HASH_BYTES:
            return None
        return cls(cost=cost, salt=salt, digest=digest)

    def __str__(self) -> str:
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"scrypt${self.cost.n}${self.cost.r}${self.cost.p}${salt}${digest}"


class ScryptPasswords:
    """Hashes as `scrypt$n$r$p$salt$hash`, salt and hash in base 64.

    A hash is verified with the parameters that it names, so that they can be raised later. With
    the defaults one takes some 50 ms and 16 MiB. What is not such a hash fits no password.
    """

    def __init__(self, n: int = 2**14, r: int = 8, p: int = 1) -> None:
        self._cost = _Cost(n=n, r=r, p=p)
        if not self._cost.is_bearable:
            raise ValueError(f"scrypt cannot work with n={n}, r={r}, p={p}")
        self._nobody = _Hashed(
            cost=self._cost,
            salt=secrets.token_bytes(SALT_BYTES),
            digest=secrets.token_bytes(HASH_BYTES),
        )

    def hash(self, password: str, /) -> str:
        salt = secrets.token_bytes(SALT_BYTES)
        digest = self._cost.derive(password, salt)
        return str(_Hashed(cost=self._cost, salt=salt, digest=digest))

    def verify(self, password: str, hashed: str | None, /) -> bool:
        # Nobody's hash is random bytes that no password has; trying it takes as long as a real one.
        known = None if hashed is None else _Hashed.parse(hashed)
        tried = known or self._nobody
        fits = hmac.compare_digest(tried.cost.derive(password, tried.salt), tried.digest)
        return fits and known is not None

    def needs_rehash(self, hashed: str, /) -> bool:
        known = _Hashed.parse(hashed)
        return known is None or known.cost.is_weaker(self._cost)
