"""Settings from the environment: read once at the start, frozen, wrong ones named in one line."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs

from reviewcore.domain.emails import normalise_email
from reviewcore.domain.errors import InvalidEmail, InvalidRules
from reviewcore.domain.rules import MarketRules, rules_from
from reviewcore.domain.throttling import BY_ADDRESS, MOST_MAX
from reviewcore.environment import WrongSetting
from reviewcore.files_url import FILES_URL, Bucket, files_place
from reviewcore.mail_url import MAIL_URL, mail_url
from reviewcore.oidc_keys import NAMES as OIDC_NAMES
from reviewcore.oidc_keys import OidcKeys, oidc_keys
from reviewcore.stripe_keys import NAMES as STRIPE_NAMES
from reviewcore.stripe_keys import StripeKeys, stripe_keys

__all__ = ["Settings", "WrongSetting", "for_demo", "masked", "settings_from"]

DATABASE_URL: Final = "REVIEWCORE_DATABASE_URL"
PAYMENTS: Final = "REVIEWCORE_PAYMENTS"
SANDBOX_FILE: Final = "REVIEWCORE_SANDBOX_FILE"
BASE_URL: Final = "REVIEWCORE_BASE_URL"
MAIL_FROM: Final = "REVIEWCORE_MAIL_FROM"
RULES_FILE: Final = "REVIEWCORE_RULES_FILE"
ADMIN_EMAILS: Final = "REVIEWCORE_ADMIN_EMAILS"
SECRET: Final = "REVIEWCORE_SECRET"
TRUSTED_PROXIES: Final = "REVIEWCORE_TRUSTED_PROXIES"
OEMBED: Final = "REVIEWCORE_OEMBED"

NAMES: Final = (
    DATABASE_URL,
    PAYMENTS,
    SANDBOX_FILE,
    BASE_URL,
    MAIL_URL,
    MAIL_FROM,
    FILES_URL,
    RULES_FILE,
    ADMIN_EMAILS,
    SECRET,
    TRUSTED_PROXIES,
    OEMBED,
    *STRIPE_NAMES,
)

# Not `normalise_email`: a sender may have a name, and in development be at `localhost`.
_ADDRESS: Final = r"[^\s<>()\[\],;:@\"\\]+@[A-Za-z0-9.-]+"
SENDER: Final = re.compile(rf"{_ADDRESS}|[^<>(),;:@\"\\]*<{_ADDRESS}>", re.ASCII)

TRUSTED_PROXIES_MAX: Final = 100


def masked(url: str) -> str:
    """Return *url* without its password, to be shown; of something else, nothing is shown."""
    scheme, found, rest = url.partition("://")
    if not found:
        return "***"
    # The last @ ends the password, should it hold one itself.
    credentials, at, place = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    shown = f"{scheme}://{user}{':***' if colon else ''}{at}{place}"
    return re.sub(r"([?&][^=&]*pass[^=&]*=)[^&]*", r"\1***", shown, flags=re.IGNORECASE)


def _repr_masked(url: str) -> str:
    return repr(masked(url) if "://" in url else url)


def _repr_version(rules: MarketRules) -> str:
    return f"<version {rules.version}>"


@attrs.frozen(kw_only=True)
class Settings:
    """What one deployment is told from outside; its repr shows no secret.

    *base_url* has no slash at its end, *mail_url* is one that `mail_url` takes, *admin_emails* are
    normalised. *stripe* is there exactly when *payments* says so. *asks_platforms* is
    whether an untitled link is asked for by oEmbed. `for_demo` sets *is_demo*.
    """

    database_url: str = attrs.field(repr=_repr_masked)
    payments: Literal["sandbox", "stripe"]
    sandbox_file: Path
    base_url: str
    mail_url: str = attrs.field(repr=_repr_masked)
    mail_from: str
    files: Path | Bucket
    rules: MarketRules = attrs.field(repr=_repr_version)
    admin_emails: frozenset[str]
    secret: str = attrs.field(repr=False)
    trusted_proxies: int
    stripe: StripeKeys | None = None
    oidc: tuple[OidcKeys, ...] = ()
    asks_platforms: bool = False
    is_demo: bool = False

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database; None for PostgreSQL."""
        return _database_file(self.database_url)


def for_demo(settings: Settings) -> Settings:
    """Let as many people as there are on one machine try: all of them have one address there.

    What is counted by account stays counted.
    """
    raised = dict.fromkeys(BY_ADDRESS, MOST_MAX)
    throttles = MappingProxyType({**settings.rules.throttles, **raised})
    rules = attrs.evolve(settings.rules, throttles=throttles)
    return attrs.evolve(settings, rules=rules, is_demo=True)


def settings_from(environ: Mapping[str, str], *, default_base_url: str) -> Settings:
    """Read the settings; a variable that is empty counts as absent.

    With SQLite and without a secret, one is made and kept beside the database's file, so that
    sessions outlive a restart. Raises WrongSetting.
    """
    _require_known(environ)
    told = {name: environ[name].strip() for name in NAMES if environ.get(name, "").strip()}
    database_url = _database_url(told.get(DATABASE_URL, "sqlite:///reviewcore.db"))
    database_file = _database_file(database_url)
    payments = _payments(told.get(PAYMENTS, "sandbox"))
    return Settings(
        database_url=database_url,
        payments=payments,
        stripe=stripe_keys(told) if payments == "stripe" else None,
        oidc=oidc_keys(environ),
        sandbox_file=_sandbox_file(told.get(SANDBOX_FILE, "reviewcore-bank.db"), database_file),
        base_url=_base_url(told.get(BASE_URL, default_base_url)),
        mail_url=mail_url(told.get(MAIL_URL, "console:")),
        mail_from=_mail_from(told.get(MAIL_FROM, "reviewcore <reviewcore@localhost>")),
        files=files_place(told.get(FILES_URL, "file:uploads")),
        rules=rules_in(told.get(RULES_FILE)),
        admin_emails=_admin_emails(told.get(ADMIN_EMAILS, "")),
        trusted_proxies=_trusted_proxies(told.get(TRUSTED_PROXIES, "0")),
        asks_platforms=_is_on(OEMBED, told.get(OEMBED, "off")),
        # Last, because it may write: a start that is refused leaves nothing behind.
        secret=told.get(SECRET) or _kept_secret(database_file),
    )


def _require_known(environ: Mapping[str, str]) -> None:
    # A misspelt name would be ignored in silence, and the default would move real money.
    for name in sorted(environ):
        known = name in NAMES or OIDC_NAMES.fullmatch(name)
        if name.startswith("REVIEWCORE_") and not known:
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise WrongSetting(name=name, reason=f"is not a setting{hint}")


def _database_url(url: str) -> str:
    if url.startswith("postgresql+psycopg://"):
        try:
            _ = urlsplit(url).port
        except ValueError as error:
            reason = f"{masked(url)} is not a URL; are the password's special characters %-encoded?"
            raise WrongSetting(name=DATABASE_URL, reason=reason) from error
        return url
    if not url.startswith("sqlite:///"):
        reason = f"{masked(url)} must begin with sqlite:/// or postgresql+psycopg://"
        raise WrongSetting(name=DATABASE_URL, reason=reason)
    file = _database_file(url)
    if file is None or file.name in {"", ":memory:"} or str(file).startswith("file:"):
        raise WrongSetting(name=DATABASE_URL, reason=f"{masked(url)} must name a file")
    if not file.parent.is_dir():
        raise WrongSetting(name=DATABASE_URL, reason=f"there is no folder {file.parent}")
    return url


def _database_file(url: str) -> Path | None:
    if not url.startswith("sqlite:///"):
        return None
    return Path(url.removeprefix("sqlite:///").partition("?")[0])


def _payments(kind: str) -> Literal["sandbox", "stripe"]:
    if kind not in {"sandbox", "stripe"}:
        raise WrongSetting(name=PAYMENTS, reason=f"{kind!r} must be sandbox or stripe")
    return "stripe" if kind == "stripe" else "sandbox"


def _sandbox_file(text: str, database_file: Path | None) -> Path:
    file = Path(text)
    if database_file is not None and file.resolve() == database_file.resolve():
        raise WrongSetting(name=SANDBOX_FILE, reason="the bank needs a file of its own")
    return file


def _base_url(url: str) -> str:
    reason = "must be a URL like https://market.example, without user, query or fragment"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise WrongSetting(name=BASE_URL, reason=reason) from error
    wanted = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not wanted or any(mark in url for mark in "?#") or not url.isprintable() or " " in url:
        raise WrongSetting(name=BASE_URL, reason=reason)
    return url.rstrip("/")


def _mail_from(text: str) -> str:
    if not SENDER.fullmatch(text) or not text.isprintable():
        reason = f"{text!r} must be one address, like Market <market@example.com>"
        raise WrongSetting(name=MAIL_FROM, reason=reason)
    return text


def rules_in(path: str | None, *, named: str = RULES_FILE) -> MarketRules:
    """Read the rules of a TOML file; raises WrongSetting that says which setting *named* it."""
    if path is None:
        return MarketRules()
    try:
        with Path(path).open("rb") as file:
            return rules_from(tomllib.load(file, parse_float=Decimal))
    except OSError as error:
        reason = f"{path} cannot be read: {error.strerror}"
        raise WrongSetting(name=named, reason=reason) from error
    except ValueError as error:
        reason = f"{path} is not TOML: {error}"
        raise WrongSetting(name=named, reason=reason) from error
    except InvalidRules as error:
        reason = f"{path}: {', '.join(error.attributes)}: {error.reason}"
        raise WrongSetting(name=named, reason=reason) from error


def _admin_emails(text: str) -> frozenset[str]:
    found = set()
    for address in filter(None, map(str.strip, text.split(","))):
        try:
            found.add(normalise_email(address))
        except InvalidEmail as error:
            raise WrongSetting(name=ADMIN_EMAILS, reason=f"{address!r}: {error.reason}") from error
    return frozenset(found)


def _trusted_proxies(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or int(text) > TRUSTED_PROXIES_MAX:
        reason = f"{text!r} must be a whole number from 0 to {TRUSTED_PROXIES_MAX}"
        raise WrongSetting(name=TRUSTED_PROXIES, reason=reason)
    return int(text)


def _is_on(name: str, text: str) -> bool:
    if text not in {"on", "off"}:
        raise WrongSetting(name=name, reason=f"{text!r} must be on or off")
    return text == "on"


def _kept_secret(database_file: Path | None) -> str:
    if database_file is None:
        reason = "is required with PostgreSQL: a long random text, the same for every process"
        raise WrongSetting(name=SECRET, reason=reason)
    file = database_file.with_name(f"{database_file.name}.secret")
    try:
        if not file.exists():
            _keep(file, secrets.token_urlsafe(32))
        kept = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be kept in {file}: {getattr(error, 'strerror', None) or 'not text'}"
        raise WrongSetting(name=SECRET, reason=reason) from error
    if not kept:
        raise WrongSetting(name=SECRET, reason=f"{file} is empty; remove it to have a new one")
    return kept


def _keep(file: Path, secret: str) -> None:
    # Processes may start together. Linking, unlike renaming, fails when another was first, and
    # nobody ever reads half a secret.
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as written:
            written.write(f"{secret}\n")
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
