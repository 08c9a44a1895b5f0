"""The composition root: picks adapters for the ports, and is the only place that knows both."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import attrs

from reviewcore.adapters.audio import DecodedAudio
from reviewcore.adapters.files import LocalFiles, MemoryFiles
from reviewcore.adapters.mail import ConsoleMail, FileMail, MemoryMail, SmtpMail, SmtpServer
from reviewcore.adapters.memory import MemoryStore
from reviewcore.adapters.oembed import OEmbedLinks
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.adapters.sandbox import SandboxBank
from reviewcore.app import App, Subscriber
from reviewcore.domain.errors import StoreNotMigrated
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.rules import MarketRules
from reviewcore.files_url import FILES_URL
from reviewcore.mail_url import PORTS, smtp_place
from reviewcore.oidc_keys import PREFIX as OIDC_PREFIX
from reviewcore.oidc_keys import OidcKeys
from reviewcore.ports.files import Files
from reviewcore.ports.identities import Identities
from reviewcore.ports.mail import Mail
from reviewcore.ports.passwords import Passwords
from reviewcore.ports.processor import Processor
from reviewcore.settings import PAYMENTS, Settings, WrongSetting
from reviewcore.sources import Clock, Ids, Tokens, secret_token, system_clock
from reviewcore.stripe_keys import API_KEY, StripeKeys

if TYPE_CHECKING:
    # attrs reads no annotation here, and only an extra brings the library.
    from reviewcore.adapters.oidc import OidcIdentities  # noqa: TC004 - see above
    from reviewcore.adapters.stripe import StripeProcessor  # noqa: TC004 - see above

THREADS = 16
"""How many requests one process works on at once.

So many more of each kind may wait: on password hashes, on identity providers, on the processor.
"""

SCRYPT_P = 5
"""With n = 2^14 and r = 8 the least that OWASP's password storage cheat sheet asks of scrypt."""


def in_memory(
    *,
    rules: MarketRules | None = None,
    clock: Clock = system_clock,
    ids: Ids | None = None,
    tokens: Tokens = secret_token,
    subscribers: Sequence[Subscriber] = (),
) -> App:
    """Make a market in this process's memory, with the genre catalogue and a sandbox bank.

    For a quick start, tests and simulations: nothing is kept when the process ends.
    """
    store = MemoryStore(
        rules=rules if rules is not None else MarketRules(), clock=clock, ids=ids, tokens=tokens
    )
    with store.begin() as tx:
        tx.genres.add(*CATALOGUE)
    bank = SandboxBank(clock=clock, tokens=tokens)
    return App(
        store=store,
        payments=bank,
        payouts=bank,
        webhooks=bank,
        files=MemoryFiles(clock=clock),
        audio=DecodedAudio(),
        mail=MemoryMail(),
        passwords=ScryptPasswords(),
        subscribers=subscribers,
    )


@attrs.frozen(kw_only=True)
class Deployment:
    """An app with what was made for it; leaving the block gives connections back.

    *bank* is the sandbox bank, None when real money is handled; then *stripe* handles it. *oidc*
    reaches the identity providers, if there are any, and *smtp* the mail server, if there is one.
    """

    app: App
    bank: SandboxBank | None
    stripe: StripeProcessor | None = None
    oidc: OidcIdentities | None = None
    smtp: SmtpMail | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back; harmless when that was done."""
        with ExitStack() as closing:
            for made in (self.app.store, self.bank, self.stripe, self.oidc, self.smtp):
                if made is not None:
                    closing.callback(made.close)
            if isinstance(self.app.links, OEmbedLinks):
                closing.callback(self.app.links.close)

    def is_degraded(self) -> bool:
        """Tell whether the market serves without its processor: out of reach, or no longer ours.

        Asks the processor, at most every few seconds, and waits for its answer only briefly.
        """
        if self.stripe is None:
            return False
        return not self.stripe.lookout.is_answered() or self.stripe.health.is_degraded


def require_database(settings: Settings) -> None:
    """Refuse a SQLite file that is not there, before opening it would make it.

    Its name may be a typing error. Raises StoreNotMigrated.
    """
    file = settings.database_file
    if file is not None and not file.exists():
        raise StoreNotMigrated(found="none", wanted="the newest")


def deploy(
    settings: Settings, *, clock: Clock = system_clock, mail: Mail | None = None
) -> Deployment:
    """Make the app that *settings* describe; *mail* replaces the mail service they name.

    A processor out of reach is no hindrance. Raises WrongSetting for a key that it rejects.
    """
    oidc = _oidc(settings.oidc) if settings.oidc else None
    mailbox = mail if mail is not None else _mail(settings)
    # One that was given is its giver's to close.
    smtp = mailbox if mail is None and isinstance(mailbox, SmtpMail) else None
    if settings.stripe is None:
        bank = SandboxBank(settings.sandbox_file, clock=clock, base_url=settings.base_url)
        processor = Processor(payments=bank, payouts=bank, webhooks=bank)
        app = _app(settings, clock=clock, mail=mailbox, processor=processor, identities=oidc)
        return Deployment(app=app, bank=bank, oidc=oidc, smtp=smtp)
    stripe = _stripe(settings, settings.stripe, clock)
    with ExitStack() as made:
        made.callback(stripe.close)
        app = _app(settings, clock=clock, mail=mailbox, processor=stripe.ports, identities=oidc)
        made.pop_all()
    return Deployment(app=app, bank=None, stripe=stripe, oidc=oidc, smtp=smtp)


def _app(
    settings: Settings,
    *,
    clock: Clock,
    mail: Mail,
    processor: Processor,
    identities: Identities | None,
) -> App:
    # Imported here because the base install does without SQLAlchemy.
    from reviewcore.adapters.sql import SqlStore

    # Whoever waits on something outside holds no connection meanwhile: half of these serve the
    # handlers that never wait, half those of all three kinds that have waited, and two the worker.
    # When even more want one they take turns.
    store = SqlStore(
        settings.database_url, rules=settings.rules, clock=clock, pool_size=2 * THREADS + 2
    )
    return App(
        store=store,
        payments=processor.payments,
        payouts=processor.payouts,
        webhooks=processor.webhooks,
        files=_files(settings, clock),
        audio=DecodedAudio(),
        links=OEmbedLinks() if settings.asks_platforms else None,
        mail=mail,
        passwords=passwords(),
        identities=identities,
        base_url=settings.base_url,
        secret=settings.secret,
    )


def _stripe(settings: Settings, keys: StripeKeys, clock: Clock) -> StripeProcessor:
    """Reach for Stripe once; raises WrongSetting when it answers that the key is wrong."""
    try:
        from reviewcore.adapters.stripe import StripeProcessor, StripeSettings
    except ModuleNotFoundError as error:
        reason = f"{error.name} is missing: pip install 'reviewcore[stripe]'"
        raise WrongSetting(name=PAYMENTS, reason=reason) from error
    stripe = StripeProcessor(
        StripeSettings(
            api_key=keys.api_key,
            webhook_secrets=keys.webhook_secrets,
            connect_webhook_secrets=keys.connect_webhook_secrets,
            base_url=keys.base_url,
        ),
        clock=clock,
    )
    stripe.payouts.available(settings.rules.currency)
    refusal = stripe.health.report.misconfiguration
    if refusal is not None:
        stripe.close()
        raise WrongSetting(name=API_KEY, reason=refusal)
    return stripe


def _oidc(providers: tuple[OidcKeys, ...]) -> OidcIdentities:
    """Know the providers; they are asked when somebody wants to sign in by them."""
    try:
        from reviewcore.adapters.oidc import OidcIdentities, OidcSettings
    except ModuleNotFoundError as error:
        reason = f"{error.name} is missing: pip install 'reviewcore[oidc]'"
        name = f"{OIDC_PREFIX}{providers[0].name.upper()}_ISSUER"
        raise WrongSetting(name=name, reason=reason) from error
    return OidcIdentities(
        OidcSettings(
            name=one.name,
            issuer=one.issuer,
            client_id=one.client_id,
            client_secret=one.client_secret,
        )
        for one in providers
    )


def passwords() -> Passwords:
    """Make the hashes of a deployment: Argon2 where its extra is installed, scrypt elsewhere.

    With Argon2 the hashes of a time before it are verified, and replaced as people sign in.
    """
    older = ScryptPasswords(p=SCRYPT_P)
    try:
        from reviewcore.adapters.passwords.argon2 import Argon2Passwords
    except ModuleNotFoundError:
        return older
    return Argon2Passwords(older=older)


def _mail(settings: Settings) -> Mail:
    kind, _, rest = settings.mail_url.partition(":")
    if kind == "file":
        return FileMail(rest, sender=settings.mail_from)
    if kind in PORTS:
        place = smtp_place(settings.mail_url)
        server = SmtpServer(
            host=place.host,
            port=place.port,
            user=place.user,
            password=place.password,
            is_tls=place.is_tls,
        )
        return SmtpMail(server, sender=settings.mail_from)
    return ConsoleMail(sender=settings.mail_from)


def _files(settings: Settings, clock: Clock) -> Files:
    if isinstance(settings.files, Path):
        return LocalFiles(
            settings.files, base_url=settings.base_url, secret=settings.secret, clock=clock
        )
    try:
        from reviewcore.adapters.files.s3 import S3Files
    except ModuleNotFoundError as error:
        reason = f"{error.name} is missing: pip install 'reviewcore[s3]'"
        raise WrongSetting(name=FILES_URL, reason=reason) from error
    bucket = settings.files
    return S3Files(
        bucket.name,
        region=bucket.region,
        endpoint=bucket.endpoint,
        access_key=bucket.access_key,
        secret_key=bucket.secret_key,
    )
