"""Of every field of every entity it is said what becomes of it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from reviewcore.adapters.memory.table import Table
from reviewcore.adapters.memory.tables import Tables
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.ledger import BalanceLine, Posting
from reviewcore.domain.privacy import FIELDS, GONE, TABLE, TOLD, Treatment, fields_of
from reviewcore.domain.users import Session, User

KEPT_IN_TABLES = {
    table.kind
    for table in vars(Tables()).values()
    if isinstance(table, Table) and table.kind.__module__.startswith("reviewcore.domain.")
}
WITHIN_OTHERS = {Feedback, Posting, BalanceLine}


def test_every_entity_that_a_store_keeps_is_in_the_table() -> None:
    assert set(FIELDS) == KEPT_IN_TABLES | WITHIN_OTHERS
    assert len(KEPT_IN_TABLES) > 25


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_every_field_is_treated_in_one_way(kind: Any) -> None:
    said = [name for names in TABLE[kind].values() for name in names.split()]

    assert sorted(said) == sorted(field.name for field in attrs.fields(kind))


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_what_is_not_printed_is_secret(kind: Any) -> None:
    hidden = {field.name for field in attrs.fields(kind) if field.repr is False}

    assert hidden <= fields_of(kind, frozenset({Treatment.SECRET}))


def test_what_is_told_holds_no_secret() -> None:
    assert TOLD.isdisjoint({Treatment.SECRET, Treatment.MARKET})
    assert "password" not in fields_of(User, TOLD)
    assert fields_of(Session, TOLD) == {"id", "user_id", "created_at", "expires_at"}


def test_what_is_personal_or_secret_goes() -> None:
    assert fields_of(User, GONE) == {"email", "name", "email_verified", "country", "password"}
