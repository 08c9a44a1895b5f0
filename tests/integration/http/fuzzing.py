"""Requests that schemathesis makes from the OpenAPI document, sent by one role to a lively market.

Every request meets the same market: whatever one changes is wound back before the next, a sign-out
and a closed account too. So the order means nothing, and each failure can be repeated alone.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import hypothesis as vendor
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.requests import ManagedCookiesSession

from tests.integration.http.description import Operation
from tests.integration.http.lively import Lively
from tests.integration.http.people import Person
from tests.integration.http.realistic import Body, bodies

EXAMPLES = int(os.environ.get("REVIEWCORE_FUZZ_EXAMPLES", "0"))
"""How many odd requests a role makes of each operation that is open to it, every time others.

0: a few, always the same.
"""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]

SETTINGS = settings(
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    # What fails is collected and not raised: there is nothing to shrink or to explain.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

# Schemathesis would replace Hypothesis's printer, for every other test of this process too.
vendor.setup._is_patched = True  # type: ignore[attr-defined]  # how it remembers that it has


class Rewind:
    """Winds SQLite files back to how they are now."""

    def __init__(self, *files: Path) -> None:
        self._files = [(_copied(file), sqlite3.connect(file)) for file in files]
        self._versions = [_version(live) for _, live in self._files]

    def __call__(self) -> None:
        for number, (copy, live) in enumerate(self._files):
            if _version(live) != self._versions[number]:
                # Nobody needs this commit after a power cut.
                live.execute("PRAGMA synchronous = OFF")
                copy.backup(live)
                self._versions[number] = _version(live)

    def close(self) -> None:
        for pair in self._files:
            for connection in pair:
                connection.close()


def _copied(file: Path) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:")
    with contextlib.closing(sqlite3.connect(file)) as live:
        live.backup(copy)
    return copy


def _version(connection: sqlite3.Connection) -> int:
    """Tell a number that changes with every commit of another connection."""
    [version] = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


@attrs.define(kw_only=True)
class Fuzz:
    """One role's requests, and what came of them."""

    role: str
    person: Person
    market: Lively
    open_to_him: frozenset[str]
    rewind: Rewind
    schema: BaseSchema
    session: ManagedCookiesSession
    sent: Counter[str] = attrs.field(factory=Counter)
    good: Counter[str] = attrs.field(factory=Counter)
    failures: dict[tuple[str, str, int], str] = attrs.field(factory=dict)

    def attempt(self, operation: Operation) -> None:
        """Make requests of *operation*: first what a client would say, then what nobody would."""
        self.rewind()
        described = self.schema[operation.path][operation.method.upper()]
        places, said = self._places(operation), bodies(operation, self.market)
        examples = EXAMPLES or 6
        if str(operation) not in self.open_to_him:
            # A guard that refuses everybody of the role reads no further.
            places, said, examples = places[:2], said[:1], 2
        said_at = list(itertools.product(places or [{}], said or [None]))
        taken = [one for one in said_at if self._send(_likely(described, *one))]

        @settings(SETTINGS, max_examples=examples)
        @given(case=_odd(described, near=taken or said_at))
        def run(case: Case[Any]) -> None:
            self._send(case)

        run()

    def _places(self, operation: Operation) -> list[dict[str, str]]:
        """Tell what may stand in the path: one's own ids, some of other people's, and nonsense."""
        names = operation.named
        if not names:
            return []
        pools = []
        for name in names:
            known = self.market.ids(name)
            own = [one for one, owner in known if owner == self.person.user["id"]]
            other = sorted({one for one, _ in known} - set(own))
            # Administrators reach what is other people's, and everybody what is open.
            reached = len(other) if self.role == "admin" or operation.is_open else 2
            pools.append([*own, *other[:reached], "nothing"])
        longest = max(len(pool) for pool in pools)
        return [
            {name: pool[turn % len(pool)] for name, pool in zip(names, pools, strict=True)}
            for turn in range(longest)
        ]

    def _send(self, case: Case[Any]) -> bool:
        """Send a request, check what comes, and tell whether it was 2xx."""
        self.rewind()
        bearer = {"Authorization": self.person.http.headers["authorization"]}
        answer = case.call(self.market.service.url, session=self.session, headers=bearer)
        label = case.operation.label
        self.sent[label] += 1
        is_good = 200 <= answer.status_code < 300
        self.good[label] += is_good
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                kind = (label, type(failure).__name__, answer.status_code)
                told = f"{self.role}: {label} {case!r}\n{answer.status_code} {answer.text}"
                self.failures.setdefault(kind, f"{told}\n{failure}")
        return is_good

    @property
    def share(self) -> float:
        """How many of the operations open to the role have answered it 2xx at least once."""
        return sum(self.good[label] > 0 for label in self.open_to_him) / len(self.open_to_him)

    def report(self) -> str:
        """Tell the share of good answers of every operation that is open to the role."""
        shares = ", ".join(
            f"{label} {self.good[label]}/{self.sent[label]}" for label in sorted(self.open_to_him)
        )
        return (
            f"fuzz as {self.role}: {self.sent.total()} requests of {len(self.sent)} operations; "
            f"{self.share:.0%} of the {len(self.open_to_him)} open to him answered 2xx:\n"
            f"{textwrap.indent(textwrap.fill(shares, 98, break_on_hyphens=False), '  ')}"
        )


@contextlib.contextmanager
def fuzz(
    role: str, person: Person, market: Lively, *files: Path, open_to_him: frozenset[str]
) -> Iterator[Fuzz]:
    """Get ready to make requests as *person*, winding *files* back between them."""
    document = person.get("/openapi.json").json()
    # Nobody's own settings, from whatever folder above.
    schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config())
    schema.config.generation.update(with_security_parameters=False)
    rewind = Rewind(*files)
    with ManagedCookiesSession() as session:
        session.trust_env = False
        yield Fuzz(
            role=role,
            person=person,
            market=market,
            open_to_him=open_to_him,
            rewind=rewind,
            schema=schema,
            session=session,
        )
    rewind.close()


def _likely(
    operation: APIOperation[Any, Any, Any, Any], place: dict[str, str], body: Body | None
) -> Case[Any]:
    if body is None:
        return operation.Case(path_parameters=place)
    return operation.Case(path_parameters=place, body=body, media_type="application/json")


def _odd(
    operation: APIOperation[Any, Any, Any, Any],
    *,
    near: list[tuple[dict[str, str], Body | None]],
) -> st.SearchStrategy[Case[Any]]:
    """Make requests from the document, right or wrong, most of them *near* to likely ones."""
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return st.builds(
        _nearer,
        st.one_of(right, wrong),
        near=st.sampled_from(near),
        takes_place=st.sampled_from([True, True, False]),
        takes_body=st.sampled_from([True, True, False]),
        turn=st.integers(0, 20),
    )


def _nearer(
    case: Case[Any],
    *,
    near: tuple[dict[str, str], Body | None],
    takes_place: bool,
    takes_body: bool,
    turn: int,
) -> Case[Any]:
    place, body = near
    if place and takes_place:
        case.path_parameters = place
    if body is not None and takes_body and isinstance(case.body, dict) and case.body:
        # One field is odd, so that the refusal of another does not hide it.
        name = sorted(case.body)[turn % len(case.body)]
        case.body = {**body, name: case.body[name]}
    return case
