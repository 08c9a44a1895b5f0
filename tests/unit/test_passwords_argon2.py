from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.ports.passwords import Passwords
from reviewcore.testing.contracts import Capability, PasswordsContract

pytest.importorskip("argon2", reason="the extra `argon2` is not installed")

from reviewcore.adapters.passwords.argon2 import Argon2Passwords

OLDER = ScryptPasswords(n=2, r=1, p=1)
QUICK = Argon2Passwords(older=OLDER, time_cost=1, memory_kib=8, lanes=1)


class TestArgon2Passwords(PasswordsContract):
    capabilities = frozenset({Capability.PARAMETERS})

    @pytest.fixture
    def passwords(self) -> Passwords:
        return Argon2Passwords(older=OLDER, time_cost=1, memory_kib=1024, lanes=1)

    @pytest.fixture(params=[QUICK, OLDER], ids=["Argon2", "scrypt"])
    def weakly(self, request: pytest.FixtureRequest) -> str:
        made: str = request.param.hash("secret")
        return made


@given(password=st.text(), other=st.text())
def test_a_hash_fits_its_password_only(password: str, other: str) -> None:
    hashed = QUICK.hash(password)

    assert QUICK.verify(password, hashed)
    assert QUICK.verify(other, hashed) is (other == password)


def test_the_defaults_are_those_of_rfc_9106_for_little_memory() -> None:
    passwords: Passwords = Argon2Passwords(older=OLDER)

    hashed = passwords.hash("correct horse")

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert "correct" not in hashed
    assert passwords.verify("correct horse", hashed)
    assert not passwords.needs_rehash(hashed)


def test_equal_passwords_have_different_hashes() -> None:
    assert QUICK.hash("same") != QUICK.hash("same")


def test_a_published_hash_is_verified() -> None:
    # From the documentation of argon2-cffi.
    salt, digest = "MIIRqgvgQbgj220jfp0MPA", "YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg"
    hashed = f"$argon2id$v=19$m=65536,t=3,p=4${salt}${digest}"

    assert QUICK.verify("correct horse battery staple", hashed)
    assert not QUICK.verify("correct horse battery stapl", hashed)


def test_a_hash_of_scrypt_is_verified_and_to_be_replaced() -> None:
    hashed = OLDER.hash("secret")

    assert QUICK.verify("secret", hashed)
    assert not QUICK.verify("other", hashed)
    assert QUICK.needs_rehash(hashed)


@pytest.mark.parametrize("changes", [{"time_cost": 2}, {"memory_kib": 16}])
def test_a_weaker_hash_is_to_be_replaced_and_a_stronger_one_stays(changes: dict[str, int]) -> None:
    cost = {"time_cost": 1, "memory_kib": 8, "lanes": 1}
    stronger = Argon2Passwords(older=OLDER, **(cost | changes))
    weak, strong = QUICK.hash("secret"), stronger.hash("secret")

    assert stronger.verify("secret", weak)
    assert stronger.needs_rehash(weak)
    assert not QUICK.needs_rehash(strong)


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "$",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$%",
        "$argon2id$v=19$m=8,t=1,p=1$$",
        "$argon2id$v=19$m=x,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
        "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
        "$argon2id$v=19$m=8,t=4294967295,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
        "$2b$12$abcdefghijklmnopqrstuuUJ0",
        "secret",
    ],
)
def test_what_is_no_hash_fits_no_password(hashed: str) -> None:
    assert QUICK.verify("secret", hashed) is False


def test_nobody_has_a_password() -> None:
    assert not QUICK.verify("", None)
    assert not QUICK.verify("secret", None)


def test_nobody_takes_as_long_as_somebody() -> None:
    passwords = Argon2Passwords(older=OLDER, lanes=1)
    hashed = passwords.hash("secret")

    def quickest(stored: str | None) -> float:
        times = []
        for _ in range(3):
            begun = time.thread_time()
            passwords.verify("wrong", stored)
            times.append(time.thread_time() - begun)
        return min(times)

    # A missing user who is answered at once would be a hundred times quicker.
    assert quickest(None) > quickest(hashed) / 2
    assert quickest("$malformed") > quickest(hashed) / 2


CROWD = """
import resource, threading
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.passwords.argon2 import Argon2Passwords

passwords = Argon2Passwords(older=ScryptPasswords(), time_cost=1, hashes_max=2)
crowd = [threading.Thread(target=passwords.hash, args=("secret",)) for _ in range(12)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for one in crowd:
    one.start()
for one in crowd:
    one.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is told in other units")
def test_a_crowd_takes_the_memory_of_as_many_as_are_worked_on_at_once() -> None:
    ran = subprocess.run([sys.executable, "-c", CROWD], check=True, capture_output=True, text=True)

    assert int(ran.stdout) < 3 * 64 * 1024


WITHOUT = """
import sys
sys.modules["argon2"] = None
from reviewcore.bootstrap import passwords
print(passwords().hash("secret"))
"""


def test_a_deployment_takes_argon2_where_it_is_installed_and_scrypt_elsewhere() -> None:
    bare = subprocess.run(
        [sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True
    )
    full = subprocess.run(
        [sys.executable, "-c", WITHOUT.replace('sys.modules["argon2"] = None', "")],
        check=True,
        capture_output=True,
        text=True,
    )

    assert bare.stdout.startswith("scrypt$16384$8$5$")
    assert full.stdout.startswith("$argon2id$")
