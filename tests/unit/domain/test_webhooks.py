from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from reviewcore.domain.webhooks import TRIES_MAX, ProcessorEvent, Subject, receive
from reviewcore.testing.clock import START

LATER = START + timedelta(minutes=5)
TOLD = ProcessorEvent(
    id="evt_1",
    type="checkout.session.completed",
    subject=Subject.CHECKOUT,
    object_id="cs_1",
    created_at=START,
)


def test_a_handled_event_stays_handled_as_of_the_first_time() -> None:
    handled = receive(TOLD, START).handle(START)

    assert handled.handle(LATER) is handled
    assert (handled.handled_at, handled.next_attempt_at) == (START, None)


def test_a_failure_waits_longer_each_time_and_is_given_up_in_the_end() -> None:
    event = receive(TOLD, START)
    pauses = []
    for _ in range(TRIES_MAX):
        event = event.fail("OSError", START)
        pauses.append(event.next_attempt_at)

    waits = [at - START for at in pauses if at is not None]
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert max(waits) == timedelta(hours=1)
    assert pauses[-1] is None
    assert sum(waits, timedelta()) > timedelta(hours=24)


@pytest.mark.parametrize("failures", [1, TRIES_MAX])
def test_what_was_mended_is_handled_as_if_it_had_never_failed(failures: int) -> None:
    event = receive(TOLD, START)
    for _ in range(failures):
        event = event.fail("OSError", START)

    handled = event.retry(LATER).handle(LATER)

    assert event.retry(LATER) == attrs.evolve(event, next_attempt_at=LATER)
    assert (handled.failure, handled.handled_at) == (None, LATER)


def test_an_event_is_leased_by_nobody_once_its_turn_is_over() -> None:
    leased = attrs.evolve(receive(TOLD, START), leased_until=LATER)

    assert leased.handle(START).leased_until is None
    assert leased.fail("OSError", START).leased_until is None
    assert leased.fail("OSError", START).failure == "OSError"
    assert leased.retry(START).leased_until is None


@pytest.mark.parametrize(("subject", "waits"), [(Subject.CHECKOUT, True), (Subject.OTHER, False)])
def test_what_is_received_waits_unless_nothing_is_to_be_done(subject: Subject, waits: bool) -> None:
    told = attrs.evolve(TOLD, subject=subject, account_id="acct_1")

    event = receive(told, LATER)

    assert attrs.asdict(told).items() <= attrs.asdict(event).items()
    assert (event.received_at, event.is_handled) == (LATER, not waits)
    assert (event.handled_at, event.next_attempt_at) == ((None, LATER) if waits else (LATER, None))
