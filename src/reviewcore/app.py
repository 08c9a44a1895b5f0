"""Run use cases: in a transaction, with the outside world, as a question; and what is left."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import json
import random
import secrets
import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import attrs

from reviewcore.domain.errors import Busy, IdempotencyKeyReused
from reviewcore.domain.events import EventRecord
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.privacy import FIELDS, PERSONAL
from reviewcore.domain.throttling import Limit
from reviewcore.domain.users import User
from reviewcore.ports import codec
from reviewcore.ports.audio import Audio, NoAudio, Recordings
from reviewcore.ports.files import Files, NoFiles
from reviewcore.ports.identities import Identities, NoIdentities
from reviewcore.ports.links import Links, NoLinks
from reviewcore.ports.mail import Mail
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.processor import NoWebhooks, Payments, Payouts, Processor, Webhooks
from reviewcore.ports.store import IdempotencyRecord, Store, Transaction
from reviewcore.usecases.steps.throttling import Try, Welcome, count_try, take_back, welcome
from reviewcore.worker import Worker

C = TypeVar("C")
R = TypeVar("R")

ACTOR_FIELDS = ("admin_id", "artist_id", "reviewer_id", "user_id", "actor")
"""Where a command names who acts, the most powerful first."""

OWNER_FIELDS = ("user_id", "artist_id", "reviewer_id")
"""Where an entity names whose it is."""

BUSY_RETRIES_MAX = 12
BUSY_PAUSE_SECONDS = 0.005
KEY_MAX = 255

Subscriber = Callable[[EventRecord], None]
"""A host's own consumer of the event log; raises to have the event delivered again later."""


class App:
    """The market, ready to use: a store and the outside world behind ports.

    Thread-safe if its parts are. Without *webhooks* the processor is asked, and never tells.
    Without *files* and *audio*, which listens to them, tracks are links and never uploads.
    Without *links* no platform is asked what a track is called.
    *base_url* begins the links in mails. *secret* keys the digests of idempotent commands and must
    be the same in all processes that share a store.
    """

    def __init__(
        self,
        *,
        store: Store,
        payments: Payments,
        payouts: Payouts,
        mail: Mail,
        passwords: Passwords,
        webhooks: Webhooks | None = None,
        identities: Identities | None = None,
        files: Files | None = None,
        audio: Audio | None = None,
        links: Links | None = None,
        base_url: str = "http://127.0.0.1:8000",
        secret: str | None = None,
        subscribers: Sequence[Subscriber] = (),
    ) -> None:
        self.store = store
        self.payments = payments
        self.payouts = payouts
        self.webhooks: Webhooks = webhooks if webhooks is not None else NoWebhooks()
        self.processor = Processor(payments=payments, payouts=payouts, webhooks=self.webhooks)
        self.files: Files = files if files is not None else NoFiles()
        self.recordings = Recordings(
            files=self.files, audio=audio if audio is not None else NoAudio()
        )
        self.links: Links = links if links is not None else NoLinks()
        self.mail = mail
        self.passwords = passwords
        self.identities: Identities = identities if identities is not None else NoIdentities()
        self.base_url = base_url
        self.subscribers = tuple(subscribers)
        self.busy_retries = 0
        self._secret = (secret or secrets.token_urlsafe(32)).encode()

    def perform(
        self, usecase: Callable[[Transaction, C], R], command: C, *, key: str | None = None
    ) -> R:
        """Run ``usecase(tx, command)`` in one transaction of its own.

        With *key*, a repeat of the same command by the same actor returns the first result and
        does nothing; a repeat waits for a first that is under way. A refusal leaves no trace, so
        the key may be used again. When the database calls the transaction off because others
        were in the way it is run again, a bounded number of times.

        Raises what the use case raises, IdempotencyKeyReused when the key belongs to another
        command, and Busy when others stayed in the way.
        """
        claim = self._claim(usecase, command, key) if key is not None else None
        return self._retry(lambda: self._once(usecase, command, claim))

    def drive(self, usecase: Callable[[Store, Any, C], R], command: C) -> R:
        """Run ``usecase(store, gateway, command)``, which waits on the outside world.

        The gateway is the part of the app that the use case's second parameter names. Its own
        intent rows make a repeat resume, so there is no key.
        """
        gateway = getattr(self, gateway_of(usecase))
        return self._retry(lambda: usecase(self.store, gateway, command))

    def ask(self, usecase: Callable[[Transaction, C], R], command: C) -> R:
        """Run ``usecase(tx, command)`` on a consistent snapshot, without locks or writes."""
        with self.store.read() as tx:
            return usecase(tx, command)

    def throttle(self, limit: Limit, by: str) -> None:
        """Count one more try *by* an address or account. Raises TooManyRequests when over *limit*.

        The count is committed before it is judged: a refusal here, or of what is tried, does not
        take it back. How often in which window stands in the rules.
        """
        self._judge(Try(limit=limit, by=self._digest(by)))

    def take_back(self, limit: Limit, by: str) -> None:
        """Take one try *by* an address or account back: whoever tried was right."""
        self.perform(take_back, Try(limit=limit, by=self._digest(by)))

    def throttle_sign_in(self, account: str, address: str) -> None:
        """Count one more try at an account's password, by *address* and by *account* alike.

        Neither one address that tries many accounts nor many that try one get far. From where the
        account was signed in within 30 days its tries are counted apart. Raises TooManyRequests.
        """
        for tried in self._sign_in_tries(account, address):
            self._judge(tried)

    def welcome(self, account: str, address: str) -> None:
        """Take back the tries of whoever knew the password, and know *address* from now on."""
        tries = self._sign_in_tries(account, address)
        self.perform(welcome, Welcome(tries=tries, familiar=self._digest(account, address)))

    def sign(self, told: str) -> str:
        """Make the mark of this deployment for *told*, which nobody else can make."""
        return hmac.new(self._secret, f"signed\0{told}".encode(), hashlib.sha256).hexdigest()

    def run_pending(self) -> int:
        """Do all that is left to do now, as the worker would: deliver, assign, expire, pay.

        Returns how many things were done. What must wait for a later time stays.
        """
        return Worker(self).drain()

    def _sign_in_tries(self, account: str, address: str) -> tuple[Try, Try]:
        familiar = self._digest(account, address)
        return (
            Try(limit=Limit.SIGN_IN, by=self._digest(address)),
            Try(limit=Limit.SIGN_IN_ACCOUNT, by=self._digest(account), familiar=familiar),
        )

    def _judge(self, tried: Try) -> None:
        counter = self.perform(count_try, tried)
        counter.require_within(self.store.rules.throttles[tried.limit], self.store.now())

    def _digest(self, *told: str) -> str:
        # Keyed, for all addresses that there are can be tried one by one.
        return hmac.new(self._secret, "\0".join(told).encode(), hashlib.sha256).hexdigest()

    def _once(
        self, usecase: Callable[[Transaction, C], R], command: C, claim: IdempotencyRecord | None
    ) -> R:
        with self.store.begin(actor=actor_of(command)) as tx:
            if claim is None:
                return usecase(tx, command)
            claimed = attrs.evolve(claim, created_at=tx.now)
            earlier = tx.idempotency.claim(claimed)
            if earlier is not None:
                return self._replay(usecase, earlier, claimed)
            result = usecase(tx, command)
            told = json.dumps(codec.encode(without_secrets(result)), separators=(",", ":"))
            about = owner_of(result)
            tx.idempotency.finish(
                attrs.evolve(claimed, result=told, about=about if about != claimed.actor else None)
            )
            return result

    def _replay(
        self,
        usecase: Callable[[Transaction, C], R],
        earlier: IdempotencyRecord,
        claimed: IdempotencyRecord,
    ) -> R:
        if not hmac.compare_digest(earlier.digest, claimed.digest):
            raise IdempotencyKeyReused(key=claimed.key)
        assert earlier.result is not None, "a committed record has its result"
        told: R = codec.decode(result_of(usecase), json.loads(earlier.result))
        return told

    def _claim(self, usecase: Callable[..., Any], command: object, key: str) -> IdempotencyRecord:
        told = json.dumps(codec.encode(command), sort_keys=True, separators=(",", ":"))
        digest = hmac.new(self._secret, told.encode(), hashlib.sha256).hexdigest()
        return IdempotencyRecord(
            actor=actor_of(command),
            use_case=usecase.__name__,
            # Cut, two long keys could be one; a digest is as good a name as the key itself.
            key=key if len(key) <= KEY_MAX else hashlib.sha256(key.encode()).hexdigest(),
            digest=digest,
            created_at=self.store.now(),
        )

    def _retry(self, run: Callable[[], R]) -> R:
        for tries in range(BUSY_RETRIES_MAX):
            try:
                return run()
            except Busy:
                self.busy_retries += 1
                # Spread out, so that those who collided do not collide again.
                time.sleep(random.uniform(0, BUSY_PAUSE_SECONDS * 2 ** min(tries, 6)))  # noqa: S311 - not a secret
        return run()


def actor_of(command: object) -> str:
    """Tell who acts in a command; SYSTEM when it names nobody."""
    for field in ACTOR_FIELDS:
        actor = getattr(command, field, None)
        if actor is not None:
            return str(actor)
    return SYSTEM


def owner_of(result: object) -> str | None:
    """Tell whose what is personal in *result* is: a user's or profile's id; None if nothing is."""
    kind: type = type(result)
    if kind not in FIELDS:
        names = [field.name for field in attrs.fields(kind)] if attrs.has(kind) else []
        owners = (owner_of(getattr(result, name)) for name in names)
        return next((owner for owner in owners if owner is not None), None)
    if PERSONAL not in FIELDS[kind].values():
        return None
    named = ("id",) if kind is User else OWNER_FIELDS
    return next((str(getattr(result, name)) for name in named if hasattr(result, name)), None)


def without_secrets(result: R) -> R:
    """Return *result* with its secret fields (those that `repr` hides) emptied, to be kept.

    A repeat is told the result so: a password's hash has no business in an idempotency record.
    """
    kind: type = type(result)
    if not attrs.has(kind):
        return result
    told: Any = result
    emptied: R = attrs.evolve(told, **_blanks(kind))
    return emptied


@cache
def _blanks(kind: type) -> dict[str, str | None]:
    """Tell what stands for each secret of a class: None where it may, else an empty text."""
    hints = get_type_hints(kind)
    hidden = [field.name for field in attrs.fields(kind) if field.repr is False]
    return {name: None if NoneType in get_args(hints[name]) else "" for name in hidden}


@cache
def gateway_of(usecase: Callable[..., Any]) -> str:
    """Tell which part of the app a use case waits on: the name of its second parameter."""
    return list(inspect.signature(usecase).parameters)[1]


@lru_cache(maxsize=512)  # bounded, for hosts may make use cases as they go
def result_of(usecase: Callable[..., Any]) -> object:
    """Tell what a use case returns."""
    return get_type_hints(usecase)["return"]
