"""The numbers are written down here because they must be the same everywhere, for ever."""

from __future__ import annotations

from collections import Counter

from reviewcore.testing.simulator.dice import Dice, Lot


def test_draws_are_those_of_every_other_machine() -> None:
    dice = Dice(7)

    assert [dice.below(100) for _ in range(5)] == DRAWN
    assert dice.wait(60.0) == WAITED
    assert dice.choice("abcdef") == CHOSEN
    assert Lot(7, 3).token() == TOKEN


DRAWN = [32, 15, 65, 7, 53]
WAITED = 27.313
CHOSEN = "a"
TOKEN = "50W2L74cozTWAeb2ZxidHr1ZD8ue7WEuah3fBdxUm3M"


def test_an_act_has_the_same_luck_whatever_went_before() -> None:
    first = Lot(1, 12)
    first.share()

    assert first.share() != Lot(1, 12).share()
    assert Lot(1, 12).share() == Lot(1, 12).share()
    assert Lot(1, 12).share() != Lot(1, 13).share() != Lot(2, 13).share()


def test_forks_do_not_disturb_each_other() -> None:
    one, other = Dice(1), Dice(1)
    mine, theirs = one.fork(), other.fork()
    for _ in range(5):
        theirs.chance(0.5)

    assert one.below(1_000_000) == other.below(1_000_000)
    assert mine.below(1_000_000) != theirs.below(1_000_000)


def test_weights_are_shares() -> None:
    dice = Dice(3)

    drawn = Counter(dice.weighted((("often", 3.0), ("seldom", 1.0))) for _ in range(4_000))

    assert 2_800 < drawn["often"] < 3_200


def test_a_sample_holds_each_thing_once() -> None:
    assert sorted(Dice(5).sample(range(4), 10)) == [0, 1, 2, 3]


def test_what_is_around_a_mean_stays_near_it() -> None:
    dice = Dice(9)

    drawn = [dice.around(4.0, 1.0) for _ in range(2_000)]

    assert 3.0 <= min(drawn) <= max(drawn) <= 5.0
    assert 3.95 < sum(drawn) / len(drawn) < 4.05
