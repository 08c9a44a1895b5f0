from __future__ import annotations

import pytest

from reviewcore.domain.errors import EmailTaken, InvalidEmail, InvalidText
from reviewcore.domain.leads import LeadCapture
from reviewcore.usecases import (
    CaptureLead,
    RemindLead,
    SignUp,
    capture_lead,
    remind_lead,
    sign_up,
)
from tests.unit.usecases.market import PASSWORD, World

EMAIL = "lyra@example.com"


@pytest.fixture
def world() -> World:
    return World()


def left(world: World, email: str = EMAIL, **told: str) -> None:
    world.do(capture_lead, CaptureLead(email=email, **told))


def leads(world: World) -> list[LeadCapture]:
    return world.all(lambda tx: tx.leads.all())


def joins(world: World, email: str = EMAIL) -> None:
    world.drive(sign_up, SignUp(email=email, password=PASSWORD))


def reminders(world: World) -> list[str]:
    return [one.to for one in world.mail.letters if "still waits" in one.subject]


def test_an_address_is_kept_as_it_was_left(world: World) -> None:
    left(world, "Lyra@Example.com", artist_name="Lyra", source="landing")

    [lead] = leads(world)
    assert (lead.email, lead.artist_name, lead.source) == (
        EMAIL,
        "Lyra",
        "landing",
    )
    assert lead.created_at == world.clock()
    assert lead.is_waiting


def test_an_address_that_was_left_before_stays_as_it_was(world: World) -> None:
    left(world, source="landing")
    kept = leads(world)
    world.wait(hours=12)

    left(world, artist_name="Another", source="elsewhere")

    assert leads(world) == kept


def test_the_address_of_a_user_is_no_lead(world: World) -> None:
    joins(world)

    left(world)

    assert leads(world) == []


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"email": "nobody"}, InvalidEmail),
        ({"email": EMAIL, "artist_name": "A\r\nBcc: eve@example.com"}, InvalidText),
        ({"email": EMAIL, "artist_name": "x" * 101}, InvalidText),
        ({"email": EMAIL, "source": "x" * 201}, InvalidText),
        ({"email": EMAIL, "source": "a\x00b"}, InvalidText),
    ],
)
def test_what_is_no_address_or_text_is_refused(
    world: World, told: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        world.do(capture_lead, CaptureLead(**told))

    assert leads(world) == []


def test_one_reminder_goes_a_day_later(world: World) -> None:
    left(world, artist_name="Lyra")
    world.work()
    world.wait(hours=23, minutes=59)
    world.work()
    assert reminders(world) == []

    for _ in range(3):
        world.wait(minutes=1)
        world.work()
        world.wait(days=7)

    assert reminders(world) == [EMAIL]
    [letter] = [one for one in world.mail.letters if one.to == EMAIL]
    assert letter.text.startswith("Hello Lyra,")
    assert len(world.events("LeadReminded")) == 1


def test_whoever_left_no_name_is_greeted_as_well(world: World) -> None:
    left(world)
    world.wait(days=1)
    world.work()

    [letter] = world.mail.letters
    assert letter.text.startswith("Hello there,")
    [lead] = leads(world)
    assert (lead.reminded, lead.next_attempt_at) == (world.clock(), None)


def test_whoever_signed_up_is_not_reminded(world: World) -> None:
    left(world)
    world.wait(hours=5)

    joins(world)

    [lead] = leads(world)
    assert lead.converted == world.clock()
    assert lead.next_attempt_at is None
    world.wait(days=2)
    world.work()
    assert reminders(world) == []
    assert len(world.events("LeadConverted")) == 1
    assert world.events("LeadReminded") == []


def test_a_sign_up_that_is_refused_converts_nobody(world: World) -> None:
    joins(world)
    left(world, "other@example.com")

    with pytest.raises(EmailTaken):
        joins(world)

    [lead] = leads(world)
    assert lead.is_waiting


def test_a_reminder_that_is_recorded_twice_goes_once(world: World) -> None:
    left(world)
    [lead] = leads(world)

    first = world.do(remind_lead, RemindLead(lead_id=lead.id))
    again = world.do(remind_lead, RemindLead(lead_id=lead.id))

    assert first == again
    assert len(world.events("LeadReminded")) == 1


def test_whoever_signs_up_between_reminder_and_mail_gets_none(world: World) -> None:
    left(world)
    [lead] = leads(world)
    world.do(remind_lead, RemindLead(lead_id=lead.id))

    joins(world)
    world.work()

    assert reminders(world) == []
    [lead] = leads(world)
    assert lead.reminded is not None
    assert lead.converted is not None


def test_whoever_has_left_for_good_before_the_mail_goes_gets_none(world: World) -> None:
    left(world)
    [lead] = leads(world)
    world.do(remind_lead, RemindLead(lead_id=lead.id))
    with world.app.store.begin() as tx:
        tx.leads.remove(lead.id)

    world.work()

    assert reminders(world) == []
    assert all(event.delivered_at is not None for event in world.events())


def test_events_hold_no_address(world: World) -> None:
    left(world, artist_name="Lyra", source="landing")
    joins(world)

    told = [one for one in world.events() if one.aggregate.startswith("lead:")]
    assert [one.type for one in told] == ["LeadCaptured", "LeadConverted"]
    for event in told:
        assert {EMAIL, "Lyra", "landing"}.isdisjoint(set(event.payload.values()))


def test_a_lead_that_was_left_while_its_address_signed_up_is_not_reminded(world: World) -> None:
    left(world)
    [lead] = leads(world)
    joins(world)
    # As two at once leave it, neither of whom has seen the other.
    with world.app.store.begin() as tx:
        tx.leads.update(lead)

    world.wait(days=1)
    world.work()

    assert reminders(world) == []
    assert leads(world)[0].converted == world.clock()


def test_a_lead_is_won_once_whoever_has_its_address_later(world: World) -> None:
    left(world)
    joins(world, "first@example.com")
    with world.app.store.begin() as tx:
        [lead] = tx.leads.all()
        tx.leads.update(lead.convert(tx.now))
    won = leads(world)
    world.wait(hours=1)

    joins(world)

    assert leads(world) == won
    assert world.events("LeadConverted") == []
