"""The promises of `reviewcore.ports.passwords`, as tests that any hash can be put through."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reviewcore.ports.passwords import Passwords
from reviewcore.testing.contracts.base import Capability, Contract, optional

HASH_CHARACTERS_MAX = 1000
TRIES = 3
TURNS = 9

OTHERS = {
    "case": ("Correct Horse", "correct horse"),
    "a space at its end": ("correct horse", "correct horse "),
    "what follows 72 bytes": ("x" * 72 + "a", "x" * 72 + "b"),
    "what follows 1,000 bytes": ("x" * 1000 + "a", "x" * 1000),
    "what follows a NUL": ("correct\0horse", "correct\0house"),
    "an accent": ("é", "e"),
    "its composition": ("\u00e9", "e\u0301"),
    "its width": ("1", "\uff11"),
    "being there": ("", " "),
}
"""By what they differ in: two passwords that are not the same."""

UNHASHED = ("", "secret", "$", "a$b$c$d", "\0", "x" * 5000, "$2b$12$", "{}")


class PasswordsContract(Contract):
    """A slow, salted hash fits its password, all of it, and nothing else.

    Supply `passwords`. Who claims PARAMETERS has costs that can be raised later, and supplies
    `weakly`, a hash of the word "secret" made with less.
    """

    CONTRACT_VERSION = "1.0"

    @pytest.fixture
    def passwords(self) -> Passwords:
        """Make the hash that is tested; with small costs, if they can be chosen."""
        raise NotImplementedError

    @pytest.fixture
    def weakly(self) -> str:
        """Make a hash of "secret" that is weaker than those of *passwords*."""
        raise NotImplementedError

    @pytest.mark.parametrize(
        "password",
        ["secret", "", "für Zoë 音楽 🎧", " \t ", "x" * 1000, "a\0b", "\ud800"],
        ids=["plain", "empty", "international", "space", "long", "NUL", "surrogate"],
    )
    def test_a_hash_fits_its_password(self, passwords: Passwords, password: str) -> None:
        assert passwords.verify(password, passwords.hash(password)) is True

    @pytest.mark.parametrize(("one", "other"), OTHERS.values(), ids=OTHERS)
    def test_a_hash_fits_no_other_password(
        self, passwords: Passwords, one: str, other: str
    ) -> None:
        assert passwords.verify(other, passwords.hash(one)) is False
        assert passwords.verify(one, passwords.hash(other)) is False

    def test_equal_passwords_have_different_hashes(self, passwords: Passwords) -> None:
        assert len({passwords.hash("same") for _ in range(TRIES)}) == TRIES

    def test_a_hash_is_one_line_of_text_that_hides_the_password(self, passwords: Passwords) -> None:
        hashed = passwords.hash("correcthorse")

        assert hashed.isascii()
        assert hashed.isprintable()
        assert "correcthorse" not in hashed
        assert len(hashed) <= HASH_CHARACTERS_MAX
        assert len(passwords.hash("x" * 1000)) == len(hashed)

    @pytest.mark.parametrize("password", ["", "secret", "None"])
    def test_nobody_has_a_password(self, passwords: Passwords, password: str) -> None:
        assert passwords.verify(password, None) is False

    @pytest.mark.parametrize("hashed", UNHASHED, ids=ascii)
    def test_what_is_no_hash_fits_no_password(self, passwords: Passwords, hashed: str) -> None:
        assert passwords.verify(hashed, hashed) is False
        assert passwords.verify("secret", hashed) is False
        assert passwords.needs_rehash(hashed) is True

    def test_a_hash_that_was_cut_or_changed_fits_no_password(self, passwords: Passwords) -> None:
        hashed = passwords.hash("secret")
        # Not the last letter: some of its bits may mean nothing.
        changed = hashed[:-3] + ("A" if hashed[-3] != "A" else "B") + hashed[-2:]

        assert passwords.verify("secret", changed) is False
        assert passwords.verify("secret", hashed[:-4]) is False

    def test_nobody_takes_as_long_as_somebody(self, passwords: Passwords) -> None:
        hashed = passwords.hash("secret")

        def seconds(stored: str | None) -> float:
            begun = time.perf_counter()
            passwords.verify("wrong", stored)
            return time.perf_counter() - begun

        # By turns and the quickest of many, as the machine may be busy.
        told = [(seconds(None), seconds(hashed)) for _ in range(TURNS)]
        nobody, somebody = map(min, zip(*told, strict=True))
        # Whoever is answered at once learns that there is no such user.
        assert nobody > somebody / 4

    def test_a_new_hash_is_not_to_be_replaced(self, passwords: Passwords) -> None:
        assert passwords.needs_rehash(passwords.hash("secret")) is False

    def test_threads_do_not_disturb_each_other(self, passwords: Passwords) -> None:
        def judge(number: int) -> tuple[bool, bool]:
            hashed = passwords.hash(f"secret {number}")
            return (
                passwords.verify(f"secret {number}", hashed),
                passwords.verify(f"secret {number + 1}", hashed),
            )

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(judge, range(8)))

        assert told == [(True, False)] * 8

    @optional(Capability.PARAMETERS)
    def test_a_weaker_hash_still_fits_and_is_to_be_replaced(
        self, passwords: Passwords, weakly: str
    ) -> None:
        assert passwords.verify("secret", weakly) is True
        assert passwords.verify("other", weakly) is False
        assert passwords.needs_rehash(weakly) is True
