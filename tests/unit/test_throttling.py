from __future__ import annotations

from typing import Any

import pytest

from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain.errors import InvalidRules, TooManyRequests
from reviewcore.domain.rules import MarketRules, plain, rules_from
from reviewcore.domain.throttling import FAMILIAR_FOR, MOST, MOST_MAX, WINDOWS, Limit
from reviewcore.testing.clock import START, ManualClock

ADA = "ada@example.com"
HOME, ELSEWHERE = "203.0.113.1", "203.0.113.2"
BOTS = [f"198.51.100.{number}" for number in range(50)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def app(clock: ManualClock) -> App:
    return in_memory(clock=clock)


def refused(app: App, account: str, address: str) -> bool:
    try:
        app.throttle_sign_in(account, address)
    except TooManyRequests:
        return True
    return False


@pytest.mark.parametrize("limit", Limit)
def test_exactly_so_many_tries_pass_in_a_window(app: App, clock: ManualClock, limit: Limit) -> None:
    for _ in range(2):
        for _ in range(MOST[limit]):
            app.throttle(limit, HOME)
        with pytest.raises(TooManyRequests) as told:
            app.throttle(limit, HOME)
        assert told.value.retry_after_seconds == WINDOWS[limit].total_seconds()
        app.throttle(limit, ELSEWHERE)
        clock.advance(seconds=told.value.retry_after_seconds)


def test_a_refused_try_counts_and_does_not_lengthen_the_wait(app: App, clock: ManualClock) -> None:
    for _ in range(MOST[Limit.SIGN_UP] + 20):
        clock.advance(seconds=1)
        try:
            app.throttle(Limit.SIGN_UP, HOME)
        except TooManyRequests as error:
            last = error
    clock.advance(seconds=last.retry_after_seconds)

    app.throttle(Limit.SIGN_UP, HOME)


def test_one_address_that_tries_many_accounts_gets_nowhere(app: App) -> None:
    told = [refused(app, f"user{number}@example.com", HOME) for number in range(20)]

    assert told == [False] * 10 + [True] * 10


def test_many_addresses_that_try_one_account_get_nowhere(app: App) -> None:
    told = [refused(app, ADA, address) for address in BOTS]

    assert told == [False] * 10 + [True] * 40


def test_whoever_signed_in_from_an_address_is_not_shut_out_by_strangers(
    app: App, clock: ManualClock
) -> None:
    app.throttle_sign_in(ADA, HOME)
    app.welcome(ADA, HOME)
    clock.advance(days=20)

    assert sum(refused(app, ADA, address) for address in BOTS) == 40
    assert refused(app, ADA, ELSEWHERE)
    assert not refused(app, ADA, HOME)


def test_whoever_shares_the_familiar_address_has_no_more_tries_than_others(app: App) -> None:
    app.welcome(ADA, HOME)

    told = [refused(app, ADA, HOME) for _ in range(12)]

    assert told == [False] * 10 + [True] * 2


def test_an_address_is_forgotten_after_a_while(app: App, clock: ManualClock) -> None:
    app.welcome(ADA, HOME)
    clock.set(START + FAMILIAR_FOR)
    for address in BOTS:
        refused(app, ADA, address)

    assert refused(app, ADA, HOME)


def test_nobody_is_shut_out_for_longer_than_the_window(app: App, clock: ManualClock) -> None:
    for address in BOTS:
        refused(app, ADA, address)
    assert refused(app, ADA, HOME)

    clock.advance(minutes=15)

    assert not refused(app, ADA, HOME)


def test_people_who_know_their_passwords_do_not_shut_each_other_out(app: App) -> None:
    for number in range(40):
        account = f"user{number}@example.com"
        app.throttle_sign_in(account, HOME)
        app.welcome(account, HOME)

    assert not refused(app, ADA, HOME)


def test_a_try_that_was_right_is_taken_back(app: App) -> None:
    for _ in range(40):
        app.throttle(Limit.PROVIDER_SIGN_IN, HOME)
        app.take_back(Limit.PROVIDER_SIGN_IN, HOME)
    app.take_back(Limit.PROVIDER_SIGN_IN, HOME)

    for _ in range(MOST[Limit.PROVIDER_SIGN_IN]):
        app.throttle(Limit.PROVIDER_SIGN_IN, HOME)
    with pytest.raises(TooManyRequests):
        app.throttle(Limit.PROVIDER_SIGN_IN, HOME)


def test_old_counters_are_forgotten(app: App, clock: ManualClock) -> None:
    app.throttle(Limit.SIGN_UP, HOME)
    app.throttle(Limit.TICKET_ACCOUNT, ADA)

    clock.advance(hours=2)
    app.run_pending()

    with app.store.begin() as tx:
        assert tx.rate_limits.purge(clock(), limit=9) == 0
    # A control: the next window's are still there to be purged.
    app.throttle(Limit.TICKET_ACCOUNT, ADA)
    clock.advance(hours=2)
    with app.store.begin() as tx:
        assert tx.rate_limits.purge(clock(), limit=9) == 1


# ── as rules ─────────────────────────────────────────────────────────────────────────────────


def test_a_rules_file_changes_the_throttles_that_it_names() -> None:
    rules = rules_from({"throttles": {"sign_up": 500}})

    assert rules.throttles == {**MOST, Limit.SIGN_UP: 500}
    assert plain(rules)["throttles"]["sign_up"] == 500
    assert rules.version != MarketRules().version


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"sing_up": 5}, "throttles.sing_up"),
        ({"sign_up": 0}, "throttles.sign_up"),
        ({"sign_up": MOST_MAX + 1}, "throttles.sign_up"),
        ({"sign_up": True}, "throttles.sign_up"),
        ({"sign_up": "5"}, "throttles.sign_up"),
        (7, "throttles"),
    ],
)
def test_a_wrong_throttle_is_named(table: Any, named: str) -> None:
    with pytest.raises(InvalidRules) as told:
        rules_from({"throttles": table})

    assert told.value.attributes == (named,)


def test_a_throttle_that_is_left_out_in_code_is_named() -> None:
    with pytest.raises(InvalidRules) as told:
        MarketRules(throttles={Limit.SIGN_UP: 3})

    assert told.value.attributes == ("throttles.sign_in",)
