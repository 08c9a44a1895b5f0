from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from reviewcore.domain.errors import InvalidText
from reviewcore.domain.ids import LeadId
from reviewcore.domain.leads import LeadCapture, require_lead_name, require_source
from reviewcore.testing.clock import START

LATER = START + timedelta(hours=24)
EVEN_LATER = LATER + timedelta(hours=1)


def a_lead(**changes: Any) -> LeadCapture:
    return LeadCapture(
        **{
            "id": LeadId("l"),
            "email": "ada@example.com",
            "artist_name": "Ada",
            "source": "campaign",
            "created_at": START,
            "next_attempt_at": LATER,
            "leased_until": LATER,
            **changes,
        }
    )


def test_a_lead_waits_until_it_was_reminded_or_has_signed_up() -> None:
    assert a_lead().is_waiting
    assert not a_lead(reminded=LATER).is_waiting
    assert not a_lead(converted=LATER).is_waiting


def test_a_lead_is_reminded_once_and_nothing_is_due_after() -> None:
    lead = a_lead()

    reminded = lead.remind(LATER)

    assert reminded == attrs.evolve(lead, reminded=LATER, next_attempt_at=None, leased_until=None)
    assert reminded.remind(EVEN_LATER) == reminded


def test_nothing_is_due_for_a_lead_that_has_signed_up() -> None:
    lead = a_lead()

    converted = lead.convert(LATER)

    assert converted == attrs.evolve(lead, converted=LATER, next_attempt_at=None, leased_until=None)
    assert converted.convert(EVEN_LATER) == converted


Judge = Callable[[str | None], str | None]

JUDGES: dict[str, tuple[Judge, int]] = {
    "source": (require_source, 200),
    "artist_name": (require_lead_name, 100),
}


@pytest.mark.parametrize("field", JUDGES)
def test_what_a_lead_may_leave_out_is_none_when_it_is_empty(field: str) -> None:
    judge, longest = JUDGES[field]

    assert judge(None) is None
    assert judge("  ") is None
    assert judge(f" {'x' * longest} ") == "x" * longest


@pytest.mark.parametrize("field", JUDGES)
@pytest.mark.parametrize("how", ["long", "two lines"])
def test_what_a_lead_says_is_one_line_of_its_length(field: str, how: str) -> None:
    judge, longest = JUDGES[field]
    wrong, reason = {
        "long": ("x" * (longest + 1), f"has more than {longest} characters"),
        "two lines": ("a\nb", "holds a line break or a tab"),
    }[how]

    with pytest.raises(InvalidText) as refusal:
        judge(wrong)

    assert refusal.value.extras == {"field": field, "reason": reason}
