from __future__ import annotations

from typing import Any

import attrs
import pytest

from reviewcore.domain.evolving import evolve
from reviewcore.testing import builders as make


@pytest.mark.parametrize(
    ("entity", "changes"),
    [
        (make.a_review(), {"listen_duration": 7, "artist_rating": 5}),
        (make.a_track(), {"reviews_completed": 1, "completed_at": None}),
        (make.a_reviewer(), {"gem_count": 3}),
        (make.an_artist(), {}),
        (make.a_slot(), {"is_lost": True}),
        (make.a_payment(), {"stripe_payment_id": "pi_1"}),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_a_changed_copy_is_what_attrs_makes(entity: Any, changes: dict[str, Any]) -> None:
    before = attrs.astuple(entity, recurse=False)

    copy = evolve(entity, **changes)

    assert copy == attrs.evolve(entity, **changes)
    assert copy is not entity
    assert attrs.astuple(entity, recurse=False) == before
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        copy.id = "other"


def test_a_field_that_does_not_exist_is_no_change() -> None:
    nonsense: dict[str, Any] = {"gems": 3}

    with pytest.raises(TypeError, match="ReviewerProfile has no field gems"):
        evolve(make.a_reviewer(), **nonsense)


def test_what_judges_its_fields_is_not_copied_unjudged() -> None:
    @attrs.frozen
    class Percent:
        number: int = attrs.field(validator=attrs.validators.le(100))

    with pytest.raises(
        TypeError, match=r"^Percent judges its fields when it is made: use attrs\.evolve$"
    ):
        evolve(Percent(5), number=101)


def test_a_class_is_copied_by_all_its_own_fields_from_its_first_time_on() -> None:
    @attrs.frozen
    class Point:
        x: int
        y: int = 0

    @attrs.frozen
    class Named(Point):
        name: str = "origin"

    here = Named(1, 2, "here")
    elsewhere: dict[str, Any] = {"name": "there"}

    assert evolve(here, x=3) == Named(3, 2, "here")
    assert evolve(here, y=4, name="there") == Named(1, 4, "there")
    assert evolve(Point(5, 6), y=7) == Point(5, 7)
    with pytest.raises(TypeError, match=r"^Point has no field name$"):
        evolve(Point(5, 6), **elsewhere)
