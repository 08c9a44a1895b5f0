from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest

from reviewcore.domain import events
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.ids import ReviewerId, TrackId
from reviewcore.domain.matching import Plan, Rejection, Verdict
from reviewcore.domain.money import Cents
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.rules import Tier
from reviewcore.ports.codec import Undecodable, decode, encode, field_types
from reviewcore.testing.builders import (
    a_flag,
    a_genre,
    a_payment,
    a_payout,
    a_queue_row,
    a_refund,
    a_review,
    a_reviewer,
    a_slot,
    a_track,
    a_user,
    an_artist,
    an_attempt,
)

AT = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Odd:
    mean: Decimal
    counts: Mapping[str, int]
    inner: tuple[Odd, ...] = ()
    share: float | None = None


ENTITIES: list[Any] = [
    a_flag(),
    a_genre(),
    a_payment(),
    a_payout(),
    a_queue_row(),
    a_refund(),
    a_review(status=ReviewStatus.COMPLETED),
    a_reviewer(last_assigned_at=AT),
    a_slot(tier=Tier.PRO),
    a_track(),
    a_user(name="Zoë 🎧"),
    an_artist(),
    an_attempt(),
    Plan(
        track_id=TrackId("t"),
        open_slots=2,
        verdicts=(
            Verdict(
                reviewer_id=ReviewerId("r"),
                accepted=False,
                slot_number=None,
                reason=Rejection.OUTRANKED,
                active_count=1,
                average_rating=4.5,
                gem_count=0,
                last_assigned_at=AT,
            ),
        ),
    ),
]


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: type(entity).__name__)
def test_every_entity_survives_the_way_through_json(entity: Any) -> None:
    told = json.loads(json.dumps(encode(entity)))

    assert decode(type(entity), told) == entity


@pytest.mark.parametrize("kind", events.event_kinds().values(), ids=lambda kind: kind.__name__)
def test_every_kind_of_event_can_be_read_back(kind: type[events.Event]) -> None:
    samples: dict[Any, object] = {int: 3, bool: True, datetime: AT, str: "x", Cents: 3}
    event = kind(**{name: samples.get(told, "x") for name, told in field_types(kind).items()})

    assert decode(kind, json.loads(json.dumps(encode(event)))) == event


def test_nested_optional_and_recursive_fields_are_understood() -> None:
    odd = Odd(
        mean=Decimal("4.70"),
        counts={"a": 1},
        inner=(Odd(mean=Decimal(1), counts={}, share=0.5),),
    )

    told = encode(odd)

    assert told["mean"] == "4.70"
    assert decode(Odd, told) == odd


def test_times_are_told_in_utc_with_microseconds() -> None:
    elsewhere = datetime(2026, 3, 1, 11, 30, tzinfo=timezone(timedelta(hours=2)))

    assert encode(elsewhere) == "2026-03-01T09:30:00.000000+00:00"
    assert decode(datetime, "2026-03-01T09:30:00Z").tzinfo is UTC


def test_naive_times_are_refused_both_ways() -> None:
    with pytest.raises(ValueError, match="naive"):
        encode(AT.replace(tzinfo=None))
    with pytest.raises(Undecodable, match="naive"):
        decode(datetime, "2026-03-01T09:30:00")


def test_what_cannot_be_told_is_named_with_its_class() -> None:
    odd = Odd(mean=Decimal(1), counts={}, share=float("nan"))

    with pytest.raises(ValueError, match=r"^User\.created_at: .* is naive"):
        encode(a_user(created_at=AT.replace(tzinfo=None)))
    with pytest.raises(ValueError, match=r"^Odd\.inner: Odd\.share: nan is no number"):
        encode(Odd(mean=Decimal(1), counts={}, inner=(odd,)))
    unknown: Any = object()
    with pytest.raises(TypeError, match=r"^Odd\.mean: no JSON form is known for object$"):
        encode(Odd(mean=unknown, counts={}))


def test_none_is_a_result_too() -> None:
    assert encode(None) is None
    assert decode(None, None) is None
    with pytest.raises(Undecodable):
        decode(None, 0)


def test_a_field_with_a_default_may_be_absent_and_others_may_not() -> None:
    told = encode(a_slot())
    del told["refunded_at"]
    assert decode(type(a_slot()), told).refunded_at is None

    del told["rate"]
    with pytest.raises(Undecodable, match="no field 'rate' of Slot"):
        decode(type(a_slot()), told)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (int, True),
        (int, 1.0),
        (bool, 1),
        (str, 1),
        (float, "1"),
        (Decimal, 1),
        (Decimal, "one"),
        (datetime, 0),
        (datetime, "yesterday"),
        (Tier, "BEST"),
        (Tier, None),
        (tuple[int, ...], {"0": 1}),
        (tuple[int, ...], [1, "2"]),
        (Mapping[str, int], []),
        (Cents, "5"),
        (Feedback, []),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(kind: Any, data: Any) -> None:
    with pytest.raises(Undecodable):
        decode(kind, data)


def test_an_error_says_where_it_is() -> None:
    told = encode(a_review(status=ReviewStatus.COMPLETED))
    told["feedback"]["production_score"] = "4"

    with pytest.raises(Undecodable, match=r"^\.feedback\.production_score: is str, not int$"):
        decode(Review, told)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(Undecodable, match="has a field 'extra' that Slot does not"):
        decode(type(a_slot()), encode(a_slot()) | {"extra": 1})


@pytest.mark.parametrize(
    "value",
    [object(), {1.5: 2}, {True: 2}, {1: 2, "1": 2}, b"x", {1, 2}],
    ids=lambda value: type(value).__name__,
)
def test_values_without_a_json_form_are_our_bug(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("kind", [int | str, tuple[int, str], set[int], bytes], ids=str)
def test_types_without_a_json_form_are_our_bug(kind: Any) -> None:
    with pytest.raises(TypeError):
        decode(kind, 1)


def test_a_float_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="no number"):
        encode(float("nan"))


def test_whole_numbers_may_be_the_keys_of_a_mapping() -> None:
    kind = Mapping[int, str]

    told = json.loads(json.dumps(encode({0: "a", -12: "b"})))

    assert decode(kind, told) == {0: "a", -12: "b"}
    for odd in ("x", "01", "-0", "1.0", "\u0661"):
        with pytest.raises(Undecodable, match="whole number"):
            decode(kind, {odd: "a"})
