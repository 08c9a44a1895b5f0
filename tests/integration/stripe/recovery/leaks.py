"""All that a market says and keeps, to be looked through for what is nobody's business."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping

import pytest
from sqlalchemy import inspect, text

from tests.integration.stripe.recovery.site import Site


def found_in(places: Mapping[str, str], secrets: Iterable[str]) -> list[tuple[str, str]]:
    """Tell which of *secrets* stand where."""
    known = set(secrets)
    # An empty one would be everywhere, a short one somewhere by chance.
    assert min(map(len, known)) > 4, "this is no secret"
    return [(place, secret) for place, told in places.items() for secret in known if secret in told]


def words(error: BaseException) -> list[str]:
    """Say all that an error can, with all that it was raised from."""
    told = [repr(error), str(error), repr(error.args), "".join(traceback.format_exception(error))]
    for inner in (error.__cause__, error.__context__):
        if inner is not None:
            told += words(inner)
    return told


def lines(caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """Write every record as a handler would, and its parts as one that shows all might."""
    # The people's own clients log, too: what they know they may tell.
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    for record in ours:
        yield f"{record.getMessage()} {record.args!r} {record.exc_text or ''}"
        if record.exc_info is not None and record.exc_info[1] is not None:
            yield from words(record.exc_info[1])


def client_secrets(site: Site) -> list[str]:
    found = [
        made["client_secret"]
        for noun in ("checkout.session", "payment_intent")
        for made in site.server.objects(noun)
        if made.get("client_secret")
    ]
    assert found, "payments have secrets of their own"
    return found


def kept(site: Site) -> dict[str, str]:
    """Tell all that the tables hold which have no business with words."""
    engine = site.deployment.app.store._doors.engine  # type: ignore[attr-defined]  # no port tells rows whole
    with engine.connect() as connection:
        named = {"events", "idempotency_records", "stripe_webhook_events", "payouts", "refunds"}
        assert named <= set(inspect(connection).get_table_names())
        return {
            table: repr(connection.execute(text(f"SELECT * FROM {table}")).mappings().all())
            for table in named
        }
