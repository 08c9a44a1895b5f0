"""`reviewcore serve` and `reviewcore worker` killed under load, and what is there afterwards."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.adapters.sql import SqlStore
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import UserId
from reviewcore.domain.reviews import ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import TrackStatus
from reviewcore.domain.users import User, token_hash
from reviewcore.sources import secret_token, system_clock
from reviewcore.testing.builders import a_session
from reviewcore.testing.clock import ManualClock
from tests.integration.crashes.aftermath import (
    COMMAND_KILLS,
    KILLS_MAX,
    count_acts,
    drain,
)
from tests.integration.crashes.clients import Answered, Client, Crowd, deal, review, rule
from tests.integration.crashes.commands import Commands
from tests.integration.crashes.load import LOAD_RULES
from tests.integration.races.conftest import fresh_database
from tests.integration.races.world import World
from tests.integration.warm import Warm

ARTISTS = 3
REVIEWERS = 6
REPLAYS_MAX = 300

SAME_THING = {"checkout": "track", "withdraw": "id"}
"""Answers that tell how a thing stands by now: a repeat must name the same one."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_database(request, request.param) as url:
        yield url


@pytest.fixture
def world(url: str, tmp_path: Path) -> Iterator[World]:
    """The market as its keeper sees it: with a clock that can be moved on."""
    clock = ManualClock(system_clock())
    with ExitStack() as stack:
        store = SqlStore(url, rules=LOAD_RULES, clock=clock)
        stack.callback(store.close)
        bank = SandboxBank(tmp_path / "bank.db", clock=clock)
        stack.callback(bank.close)
        yield World.on(store, name=url.partition(":")[0], clock=clock, bank=bank)


@pytest.mark.timeout(180 + 60 * COMMAND_KILLS)
def test_what_was_answered_over_http_is_there_and_nothing_is_done_twice(
    world: World, url: str, tmp_path: Path, warm: Warm
) -> None:
    (admin,) = world.users(1)
    commands = Commands(folder=tmp_path, url=url, admin_email=admin.email, warm=warm)
    crowd, present = _populate(world, commands, admin)

    with ExitStack() as stack:
        stack.callback(crowd.close)
        stack.callback(commands.stop)
        stack.callback(crowd.stop)
        commands.start()
        began = time.monotonic()
        crowd.start()
        _kill_on(commands, world, crowd)
        crowd.stop()
        seconds = time.monotonic() - began
        assert crowd.failed == []
        replays = _require_same_again(crowd)
        assert commands.complaints() == []

    world.clock.set(system_clock())
    drain(world)
    done = commands.check()
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "reviewcore check: 0 violation(s)"
    counts = _require_answered(world, crowd, present=present)
    repeats = sum((client.repeats for client in crowd.clients), Counter[str]())
    print(
        f"{world.name}, commands: {commands.tally} {dict(commands.killed)}; {seconds:.0f} s;"
        f" repeats {dict(repeats)}, {replays} replays; {counts}"
    )
    assert commands.tally.is_enough(COMMAND_KILLS)


def _kill_on(commands: Commands, world: World, crowd: Crowd) -> None:
    """Kill and start again until enough have died, and enough of those in the middle of it."""
    most = KILLS_MAX * COMMAND_KILLS
    while not commands.tally.is_enough(COMMAND_KILLS) and commands.tally.kills < most:
        commands.kill(world)
        assert crowd.failed == []
        commands.start()


def _populate(world: World, commands: Commands, admin: User) -> tuple[Crowd, set[str]]:
    """Make people with money, work and sessions; return them, and the ids of what there is."""
    artists = [world.artist() for _ in range(ARTISTS)]
    reviewers = [world.payee(one) for one in world.reviewers(REVIEWERS)]
    for reviewer in reviewers:
        world.delivered(world.track(artists[0], PackageType.PRO), [reviewer])
    for artist in artists:
        world.track(artist)
    world.app.run_pending()
    crowd = Crowd(
        [
            *((_client(world, commands, one.user_id), deal) for one in artists),
            *((_client(world, commands, one.user_id), review) for one in reviewers),
            (_client(world, commands, admin.id), rule),
        ]
    )
    with world.store.read() as tx:
        done = [one.id for one in tx.reviews.all() if one.status is ReviewStatus.COMPLETED]
        return crowd, {*done, *(one.id for one in tx.tracks.all())}


def _client(world: World, commands: Commands, user_id: UserId) -> Client:
    token, now = secret_token(), world.clock()
    session = a_session(
        user_id=user_id,
        token_hash=token_hash(token),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    with world.store.begin() as tx:
        tx.sessions.add(session)
    return Client(commands.base_url, token=token, name=user_id, serving=commands.serving)


def _require_same_again(crowd: Crowd) -> int:
    """Repeat some of what was done under its key, and require the first answer."""
    done = [(client, one) for client in crowd.clients for one in client.answers if one.is_done]
    chosen = random.sample(done, min(len(done), REPLAYS_MAX))
    for client, answered in chosen:
        again = client.again(answered)
        assert _sense(again) == _sense(answered)
    return len(chosen)


def _sense(answered: Answered) -> object:
    if answered.name not in SAME_THING:
        return answered.status, answered.told
    told = answered.told[SAME_THING[answered.name]]
    return answered.status, told["id"] if isinstance(told, dict) else told


def _require_answered(world: World, crowd: Crowd, *, present: set[str]) -> dict[str, int]:
    """Compare the answers that people had with what there is; count them by what was asked."""
    answers: dict[str, list[str]] = {}
    for client in crowd.clients:
        for one in client.answers:
            if one.is_done and one.name != "heartbeat":
                told = one.told.get("track") or one.told
                answers.setdefault(one.name, []).append(told["id"])
    told_of = {name: sorted(ids) for name, ids in answers.items()}
    with world.store.read() as tx:
        reviews = [one.id for one in tx.reviews.all() if one.status is ReviewStatus.COMPLETED]
        tracks = {str(one.id): one for one in tx.tracks.all()}
        payouts = sorted(one.id for one in tx.payouts.all())
        flags = list(tx.flags.all())

    assert sorted(set(reviews) - present) == told_of.get("complete", [])
    assert payouts == told_of.get("withdraw", [])
    assert sorted(set(tracks) - present) == told_of.get("submit", [])
    assert sorted(one.review_id for one in flags) == told_of.get("flag", [])
    for name, verdict in (("uphold", FlagStatus.UPHELD), ("dismiss", FlagStatus.DISMISSED)):
        judged = sorted(one.id for one in flags if one.status is verdict)
        assert judged == told_of.get(name, [])
    for track_id in told_of.get("cancel", []):
        assert tracks[track_id].status is TrackStatus.CANCELLED
    for name, act in (
        ("restrict", "restrict_reviewer"),
        ("unrestrict", "unrestrict_reviewer"),
        ("close", "close_track"),
    ):
        assert count_acts(world, act) == len(told_of.get(name, []))
    return {name: len(ids) for name, ids in sorted(told_of.items())}
