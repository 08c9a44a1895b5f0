from __future__ import annotations

from typing import Any

import attrs
import pytest

from reviewcore.domain import events
from reviewcore.domain.events import Event, event_kinds
from reviewcore.domain.notices import NOTICES, Audience, Notice

ABSTRACT = {
    "Event",
    "UserEvent",
    "ArtistEvent",
    "ReviewerEvent",
    "TrackEvent",
    "PaymentEvent",
    "RefundEvent",
    "ReviewEvent",
    "FlagEvent",
    "PayoutEvent",
    "TicketEvent",
    "LeadEvent",
}
KINDS = {name: kind for name, kind in event_kinds().items() if name not in ABSTRACT}

AUDIENCES = {
    Audience.USER: {"user", "ticket"},
    Audience.ARTIST: {"track", "refund"},
    Audience.LEAD: {"lead"},
    Audience.REVIEWER: {"reviewer", "payout", "flag"},
}


def made(kind: type[Event]) -> Event:
    told: dict[str, Any] = {field.name: f"the-{field.name}" for field in attrs.fields(kind)}
    return kind(**told)


def test_every_event_of_the_module_is_known_by_its_name() -> None:
    written = {
        name
        for name, thing in vars(events).items()
        if isinstance(thing, type) and issubclass(thing, Event)
    }

    assert written == set(event_kinds())
    assert all(kind.__name__ == name for name, kind in event_kinds().items())


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"AdminActed"}))
def test_an_event_belongs_to_the_history_of_what_it_is_about(name: str) -> None:
    event = made(KINDS[name])

    kind, _, key = event.aggregate.partition(":")
    assert key == f"the-{kind}_id"
    assert f"{kind}_id" == KINDS[name].ABOUT


def test_an_administrators_act_belongs_to_what_it_was_done_to() -> None:
    acted = events.AdminActed(subject="reviewer:7", act="restrict_reviewer", reason="spam")

    assert acted.aggregate == "reviewer:7"


def test_events_are_values() -> None:
    assert made(events.TrackQueued) == made(events.TrackQueued)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made(events.TrackQueued).track_id = "x"  # type: ignore[attr-defined]  # the point


# ── notices ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(NOTICES))
def test_a_notice_is_about_an_event_that_its_audience_can_be_found_from(name: str) -> None:
    notice, event = NOTICES[name], made(KINDS[name])

    assert event.aggregate.partition(":")[0] in AUDIENCES[notice.audience]
    assert notice.once is None or notice.once in attrs.fields_dict(KINDS[name])


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES)
def test_a_notice_asks_for_known_facts_only(notice: Notice) -> None:
    facts = dict.fromkeys(
        (
            "name", "title", "link", "token", "amount", "before", "after", "requested",
            "completed", "subject", "answer", "reference",
        ),
        "fact",
    )  # fmt: skip

    assert "\n" not in notice.subject.format_map(facts)
    assert notice.body.format_map(facts).endswith("\n")


def test_a_token_stands_on_a_line_of_its_own() -> None:
    body = NOTICES["EmailVerificationRequested"].body.format(name="Ada", link="L", token="T")

    assert "Token: T" in body.splitlines()


@pytest.mark.parametrize(
    "event",
    [
        "EmailVerificationRequested",
        "PasswordResetRequested",
        "PasswordChanged",
        "AccountLinked",
        "EmailChangeRequested",
        "NewEmailVerificationRequested",
        "TrackQueued",
        "TrackHalfReviewed",
        "TrackCompleted",
        "LinkReportedBroken",
        "TierChanged",
        "PayoutCompleted",
        "PayoutFailed",
        "FlagUpheld",
        "FlagDismissed",
        "TicketAnswered",
        "LeadReminded",
    ],
)
def test_people_get_the_notices_that_they_expect(event: str) -> None:
    assert event in NOTICES
