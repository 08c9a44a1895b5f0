"""A mail server on loopback that does as it is told, with a certificate of its own."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import attrs
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from reviewcore.adapters.mail import SmtpServer
from reviewcore.ports.mail import Letter

USER, PASSWORD = "market", "p@ssword: 50%"


@attrs.define
class Office:
    """What the server answers, and what it took."""

    port: int = 0
    answers: dict[str, str] = attrs.field(factory=dict)
    after_data: str = "250 OK"
    wait_seconds: float = 0.0
    connections: int = 0
    farewells: int = 0
    took: list[EmailMessage] = attrs.field(factory=list)
    was_encrypted: list[bool] = attrs.field(factory=list)
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def letters(self) -> list[Letter]:
        return [as_letter(message) for message in self.took]

    # The names of hooks are the library's.

    async def handle_EHLO(  # noqa: N802 - see above
        self, server: Any, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if session.ssl is None:
            self.connections += 1
        return responses

    async def handle_QUIT(  # noqa: N802 - see above
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        self.farewells += 1
        return "221 Bye"

    async def handle_RCPT(  # noqa: N802 - see above
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - see above
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.wait_seconds)
        if self.after_data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.took.append(message)
            self.was_encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return self.after_data


def as_letter(message: EmailMessage) -> Letter:
    body = message.get_body(("plain",))
    assert body is not None
    text = str(body.get_content()).replace("\r\n", "\n")
    return Letter(to=str(message["To"]), subject=str(message["Subject"]), text=text)


def _authenticate(
    server: Any, session: Session, envelope: Envelope, mechanism: str, told: Any
) -> AuthResult:
    known = isinstance(told, LoginPassword) and (told.login, told.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=known)


@contextmanager
def an_office(
    authority: trustme.CA, *, encryption: str = "none", asks_password: bool = False
) -> Iterator[Office]:
    """Open a server; *encryption* is none, starttls or smtps."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
    office = Office(port=_free_port())
    told: dict[str, Any] = {}
    if encryption == "starttls":
        told = {"tls_context": tls}
    if asks_password:
        told |= {
            "authenticator": _authenticate,
            "auth_required": True,
            "auth_require_tls": encryption == "starttls",
        }
    controller = Controller(
        office,
        hostname="127.0.0.1",
        port=office.port,
        ssl_context=tls if encryption == "smtps" else None,
        **told,
    )
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def _free_port() -> int:
    # The library asks its own port whether it listens, so 0 will not do.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def server_of(office: Office, authority: trustme.CA, **changes: Any) -> SmtpServer:
    """Tell an adapter of the office, whose authority it trusts."""
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    told: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": office.port,
        "timeout_seconds": 5.0,
        "tls": tls,
    }
    return SmtpServer(**(told | changes))
