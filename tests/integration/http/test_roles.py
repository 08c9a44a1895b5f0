"""Who may do what: every operation of the document, asked by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import httpx
import pytest

from tests.integration.http.description import Operation, operations
from tests.integration.http.lively import Lively, lively
from tests.integration.http.people import GENRES, Person, join
from tests.integration.http.realistic import bodies
from tests.integration.http.roles import ROLES, TABLE, Role
from tests.integration.http.service import PASSWORD, ok

LAST = (
    "PUT /v1/me/artist",
    "PUT /v1/me/reviewer",
    "DELETE /v1/sessions/current",
    "DELETE /v1/me/sessions",
    "DELETE /v1/me",
)
"""What changes what somebody is, or ends his sessions: the others come first."""

REFUSALS = {401: "401", 403: "403", 404: "404"}
ON_ITS_MERITS = {400, 409, 422, 503}
"""How somebody is refused who may ask."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lively]:
    folder: Path = tmp_path_factory.mktemp("roles")
    with lively(f"sqlite:///{folder / 'market.db'}", folder) as found:
        yield found


def every_operation(market: Lively) -> list[Operation]:
    """All of them, what changes people last."""
    with market.service.caller() as anybody:
        found = list(operations(anybody, below="/"))
    return sorted(found, key=lambda one: LAST.index(str(one)) if str(one) in LAST else -1)


@attrs.define
class Walk:
    """Somebody who asks for everything: for what is his, where he has something."""

    market: Lively
    role: Role
    people: int = 0

    def ask(self, operation: Operation) -> str:
        """Tell what turns him away, or that he may."""
        person = self._person()
        with self._caller(operation, person) as http:
            place = self._place(operation, person)
            told = bodies(operation, self.market)
            answer = http.request(operation.method, place, json=told[0] if told else None)
        status = answer.status_code
        assert status < 400 or status in {*REFUSALS, *ON_ITS_MERITS}, f"{operation}: {answer.text}"
        return REFUSALS.get(status, "ok")

    def _person(self) -> Person | None:
        market = self.market
        known = {
            "artist": market.nova,
            "reviewer": market.rea,
            "restricted": market.leo,
            "admin": market.admin,
        }
        if self.role != "newcomer":
            return known.get(self.role)
        # Another each time: a verification that he asked for, say, is nobody else's.
        self.people += 1
        person = join(market.service, f"fresh{self.people}@example.com", verified=False)
        ok(person.put("/v1/me/artist", {"artist_name": "Fresh", "genres": ["techno"]}))
        ok(person.put("/v1/me/reviewer", {"genres": GENRES, "country": "DE"}))
        return person

    def _caller(self, operation: Operation, person: Person | None) -> httpx.Client:
        service = self.market.service
        if person is None:
            return service.caller()
        if str(operation) not in LAST:
            return service.caller(token=token_of(person))
        with service.caller() as browser:
            told = {"email": person.email, "password": PASSWORD}
            return service.caller(token=ok(browser.post("/v1/sessions", json=told), 201)["token"])

    def _place(self, operation: Operation, person: Person | None) -> str:
        user_id = person.user["id"] if person is not None else None
        return operation.path.format_map(
            {one: self._named(one, operation, user_id) for one in operation.named}
        )

    def _named(self, parameter: str, operation: Operation, user_id: str | None) -> str:
        if parameter == "token":
            # A true one would be spent, and its user would have another password.
            return "nothing"
        found = self.market.ids(parameter)
        if parameter == "share_id":
            with self.market.service.caller() as anybody:
                shown = (one for one, _ in found if anybody.get(f"/v1/shared/{one}").is_success)
                return next(shown)
        if parameter == "event_id":
            # The newest is still to be delivered.
            return found[-1][0]
        # Administrators are not for what is their own.
        own = [one for one, owner in found if owner == user_id and not is_administration(operation)]
        others = [one for one, owner in found if owner != user_id]
        return (own or others)[0]


def is_administration(operation: Operation) -> bool:
    return operation.path.startswith("/v1/admin/") or operation.path.endswith("/plan")


def token_of(person: Person) -> str:
    return person.http.headers["authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_do_what_the_table_says_and_no_more(market: Lively, role: Role) -> None:
    if role == "restricted":
        reviewer = ok(market.leo.get("/v1/me/reviewer"))["id"]
        place = f"/v1/admin/reviewers/{reviewer}/restrict"
        ok(market.admin.post(place, {"reason": "copied"}))
    walk = Walk(market=market, role=role)

    told = {str(operation): walk.ask(operation) for operation in every_operation(market)}

    expected = {operation: row[role] for operation, row in TABLE.items()}
    assert told == expected


def test_every_operation_has_its_line(market: Lively) -> None:
    assert {str(one) for one in every_operation(market)} == set(TABLE)
