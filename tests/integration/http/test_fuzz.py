"""Whatever a role says to whatever operation, the answer is one that the document tells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from reviewcore.entrypoints.http import create_app
from reviewcore.entrypoints.http.auth import as_admin, as_artist, as_reviewer, signed_in
from reviewcore.entrypoints.http.openapi import ROLES
from tests.integration.http.description import Operation, operations
from tests.integration.http.fuzzing import fuzz
from tests.integration.http.lively import Lively, lively

PASSES = {
    "artist": frozenset({signed_in, as_artist}),
    "reviewer": frozenset({signed_in, as_reviewer}),
    "newcomer": frozenset({signed_in, as_reviewer}),
    "admin": frozenset({signed_in, as_admin}),
}
"""The guards that let each role in."""

SHARE_MIN = {"artist": 0.85, "reviewer": 0.8, "newcomer": 0.5, "admin": 0.75}
"""Of the operations open to a role, how many must have answered it 2xx at least once.

Some never can: nobody here has both profiles, and who is verified is not verified again.
"""

SIGNED = {"POST /v1/webhooks/stripe", "POST /v1/webhooks/stripe-connect"}
"""What nobody but the payment processor can say, whoever he is here."""


@pytest.mark.parametrize("role", PASSES)
def test_every_answer_to_every_role_is_as_the_document_tells(
    role: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    database, books = tmp_path / "market.db", tmp_path / "bank.db"
    with lively(f"sqlite:///{database}", tmp_path) as market:
        person = {
            "artist": market.nova,
            "reviewer": market.rea,
            "newcomer": market.newcomer,
            "admin": market.admin,
        }[role]
        found = list(operations(person.http, below="/"))
        allowed = open_to(role, found, market)
        with fuzz(role, person, market, database, books, open_to_him=allowed) as requests:
            for operation in found:
                requests.attempt(operation)

    with capfd.disabled():
        print(f"\n{requests.report()}", file=sys.stderr)
    assert not requests.failures, "\n\n".join(requests.failures.values())
    assert requests.sent.keys() == {str(one) for one in found}
    assert requests.share >= SHARE_MIN[role], "too few were reached to have been tested"


def open_to(role: str, found: list[Operation], market: Lively) -> frozenset[str]:
    """Tell which operations have no guard that refuses everybody of the role."""
    app = create_app(
        market.service.app, admin_emails=frozenset(), base_url=market.service.url, bank=None
    )
    spoken = [one for one in found if str(one) not in SIGNED]
    return frozenset(str(one) for one in spoken if guards(app, one) <= PASSES[role])


def guards(app: Litestar, operation: Operation) -> frozenset[object]:
    """Tell which roles the handler of *operation* asks for."""
    [route] = [
        one
        for one in app.routes
        if isinstance(one, HTTPRoute) and one.path_format == operation.path
    ]
    [handler] = [
        one for one in route.route_handlers if operation.method.upper() in one.http_methods
    ]
    return frozenset(handler.resolve_guards()) & ROLES
