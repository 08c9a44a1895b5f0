"""What befalls a market, and that it stands it."""

from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.errors import EmailTaken
from reviewcore.domain.rules import MarketRules
from reviewcore.testing.clock import START
from reviewcore.testing.simulator import (
    DEFAULT_MIX,
    Cancelling,
    Faults,
    Honest,
    simulate,
    simulate_rough,
)
from reviewcore.testing.simulator.acts import Act, Drive, FaultsEnd, Work
from reviewcore.testing.simulator.world import DIED, Broken, Refusal, SimulatedStore, World
from reviewcore.usecases import SignUp, sign_up

NONE = Faults.none()


def a_world(faults: Faults = NONE) -> World:
    return World(seed=1, rules=MarketRules(), faults=faults)


def signing_up(number: int) -> Act:
    command = SignUp(email="ann@example.com", password="correct horse")
    return Act(number=number, at=START, who="ann", deed=Drive(usecase=sign_up, command=command))


def test_a_refusal_is_an_answer() -> None:
    world = a_world()
    world.run(signing_up(1))

    assert world.run(signing_up(2)) == Refusal(EmailTaken)
    assert world.refusals == 1


def test_a_doomed_act_dies_at_a_boundary_or_comes_through() -> None:
    answers = [a_world(Faults(crashes=1.0)).run(signing_up(number)) for number in range(60)]

    # Signing up is one transaction, so only the first of six boundaries is ever met.
    assert 1 <= sum(answer is DIED for answer in answers) <= 25


def test_a_dead_worker_forgets_what_it_had_in_memory() -> None:
    world = a_world(Faults(crashes=1.0))
    before = world.workers[0]
    number = 0
    while world.workers[0] is before:
        number += 1
        world.run(Act(number=number, at=START, who="worker 0", deed=Work(worker=0, step="deliver")))

    assert world.crashes == 1


def test_nothing_goes_wrong_once_faults_end() -> None:
    world = a_world(Faults(crashes=1.0, outages_a_week=7, outage_hours=24))

    world.run(Act(number=1, at=START, who="bank", deed=FaultsEnd()))

    assert world.weather.faults == attrs.evolve(NONE, overdraft_cents=0)


def test_a_broken_law_is_no_bad_luck() -> None:
    assert not issubclass(Broken, Exception)


@pytest.mark.parametrize(
    "faults",
    [
        NONE,
        Faults(crashes=0.2, restart_seconds=3_600),
        Faults(lost_before=0.3, lost_after=0.3, slow_seconds=60),
        Faults(webhooks_lost=0.5, webhooks_repeated=0.5, webhooks_late=0.5, disputes=0.5),
        Faults(outages_a_week=14, outage_hours=10, mail_refused=0.3, repeats=0.5),
    ],
    ids=["nothing", "deaths", "silence", "late news", "outages"],
)
def test_the_laws_hold_whatever_goes_wrong(faults: Faults) -> None:
    quick = tuple(attrs.evolve(one, comes_within_days=1.0) for one in DEFAULT_MIX)

    report = simulate(seed=5, days=3, faults=faults, personas=quick)

    report.require_lawful()
    assert report.measures.reviews_completed > 0
    # So few as usual may be none in three days.
    assert report.crashes > 0 or faults.crashes <= Faults().crashes
    assert report.crashes == 0 or faults.crashes > 0


def test_hosts_bring_their_own_people_and_rules() -> None:
    report = simulate(
        seed=2,
        days=3,
        rules=MarketRules(minimum_listen_seconds=20),
        personas=(
            Honest(count=3, comes_within_days=0.1),
            Cancelling(count=1, comes_within_days=0.1),
        ),
    )

    assert {one.name: one.people for one in report.measures.personas} == {
        "honest": 3,
        "cancelling": 1,
    }


def test_a_store_may_be_passed() -> None:
    made = []

    class Kept(SimulatedStore):
        def __init__(self, **parts: object) -> None:
            super().__init__(**parts)  # type: ignore[arg-type]  # handed through
            made.append(self)

    simulate(seed=1, days=1, make_store=Kept)

    assert len(made) == 1


def test_what_is_rare_happens_in_a_rough_market() -> None:
    report = simulate_rough(seed=1, days=14)

    report.require_lawful()
    rare = {
        *("DisputeLost", "SlotLost", "SlotRefunded", "TrackCancelled", "TrackClosed"),
        *("PayoutFailed", "PayoutParked", "PayoutReversed", "RefundParked", "RefundReturned"),
        *("FlagUpheld", "FlagDismissed", "ReviewerRestricted", "SourceUpdated"),
    }
    assert rare <= report.events.keys()
