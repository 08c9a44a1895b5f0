"""Where mail goes, as an operator says it in one URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

from reviewcore.environment import WrongSetting

MAIL_URL: Final = "REVIEWCORE_MAIL_URL"
PORTS: Final = {"smtp": 587, "smtps": 465}
FORM: Final = "must be console:, file:DIR, smtp://user:password@host:port or smtps://…"


@attrs.frozen(kw_only=True)
class SmtpPlace:
    """A mail server; the password is shown nowhere."""

    host: str
    port: int
    user: str | None
    password: str | None = attrs.field(repr=False)
    is_tls: bool


def mail_url(url: str) -> str:
    """Return *url* as it is kept. Raises WrongSetting, whose text has no secret."""
    scheme, _, place = url.partition(":")
    if scheme in PORTS:
        smtp_place(url)
        return url
    if scheme == "file" and place.strip("/"):
        # A URL proper is understood too: file:///var/mail is file:/var/mail.
        return f"file:{place.removeprefix('//')}"
    if url == "console:":
        return url
    raise WrongSetting(name=MAIL_URL, reason=FORM)


def smtp_place(url: str) -> SmtpPlace:
    """Read an `smtp:` or `smtps:` URL; user and password are %-encoded. Raises WrongSetting."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        reason = f"{FORM}; are the password's special characters %-encoded?"
        raise WrongSetting(name=MAIL_URL, reason=reason) from error
    user, password = (unquote(one) if one else None for one in (parts.username, parts.password))
    odd = parts.path.strip("/") or parts.query or parts.fragment
    if not parts.hostname or odd or not url.isprintable() or (user is None) != (password is None):
        raise WrongSetting(name=MAIL_URL, reason=FORM)
    signed = (user or "") + (password or "")
    if not (signed.isascii() and signed.isprintable()):
        # The library sends nothing else.
        raise WrongSetting(name=MAIL_URL, reason="user and password must be printable ASCII")
    return SmtpPlace(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=user,
        password=password,
        is_tls=parts.scheme == "smtps",
    )
