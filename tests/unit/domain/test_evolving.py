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

    with pytest.raises(TypeError, match=r"use attrs\.evolve"):
        evolve(Percent(5), number=101)
