"""Letters over SMTP, by the standard library."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import threading
import time
from email.message import EmailMessage

import attrs

from reviewcore.adapters.mail.messages import message_of
from reviewcore.adapters.mail.pages import page_of
from reviewcore.domain.errors import MailRefused, Unavailable
from reviewcore.ports.mail import Letter
from reviewcore.sources import Clock, system_clock

TIMEOUT_SECONDS = 20.0
IDLE_SECONDS = 5.0
"""How long a connection is kept for the next letter of a batch."""

PERMANENT = range(500, 600)
OK = 250
AUTHENTICATION_REQUIRED = 530
"""What a server says whose settings are wrong here; whose address it is can do nothing for it."""


@attrs.frozen(kw_only=True)
class SmtpServer:
    """Where mail is handed over. With *is_tls* encrypted from the first byte (SMTPS).

    Otherwise STARTTLS is used where it is offered, and demanded where a *password* is to be sent,
    but on this machine. *tls* replaces the authorities that this machine trusts.
    """

    host: str
    port: int
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    is_tls: bool = False
    timeout_seconds: float = TIMEOUT_SECONDS
    tls: ssl.SSLContext | None = attrs.field(default=None, repr=False)

    def connect(self) -> smtplib.SMTP:
        """Open a connection, encrypt it and sign in. Raises what smtplib raises."""
        tls = self.tls or ssl.create_default_context()
        if self.is_tls:
            return self._signed_in(
                smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=tls)
            )
        link = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        try:
            link.ehlo_or_helo_if_needed()
            if link.has_extn("starttls"):
                link.starttls(context=tls)
            elif self.password is not None and not self._is_here:
                raise smtplib.SMTPNotSupportedError("no password is sent in the clear")
        except BaseException:
            link.close()
            raise
        return self._signed_in(link)

    @property
    def _is_here(self) -> bool:
        return self.host in {"127.0.0.1", "::1", "localhost"}

    def _signed_in(self, link: smtplib.SMTP) -> smtplib.SMTP:
        if self.user is not None and self.password is not None:
            try:
                link.login(self.user, self.password)
            except BaseException:
                link.close()
                raise
        return link


class SmtpMail:
    """Hands letters to *server*, one at a time; a connection serves a batch of them."""

    def __init__(self, server: SmtpServer, *, sender: str, clock: Clock = system_clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._lock = threading.Lock()
        self._link: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, letter: Letter, /) -> None:
        message = self._message(letter)
        sender = message["From"].addresses[0].addr_spec
        with self._lock:
            try:
                # Not `send_message`, which writes `>From` for a line that begins with `From`.
                self._linked().sendmail(sender, [letter.to], message.as_bytes())
                self._used_at = time.monotonic()
            except smtplib.SMTPRecipientsRefused as error:
                self._part()
                raise _judged(error.recipients[letter.to][0]) from error
            except smtplib.SMTPDataError as error:
                self._part()
                raise _judged(error.smtp_code) from error
            except (OSError, smtplib.SMTPException) as error:
                # A sender or a password that is refused is the operator's to mend: it waits.
                self._part()
                raise Unavailable from error

    def close(self) -> None:
        """End the connection, if one is open."""
        with self._lock:
            self._part()

    def _message(self, letter: Letter) -> EmailMessage:
        message = message_of(letter, sender=self._sender, at=self._clock())
        if not letter.text.isascii():
            # Not every server on the way takes eight bits.
            message.set_content(letter.text, cte="quoted-printable")
        page = page_of(letter)
        if page is not None:
            message.add_alternative(page, subtype="html", cte="quoted-printable")
        return message

    def _linked(self) -> smtplib.SMTP:
        """Return a connection that is alive: what was sent over it is never sent again."""
        if self._link is not None and not self._is_alive(self._link):
            self._part()
        if self._link is None:
            self._link = self._server.connect()
        return self._link

    def _is_alive(self, link: smtplib.SMTP) -> bool:
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            return False
        try:
            return bool(link.noop()[0] == OK)
        except (OSError, smtplib.SMTPException):
            return False

    def _part(self) -> None:
        if self._link is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._link.quit()
            self._link.close()
            self._link = None


def _judged(code: int) -> MailRefused | Unavailable:
    if code in PERMANENT and code != AUTHENTICATION_REQUIRED:
        return MailRefused(code=code)
    return Unavailable()
