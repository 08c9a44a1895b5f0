"""The tables of the sandbox bank's books, and how older books grow into them."""

from __future__ import annotations

_FIRST = (
    """
    CREATE TABLE keys (
        key TEXT PRIMARY KEY, request TEXT NOT NULL, made_id TEXT, declined TEXT,
        CHECK ((made_id IS NULL) <> (declined IS NULL))
    )
    """,
    """
    CREATE TABLE sessions (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, attempt_id TEXT NOT NULL,
        track_id TEXT NOT NULL, title TEXT NOT NULL, amount INTEGER NOT NULL,
        currency TEXT NOT NULL, success_url TEXT NOT NULL, cancel_url TEXT NOT NULL,
        state TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NOT NULL,
        ended_at TEXT, payment_id TEXT UNIQUE, fee INTEGER,
        CHECK ((state = 'PAID') = (payment_id IS NOT NULL)),
        CHECK ((state = 'PAID') = (fee IS NOT NULL))
    )
    """,
    "CREATE INDEX sessions_by_attempt ON sessions (attempt_id)",
    """
    CREATE TABLE refunds (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, refund_id TEXT NOT NULL,
        payment_id TEXT NOT NULL REFERENCES sessions (payment_id), amount INTEGER NOT NULL,
        currency TEXT NOT NULL, made_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX refunds_by_payment ON refunds (payment_id)",
    """
    CREATE TABLE accounts (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reviewer_id TEXT NOT NULL,
        country TEXT NOT NULL, state TEXT NOT NULL, return_url TEXT
    )
    """,
    """
    CREATE TABLE transfers (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, payout_id TEXT NOT NULL,
        account_id TEXT NOT NULL REFERENCES accounts (id), amount INTEGER NOT NULL,
        currency TEXT NOT NULL, made_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX transfers_by_payout ON transfers (payout_id)",
    "CREATE INDEX transfers_by_account ON transfers (account_id)",
)

# Disputes, what comes back of transfers and refunds, refusals that pass, and events.
_SECOND = (
    "ALTER TABLE keys ADD COLUMN is_passing INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE refunds ADD COLUMN failed_at TEXT",
    """
    CREATE TABLE disputes (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        payment_id TEXT NOT NULL REFERENCES sessions (payment_id), amount INTEGER NOT NULL,
        fee INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,
        reinstated INTEGER NOT NULL DEFAULT 0, made_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX disputes_by_payment ON disputes (payment_id)",
    """
    CREATE TABLE reversals (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        transfer_id TEXT NOT NULL REFERENCES transfers (id), amount INTEGER NOT NULL,
        currency TEXT NOT NULL, made_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX reversals_by_transfer ON reversals (transfer_id)",
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
        object_id TEXT NOT NULL, account_id TEXT, created_at TEXT NOT NULL
    )
    """,
)

STEPS = (_FIRST, _SECOND)
"""What leads from one version of the books to the next; new books take all steps."""

VERSION = len(STEPS)
