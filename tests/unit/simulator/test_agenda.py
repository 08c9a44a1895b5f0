from __future__ import annotations

from datetime import timedelta

from reviewcore.testing.clock import START, ManualClock
from reviewcore.testing.simulator.agenda import Agenda
from reviewcore.testing.simulator.dice import Dice, Lot
from reviewcore.testing.simulator.names import ActNames
from reviewcore.testing.simulator.rhythm import EVENINGS


def test_things_are_done_at_their_times_in_the_order_added() -> None:
    clock = ManualClock()
    agenda, done = Agenda(clock), list[object]()
    agenda.after(5, lambda: done.append(("late", clock())))
    agenda.after(1, lambda: done.append("first"))
    agenda.after(1, lambda: done.append("second"))

    agenda.run_until(START + timedelta(minutes=1))

    assert done == ["first", "second", ("late", START + timedelta(seconds=5))]
    assert clock() == START + timedelta(minutes=1)


def test_others_act_while_one_waits_and_are_over_when_he_goes_on() -> None:
    clock = ManualClock()
    agenda, done = Agenda(clock), list[str]()

    def wait() -> None:
        done.append("asks")
        agenda.pass_time(10)
        done.append("is answered")

    agenda.after(1, wait)
    agenda.after(5, lambda: done.append("somebody else"))
    agenda.after(60, lambda: done.append("afterwards"))
    agenda.run_until(START + timedelta(minutes=2))

    assert done == ["asks", "somebody else", "is answered", "afterwards"]


def test_ids_sort_as_they_were_made_and_depend_on_their_act_alone() -> None:
    clock = ManualClock()
    names, others = ActNames(1, clock), ActNames(1, clock)

    outer = names.enter(5, Lot(1, 5))
    ids = [names.new_id(), names.new_id()]
    clock.advance(seconds=1)
    inner = names.enter(6, Lot(1, 6))
    ids.append(names.new_id())
    names.leave(inner)
    clock.advance(seconds=1)
    ids.append(names.new_id())
    names.leave(outer)

    assert ids == sorted(ids)
    assert len({*ids}) == 4
    assert {len(one) for one in ids} == {26}
    clock.set(START)
    others.enter(5, Lot(1, 5))
    assert others.new_id() == ids[0]


def test_people_come_more_often_in_the_evening() -> None:
    dice, at, hours = Dice(2), START, list[int]()
    for _ in range(2_000):
        at = EVENINGS.next(at, times_a_day=4, dice=dice)
        hours.append(at.hour)

    assert sum(18 <= hour < 22 for hour in hours) > 3 * sum(1 <= hour < 5 for hour in hours)
    assert 440 < (at - START).days < 560


def test_whoever_waited_goes_on_later_than_those_who_waited_meanwhile() -> None:
    clock = ManualClock()
    agenda, went_on = Agenda(clock), list[object]()

    def wait(seconds: float) -> None:
        agenda.pass_time(seconds)
        went_on.append(clock())

    agenda.after(1, lambda: wait(10))
    agenda.after(5, lambda: wait(20))
    agenda.run_until(START + timedelta(minutes=1))

    assert went_on == sorted(went_on, key=str)
    assert went_on[0] != went_on[1]
