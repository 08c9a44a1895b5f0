from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.ports.passwords import Passwords
from reviewcore.testing.contracts import Capability, PasswordsContract

QUICK = ScryptPasswords(n=2, r=1, p=1)
SALT = base64.b64encode(b"0123456789abcdef").decode()
DIGEST = base64.b64encode(b"d" * 32).decode()


class TestScryptPasswords(PasswordsContract):
    capabilities = frozenset({Capability.PARAMETERS})

    @pytest.fixture
    def passwords(self) -> Passwords:
        return ScryptPasswords(n=2**10, r=8, p=1)

    @pytest.fixture
    def weakly(self) -> str:
        return QUICK.hash("secret")


@given(password=st.text(), other=st.text())
def test_a_hash_fits_its_password_only(password: str, other: str) -> None:
    hashed = QUICK.hash(password)

    assert QUICK.verify(password, hashed)
    assert QUICK.verify(other, hashed) is (other == password)


def test_a_hash_names_its_parameters_and_hides_the_password() -> None:
    passwords: Passwords = ScryptPasswords()

    hashed = passwords.hash("correct horse")

    assert hashed.startswith("scrypt$16384$8$1$")
    assert "correct" not in hashed
    assert passwords.verify("correct horse", hashed)


def test_equal_passwords_have_different_hashes() -> None:
    assert QUICK.hash("same") != QUICK.hash("same")


def test_a_hash_outlives_a_change_of_parameters() -> None:
    hashed = QUICK.hash("old")

    stronger = ScryptPasswords(n=4, r=2, p=2)

    assert stronger.verify("old", hashed)
    assert not stronger.verify("new", hashed)


def test_a_published_hash_is_verified() -> None:
    # RFC 7914, section 12, the second vector, of which our 32 bytes are the first half: PBKDF2
    # makes its output block by block.
    digest = bytes.fromhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    salt = base64.b64encode(b"NaCl").decode()

    hashed = f"scrypt$1024$8$16${salt}${base64.b64encode(digest).decode()}"

    assert QUICK.verify("password", hashed)


def test_a_lone_surrogate_is_a_password_like_any_other() -> None:
    assert QUICK.verify("\ud800", QUICK.hash("\ud800"))


def test_nobody_has_a_password() -> None:
    assert not QUICK.verify("", None)
    assert not QUICK.verify("secret", None)


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "secret",
        "scrypt",
        "scrypt$2$1$1",
        f"bcrypt$2$1$1${SALT}${DIGEST}",
        f"scrypt$2$1$1${SALT}$",
        f"scrypt$2$1$1$${DIGEST}",
        f"scrypt$2$1$1${SALT}${DIGEST}\n",
        f" scrypt$2$1$1${SALT}${DIGEST}",
        f"scrypt$2$1$1${SALT}${DIGEST}$",
        f"scrypt$2$1$1$A${DIGEST}",
        f"scrypt$2$1$1${SALT}$AAAA",
        f"scrypt$0$1$1${SALT}${DIGEST}",
        f"scrypt$1$1$1${SALT}${DIGEST}",
        f"scrypt$3$1$1${SALT}${DIGEST}",
        f"scrypt$-2$1$1${SALT}${DIGEST}",
        f"scrypt$2$x$1${SALT}${DIGEST}",
        f"scrypt$1073741824$8$1${SALT}${DIGEST}",
        f"scrypt$2$1073741824$1${SALT}${DIGEST}",
        f"scrypt$2$1$1073741824${SALT}${DIGEST}",
        f"scrypt${'9' * 5000}$1$1${SALT}${DIGEST}",
    ],
)
def test_what_is_no_hash_fits_no_password(hashed: str) -> None:
    assert QUICK.verify("secret", hashed) is False


def test_a_weaker_hash_is_to_be_replaced_and_a_stronger_one_stays() -> None:
    weak, strong = QUICK.hash("secret"), ScryptPasswords(n=4, r=1, p=1).hash("secret")

    assert ScryptPasswords(n=4, r=1, p=1).needs_rehash(weak)
    assert ScryptPasswords(n=2, r=1, p=2).needs_rehash(weak)
    assert ScryptPasswords(n=2, r=2, p=1).needs_rehash(weak)
    assert not QUICK.needs_rehash(strong)
    assert not QUICK.needs_rehash(weak)
    assert QUICK.needs_rehash("malformed")


def test_nobody_takes_as_long_as_somebody() -> None:
    passwords = ScryptPasswords()
    hashed = passwords.hash("secret")

    def quickest(stored: str | None) -> float:
        times = []
        for _ in range(5):
            begun = time.thread_time()
            passwords.verify("wrong", stored)
            times.append(time.thread_time() - begun)
        return min(times)

    # A missing user who is answered at once would be a hundred times quicker.
    assert quickest(None) > quickest(hashed) / 2
    assert quickest("malformed") > quickest(hashed) / 2


@pytest.mark.parametrize(("n", "r", "p"), [(0, 8, 1), (1, 8, 1), (3, 8, 1), (2**22, 8, 1)])
def test_impossible_parameters_are_refused_at_once(n: int, r: int, p: int) -> None:
    with pytest.raises(ValueError, match=f"n={n}"):
        ScryptPasswords(n=n, r=r, p=p)
