from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.errors import OutOfRange, UnknownLaw
from reviewcore.domain.laws import LAWS, Law, MarketView, violations
from reviewcore.domain.money import Cents
from reviewcore.domain.webhooks import Subject
from reviewcore.ports.processor import ReversalOrder
from reviewcore.usecases import CheckLaws, check_laws
from reviewcore.usecases.check_laws import LIMIT_MAX, view_of
from tests.unit.usecases.disputing import applied, dispute
from tests.unit.usecases.market import World
from tests.unit.usecases.test_processor_events import an_event, hear, paid_out


@pytest.fixture
def world() -> World:
    """A market in which two artists count a track too many."""
    world = World()
    artists = [world.an_artist() for _ in range(2)]
    with world.app.store.begin() as tx:
        tx.artists.update(*(attrs.evolve(one, total_tracks=1) for one in artists))
    return world


def test_what_is_told_is_what_the_laws_say(world: World) -> None:
    told = world.app.ask(check_laws, CheckLaws())

    assert told == violations(world.look(view_of))
    assert {one.law for one in told} == {"artists_count_right"}
    assert len(told) == 2


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_one_law_is_judged_alone(world: World, law: Law) -> None:
    told = world.app.ask(check_laws, CheckLaws(law=law.name))

    assert len(told) == (2 if law.name == "artists_count_right" else 0)


def test_no_more_is_told_than_was_asked_for(world: World) -> None:
    assert len(world.app.ask(check_laws, CheckLaws(limit=1))) == 1


@pytest.mark.parametrize("limit", [0, -1, LIMIT_MAX + 1])
def test_a_limit_has_its_range(world: World, limit: int) -> None:
    with pytest.raises(OutOfRange):
        world.app.ask(check_laws, CheckLaws(limit=limit))


def test_a_law_that_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(UnknownLaw) as refusal:
        world.app.ask(check_laws, CheckLaws(law="nobody_steals"))

    assert refusal.value.law == "nobody_steals"


def test_a_block_judges_what_it_has_just_written(world: World) -> None:
    (law,) = (one for one in LAWS if one.name == "artists_count_right")

    with world.app.store.begin() as tx:
        before = list(tx.audit.judge(law))
        tx.artists.update(*(attrs.evolve(one, total_tracks=0) for one in tx.artists.all()))
        after = list(tx.audit.judge(law))

    assert len(before) == 2
    assert after == []


def test_a_view_holds_every_row_and_the_rules() -> None:
    world = World(rate_normal_cents=90, rate_pro_cents=90, minimum_payout_cents=50)
    payout = paid_out(world)
    world.bank.reverse(
        ReversalOrder(
            reversal_id="r", external_id=str(payout.external_id), amount=Cents(9), key="rv"
        )
    )
    hear(world, an_event(world, Subject.TRANSFER, str(payout.external_id)))
    [review] = world.all(lambda tx: tx.reviews.all())
    track = world.look(lambda tx: tx.tracks.get(review.track_id))
    world.flag(review)
    world.close(track)
    dispute(world, applied(world, track))
    world.assign(world.a_queued_track())

    view = world.look(view_of)

    assert view.rules == world.rules
    for name in (field.name for field in attrs.fields(MarketView) if field.name != "rules"):
        rows = getattr(view, name)
        where = "ledger" if name == "entries" else name
        assert rows == tuple(world.all(lambda tx, at=where: getattr(tx, at).all()))  # type: ignore[misc]  # bound now
        assert rows, f"there are no {name}"
