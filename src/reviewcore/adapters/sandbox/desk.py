"""What all desks of the sandbox bank share: books, clock, and answers given once a key."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import attrs

from reviewcore.adapters.sandbox.books import Books, Sheet, insert
from reviewcore.adapters.sandbox.news import News
from reviewcore.domain.errors import ProcessorUnavailable
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import Declined, Done, Outcome, Unknown
from reviewcore.sources import Clock, Tokens

P = ParamSpec("P")
V = TypeVar("V")
D = TypeVar("D", bound="Desk")

NOT_FOUND = Declined("not_found")
AMOUNT_TOO_SMALL = Declined("amount_too_small")
CURRENCY_MISMATCH = Declined("currency_mismatch")
KEY_REUSED = Unknown("key_reused")


class Order(attrs.AttrsInstance, Protocol):
    """Anything of the port that carries an idempotency key."""

    @property
    def key(self) -> str:
        """The idempotency key."""
        ...


class MoreThanIsLeft(Exception):
    """The other side wants more than is left, or nothing."""

    def __init__(self, *, wanted: Cents, left: Cents) -> None:
        super().__init__(f"{wanted} cents were asked for, and {left} are left")


def require_left(amount: Cents | None, *, left: Cents) -> Cents:
    """Return *amount*, or all that is *left* for None. Raises MoreThanIsLeft."""
    wanted = left if amount is None else amount
    if not 1 <= wanted <= left:
        raise MoreThanIsLeft(wanted=wanted, left=left)
    return wanted


def stamp(at: datetime) -> str:
    """Write a time so that later ones sort after earlier ones."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class Desk:
    """The books of a bank, its clock and its dice, under the address that shows its pages."""

    def __init__(self, books: Books, *, clock: Clock, tokens: Tokens, base_url: str) -> None:
        self._books = books
        self._clock = clock
        self._tokens = tokens
        self._base_url = base_url.rstrip("/")

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_{self._tokens()}"

    def _tell(
        self, sheet: Sheet, news: News, object_id: str, *, account_id: str | None = None
    ) -> None:
        """Write down that something happened, for whoever asks what did."""
        insert(
            sheet,
            "events",
            id=self._new_id("evt"),
            type=news,
            object_id=object_id,
            account_id=account_id,
            created_at=stamp(self._clock()),
        )

    def _once(
        self,
        order: Order,
        *,
        make: Callable[[Sheet], str | Declined],
        tell: Callable[[Sheet, str], V],
    ) -> Outcome[V]:
        """Carry *order* out under its key, or repeat the first answer, a refusal too.

        *make* writes and returns the new id; *tell* says what that id was when it was made.
        """
        request = json.dumps([type(order).__name__, attrs.asdict(order)], sort_keys=True)
        with self._books.writing() as sheet:
            known = sheet.execute("SELECT * FROM keys WHERE key = ?", (order.key,)).fetchone()
            if known is not None and known["request"] != request:
                return KEY_REUSED
            if known is not None and known["declined"] is not None:
                return Declined(known["declined"], is_passing=bool(known["is_passing"]))
            if known is not None:
                return Done(tell(sheet, known["made_id"]))
            made = make(sheet)
            if isinstance(made, Declined):
                insert(
                    sheet,
                    "keys",
                    key=order.key,
                    request=request,
                    declined=made.code,
                    is_passing=made.is_passing,
                )
                return made
            insert(sheet, "keys", key=order.key, request=request, made_id=made)
            return Done(tell(sheet, made))


def answered(
    method: Callable[Concatenate[D, P], Outcome[V]],
) -> Callable[Concatenate[D, P], Outcome[V]]:
    """Let *method* of a port answer Unknown when the books cannot be used."""

    @functools.wraps(method)
    def answer(desk: D, /, *args: P.args, **kwargs: P.kwargs) -> Outcome[V]:
        try:
            return method(desk, *args, **kwargs)
        except ProcessorUnavailable:
            return Unknown("the sandbox bank's books cannot be used")

    return answer
