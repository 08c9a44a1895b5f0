"""A limit is exact for all processes together, and outlives them."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain.errors import TooManyRequests
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.throttling import MOST, Limit
from tests.integration.markets import migrate
from tests.integration.races.conftest import fresh_database
from tests.integration.races.throttled_process import (
    MOST_HERE,
    PROCESSES,
    THREADS,
    TRIES,
    an_app,
    tried,
)
from tests.integration.warm import Warm

PROGRAM = "tests.integration.races.throttled_process"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_limit_is_exact_among_threads_of_processes(
    request: pytest.FixtureRequest, kind: str, warm: Warm
) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(request, kind))
        processes = [stack.enter_context(warm.start(PROGRAM, url)) for _ in range(PROCESSES)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        told: Counter[str] = Counter()
        outputs = []
        with ThreadPoolExecutor(PROCESSES) as pool:
            outputs = list(pool.map(lambda process: process.communicate("go\n")[0], processes))
        for output in outputs:
            told.update(output.split())

    assert told == {"passed": MOST_HERE, "refused": PROCESSES * THREADS * TRIES - MOST_HERE}
    assert sum(told.values()) == 120


def test_a_limit_in_memory_is_exact_among_threads() -> None:
    app = in_memory(rules=MarketRules(throttles={**MOST, Limit.LEAD: MOST_HERE}))

    with ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(lambda _: tried(app), range(120)))

    assert told == {"passed": MOST_HERE, "refused": 100}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tries_are_remembered_though_the_process_was_killed(
    request: pytest.FixtureRequest, kind: str, warm: Warm
) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(request, kind))
        process = stack.enter_context(warm.start(PROGRAM, url))
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        seen = [process.stdout.readline().strip() for _ in range(MOST_HERE)]
        process.send_signal(signal.SIGKILL)
        process.wait()

        store = SqlStore(url, rules=MarketRules(throttles={**MOST, Limit.LEAD: MOST_HERE}))
        stack.callback(store.close)

        assert "passed" in seen
        assert tried(an_app(store)) == "refused"


def test_no_address_stands_in_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'market.db'}"
    migrate(url)
    store = SqlStore(url)
    app = App(
        store=store,
        payments=(bank := SandboxBank()),
        payouts=bank,
        mail=MemoryMail(),
        passwords=in_memory().passwords,
        secret="the tests' own",
    )

    app.throttle(Limit.SIGN_UP, "203.0.113.9")
    app.throttle_sign_in("ada@example.com", "203.0.113.9")
    app.welcome("ada@example.com", "203.0.113.9")
    store.close()

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"sign_up:" in kept
    assert b"203.0.113.9" not in kept
    assert b"ada@example.com" not in kept


def test_the_refusal_says_how_many_seconds_are_left() -> None:
    app = in_memory(rules=MarketRules(throttles={**MOST, Limit.LEAD: 1}))
    app.throttle(Limit.LEAD, "a")

    with pytest.raises(TooManyRequests) as told:
        app.throttle(Limit.LEAD, "a")

    assert 890 <= told.value.retry_after_seconds <= 900
    app.throttle(Limit.LEAD, "b")
