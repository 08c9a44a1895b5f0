from __future__ import annotations

import copy
import inspect
import pickle
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from reviewcore.domain import errors
from reviewcore.domain.errors import ReviewcoreError

# An entrypoint may add refusals of its own, such as a malformed body; these are the domain's.
CATEGORIES = [
    kind for kind in ReviewcoreError.__subclasses__() if kind.__module__ == errors.__name__
]


def leaves(kind: type[ReviewcoreError]) -> list[type[ReviewcoreError]]:
    return [leaf for child in kind.__subclasses__() for leaf in leaves(child)] or [kind]


LEAVES = [leaf for leaf in leaves(ReviewcoreError) if leaf.__module__ == errors.__name__]

SAMPLES: dict[str, Any] = {
    "str": "sample",
    "int": 7,
    "datetime": datetime(2026, 1, 5, tzinfo=UTC),
    "tuple[str, ...]": ("a", "b"),
}


def sample(kind: type[ReviewcoreError]) -> ReviewcoreError:
    return kind(**{name: SAMPLES[told] for name, told in inspect.get_annotations(kind).items()})


def test_the_categories_are_the_eight_that_a_caller_can_act_on() -> None:
    assert {kind.__name__ for kind in CATEGORIES} == {
        "Invalid",
        "Unauthenticated",
        "Forbidden",
        "NotFound",
        "Conflict",
        "Refused",
        "Throttled",
        "Unavailable",
    }


@pytest.mark.parametrize("kind", LEAVES)
def test_a_refusal_has_one_category(kind: type[ReviewcoreError]) -> None:
    assert sum(issubclass(kind, category) for category in CATEGORIES) == 1


@pytest.mark.parametrize("kind", LEAVES)
def test_a_refusal_says_itself_in_one_sentence(kind: type[ReviewcoreError]) -> None:
    title = sample(kind).title

    assert title.endswith(".")
    assert "\n" not in title
    assert title == sample(kind).title


@pytest.mark.parametrize("kind", LEAVES)
def test_a_refusal_tells_its_fields_by_name(kind: type[ReviewcoreError]) -> None:
    refusal = sample(kind)

    told = str(refusal)

    assert told.startswith(refusal.title)
    for name, value in refusal.extras.items():
        assert f"{name}: {value}" in told


@pytest.mark.parametrize("kind", LEAVES)
def test_a_refusal_survives_copying_and_pickling(kind: type[ReviewcoreError]) -> None:
    refusal = sample(kind)

    for twin in (copy.copy(refusal), copy.deepcopy(refusal), pickle.loads(pickle.dumps(refusal))):
        assert type(twin) is kind
        assert twin.extras == refusal.extras
        assert str(twin) == str(refusal)


def test_the_fields_of_a_refusal_stand_behind_its_sentence() -> None:
    refusal = errors.OutOfRange(field="rating", minimum=1, maximum=5)

    assert str(refusal) == "The number is out of range. (field: rating, minimum: 1, maximum: 5)"


def test_a_category_can_be_raised_by_itself() -> None:
    bare = errors.Refused()

    assert bare.extras == {}
    assert str(bare) == "A rule of the market does not allow this."


def test_a_refusal_without_a_docstring_is_titled_by_its_name() -> None:
    class Undocumented(errors.Refused):
        pass

    assert Undocumented().title == "Undocumented"


def test_a_refusal_may_travel_with_its_traceback() -> None:
    with pytest.raises(errors.OutOfRange) as caught:
        raise errors.OutOfRange(field="rating", minimum=1, maximum=5) from ValueError("cause")

    assert caught.value.__traceback__ is not None
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    "fields",
    [
        {"field": "rating", "minimum": 1},
        {"field": "rating", "minimum": 1, "maximum": 5, "reason": "none of its fields"},
    ],
)
def test_a_refusal_is_made_of_all_its_fields_and_no_others(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="OutOfRange is made of field, minimum, maximum"):
        errors.OutOfRange(**fields)


def test_a_refusal_without_fields_takes_none() -> None:
    nothing_told: Any = errors.AlreadyFlagged

    with pytest.raises(TypeError):
        nothing_told("a message")
    with pytest.raises(TypeError, match=r"is made of no fields$"):
        nothing_told(reason="a message")


def test_what_a_refusal_says_does_not_change() -> None:
    refusal = errors.OutOfRange(field="rating", minimum=1, maximum=5)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        refusal.minimum = 2  # type: ignore[misc]  # that is the point


def test_refusals_are_equal_that_say_the_same() -> None:
    one = errors.OutOfRange(field="rating", minimum=1, maximum=5)
    same = errors.OutOfRange(field="rating", minimum=1, maximum=5)
    other = errors.OutOfRange(field="rating", minimum=1, maximum=4)

    assert one == same
    assert hash(one) == hash(same)
    assert len({hash(kind()) for kind in (errors.OwnCase, errors.AlreadyFlagged)}) > 1
    assert one != other
    assert one != errors.TooMany(field="rating", minimum=1, maximum=5)
    assert repr(one) == "OutOfRange(field='rating', minimum=1, maximum=5)"
