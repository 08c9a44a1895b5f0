"""Letters over real SMTP on loopback: delivered, encrypted, refused, delayed, lost."""

from __future__ import annotations

import email
import email.policy
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from reviewcore.adapters.mail import ConsoleMail, FileMail, MemoryMail, SmtpMail, SmtpServer
from reviewcore.adapters.mail.console import RULER
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.app import App
from reviewcore.bootstrap import deploy, in_memory
from reviewcore.domain.errors import MailRefused, Unavailable
from reviewcore.ports.mail import Letter, Mail
from reviewcore.settings import settings_from
from reviewcore.testing.clock import ManualClock
from reviewcore.testing.contracts import Capability
from reviewcore.testing.contracts.mail import (
    LETTER,
    TOKEN,
    Arrived,
    BreakDown,
    MailContract,
    Refuse,
)
from reviewcore.usecases import RetryEvent, SignUp, retry_event, sign_up
from tests.integration.mail.postoffice import (
    PASSWORD,
    USER,
    Office,
    an_office,
    as_letter,
    server_of,
)

SENDER = "Zoë at the Market <market@shop.test>"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def office(authority: trustme.CA) -> Iterator[Office]:
    with an_office(authority) as opened:
        yield opened


@pytest.fixture
def mail(office: Office, authority: trustme.CA) -> Iterator[SmtpMail]:
    made = SmtpMail(server_of(office, authority), sender=SENDER)
    yield made
    made.close()


class TestSmtpMail(MailContract):
    capabilities = frozenset({Capability.REFUSALS, Capability.OUTAGES})

    @pytest.fixture
    def mail(self, office: Office, authority: trustme.CA) -> Iterator[Mail]:
        made = SmtpMail(server_of(office, authority), sender=SENDER)
        yield made
        made.close()

    @pytest.fixture
    def arrived(self, office: Office) -> Arrived:
        return office.letters

    @pytest.fixture
    def refuse(self, office: Office) -> Refuse:
        return lambda address: office.answers.update({address: "550 no such user here"})

    @pytest.fixture
    def break_down(self, office: Office) -> BreakDown:
        return lambda: office.answers.update({LETTER.to: "451 try later"})


class TestFileMail(MailContract):
    capabilities = frozenset({Capability.OUTAGES})

    @pytest.fixture
    def mail(self, tmp_path: Path) -> Mail:
        return FileMail(tmp_path / "out", sender=SENDER)

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> Arrived:
        def read() -> list[Letter]:
            return [
                as_letter(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
                for path in sorted((tmp_path / "out").glob("*.eml"))
            ]

        return read

    @pytest.fixture
    def break_down(self, tmp_path: Path) -> BreakDown:
        # A file stands where the folder is to be made.
        return (tmp_path / "out").touch


class TestConsoleMail(MailContract):
    capabilities = frozenset({Capability.OUTAGES})

    @pytest.fixture
    def terminal(self) -> io.StringIO:
        return io.StringIO()

    @pytest.fixture
    def mail(self, terminal: io.StringIO) -> Mail:
        return ConsoleMail(terminal, sender=SENDER)

    @pytest.fixture
    def arrived(self, terminal: io.StringIO) -> Arrived:
        def read() -> list[Letter]:
            shown = terminal.getvalue() if not terminal.closed else ""
            _, *letters = shown.split(f"{RULER}\nFrom: {SENDER}\n")
            return [as_seen(letter.removesuffix(f"\n{RULER}\n")) for letter in letters]

        return read

    @pytest.fixture
    def break_down(self, terminal: io.StringIO) -> BreakDown:
        return terminal.close


def as_seen(letter: str) -> Letter:
    """Read a letter without its first line as it stands on a terminal."""
    head, text = letter.split("\n\n", 1)
    to, subject = head.split("\n")
    return Letter(to=to.removeprefix("To: "), subject=subject.removeprefix("Subject: "), text=text)


class TestMemoryMail(MailContract):
    @pytest.fixture
    def mail(self) -> Mail:
        return MemoryMail()

    @pytest.fixture
    def arrived(self, mail: MemoryMail) -> Arrived:
        return lambda: mail.letters


def test_a_letter_has_text_and_page(office: Office, mail: SmtpMail) -> None:
    mail.send(
        Letter(to="ada@example.com", subject="Hi", text="<b>Zoë</b>\n\nhttps://a.test/?x=1\n")
    )

    [message] = office.took
    assert message.get_content_type() == "multipart/alternative"
    page = message.get_body(("html",))
    assert page is not None
    told = page.get_content()
    assert "&lt;b&gt;Zoë&lt;/b&gt;" in told
    assert '<a href="https://a.test/?x=1" style="' in told
    assert "<style" not in told
    assert "<script" not in told


def test_the_token_stands_on_its_line_as_it_is_sent(office: Office, mail: SmtpMail) -> None:
    mail.send(LETTER)

    assert f"\nToken: {TOKEN}\n" in office.took[0].as_string().replace("\r\n", "\n")


def test_no_subject_adds_a_header_or_a_recipient(office: Office, mail: SmtpMail) -> None:
    mail.send(Letter(to="ada@example.com", subject="Hi\r\nBcc: eve@example.com", text="x\n"))

    [message] = office.took
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: eve@example.com"


def test_one_connection_serves_a_batch(office: Office, mail: SmtpMail) -> None:
    for _ in range(5):
        mail.send(LETTER)

    assert len(office.took) == 5
    assert office.connections == 1


@pytest.mark.parametrize("encryption", ["starttls", "smtps"])
def test_letters_are_encrypted_where_they_can_be(authority: trustme.CA, encryption: str) -> None:
    with an_office(authority, encryption=encryption) as office:
        server = server_of(office, authority, is_tls=encryption == "smtps")
        mail = SmtpMail(server, sender=SENDER)
        mail.send(LETTER)
        mail.close()

    assert office.was_encrypted == [True]


@pytest.mark.parametrize("encryption", ["starttls", "smtps"])
def test_a_server_with_a_strangers_certificate_gets_nothing(
    authority: trustme.CA, encryption: str
) -> None:
    with an_office(authority, encryption=encryption) as office:
        server = server_of(
            office, authority, is_tls=encryption == "smtps", tls=ssl.create_default_context()
        )
        with pytest.raises(Unavailable):
            SmtpMail(server, sender=SENDER).send(LETTER)

    assert office.took == []


def test_a_password_signs_in(authority: trustme.CA) -> None:
    with an_office(authority, encryption="starttls", asks_password=True) as office:
        right = server_of(office, authority, user=USER, password=PASSWORD)
        wrong = server_of(office, authority, user=USER, password="wrong")
        for server in (wrong, server_of(office, authority)):
            with pytest.raises(Unavailable):
                SmtpMail(server, sender=SENDER).send(LETTER)
        assert office.took == []

        mail = SmtpMail(right, sender=SENDER)
        mail.send(LETTER)
        mail.close()

    assert len(office.took) == 1


def test_no_password_goes_in_the_clear_to_another_machine(
    office: Office, authority: trustme.CA
) -> None:
    # Another name for this machine, which does not say that it is one.
    server = server_of(office, authority, host="127.0.0.2", user=USER, password=PASSWORD)

    with pytest.raises(Unavailable):
        SmtpMail(server, sender=SENDER).send(LETTER)


@pytest.mark.parametrize("code", [550, 551, 553, 554])
def test_an_address_that_is_refused_is_refused_for_good(
    office: Office, mail: SmtpMail, code: int
) -> None:
    office.answers["gone@example.com"] = f"{code} no such user here"

    with pytest.raises(MailRefused) as told:
        mail.send(Letter(to="gone@example.com", subject="Hi", text="x\n"))

    assert told.value.code == code
    assert "gone@example.com" not in str(told.value)
    mail.send(LETTER)
    assert len(office.took) == 1


@pytest.mark.parametrize("answer", ["421 too busy", "450 try later", "451 greylisted", "530 who?"])
def test_what_may_pass_is_tried_again(office: Office, mail: SmtpMail, answer: str) -> None:
    office.answers["ada@example.com"] = answer
    with pytest.raises(Unavailable):
        mail.send(LETTER)
    del office.answers["ada@example.com"]

    mail.send(LETTER)

    assert len(office.took) == 1


@pytest.mark.parametrize(
    ("answer", "kind"), [("451 later", Unavailable), ("554 spam", MailRefused)]
)
def test_a_letter_may_be_refused_after_it_was_read(
    office: Office, mail: SmtpMail, answer: str, kind: type[Exception]
) -> None:
    office.after_data = answer

    with pytest.raises(kind):
        mail.send(LETTER)

    assert office.took == []


def test_a_server_that_is_down_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = SmtpServer(host="127.0.0.1", port=port, timeout_seconds=2)

    with pytest.raises(Unavailable):
        SmtpMail(server, sender=SENDER).send(LETTER)


def test_a_server_that_says_nothing_is_unavailable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = SmtpServer(host="127.0.0.1", port=silent.getsockname()[1], timeout_seconds=0.3)
        with pytest.raises(Unavailable):
            SmtpMail(server, sender=SENDER).send(LETTER)


def test_a_server_that_is_slow_is_unavailable_in_time(authority: trustme.CA) -> None:
    with an_office(authority) as office:
        office.wait_seconds = 1.0
        mail = SmtpMail(server_of(office, authority, timeout_seconds=0.3), sender=SENDER)
        with pytest.raises(Unavailable):
            mail.send(LETTER)


def test_a_connection_that_was_cut_is_made_anew(authority: trustme.CA) -> None:
    with an_office(authority) as first:
        mail = SmtpMail(server_of(first, authority), sender=SENDER)
        mail.send(LETTER)
        assert mail._link is not None
        assert mail._link.sock is not None
        mail._link.sock.shutdown(socket.SHUT_RDWR)

        mail.send(LETTER)
        mail.close()

    assert len(first.took) == 2
    assert first.connections == 2


def test_threads_share_one_connection(office: Office, mail: SmtpMail) -> None:
    threads = [threading.Thread(target=mail.send, args=(LETTER,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(office.took) == 6
    assert office.connections == 1


# ── the worker's side ────────────────────────────────────────────────────────────────────────


def market(mail: Mail, clock: ManualClock) -> App:
    app = in_memory(clock=clock)
    return App(
        store=app.store,
        payments=app.payments,
        payouts=app.payouts,
        mail=mail,
        passwords=ScryptPasswords(n=2**4),
    )


def state_of(app: App) -> tuple[str | None, bool, int]:
    """What stands in the log of the mail that proves an address: failure, waiting, tries."""
    with app.store.read() as tx:
        [event] = [one for one in tx.events.all() if one.type == "EmailVerificationRequested"]
    return event.failure, event.next_attempt_at is not None, event.attempts


def test_a_refusal_for_good_is_recorded_and_not_tried_again(office: Office, mail: SmtpMail) -> None:
    clock = ManualClock()
    app = market(mail, clock)
    office.answers["gone@example.com"] = "550 no such user here"
    user = app.drive(sign_up, SignUp(email="gone@example.com", password="correct horse"))

    for _ in range(3):
        app.run_pending()
        clock.advance(days=1)

    assert state_of(app) == ("MailRefused", False, 1)
    # What comes later for the same person is not held up, and a person may try again.
    office.answers.clear()
    with app.store.read() as tx:
        [event] = [one for one in tx.events.all() if one.failure is not None]
    app.perform(retry_event, RetryEvent(event_id=event.id, admin_id=user.id))
    app.run_pending()
    assert [letter.to for letter in office.letters()] == ["gone@example.com"]


def test_a_refusal_for_now_is_tried_again(office: Office, mail: SmtpMail) -> None:
    clock = ManualClock()
    app = market(mail, clock)
    office.answers["ada@example.com"] = "451 greylisted"
    app.drive(sign_up, SignUp(email="ada@example.com", password="correct horse"))
    app.run_pending()
    failure, waits, tries = state_of(app)
    assert (failure, waits) == ("Unavailable", True)
    assert tries >= 1
    office.answers.clear()

    clock.advance(hours=1)
    app.run_pending()

    [letter] = office.letters()
    assert letter.to == "ada@example.com"
    assert "Token: " in letter.text


def test_a_deployment_ends_its_connection_to_the_mail_server(
    office: Office, tmp_path: Path
) -> None:
    environ = {
        "REVIEWCORE_DATABASE_URL": f"sqlite:///{tmp_path}/market.db",
        "REVIEWCORE_SANDBOX_FILE": f"{tmp_path}/bank.db",
        "REVIEWCORE_FILES_URL": f"file:{tmp_path}/uploads",
        "REVIEWCORE_SECRET": "x",
        "REVIEWCORE_MAIL_URL": f"smtp://127.0.0.1:{office.port}",
    }
    settings = settings_from(environ, default_base_url="http://127.0.0.1:8000")

    with deploy(settings) as deployment:
        deployment.app.mail.send(LETTER)
        assert (len(office.took), office.farewells) == (1, 0)

    assert (office.connections, office.farewells) == (1, 1)


def test_a_mailbox_that_was_given_to_a_deployment_is_not_closed_with_it(
    office: Office, mail: SmtpMail, tmp_path: Path
) -> None:
    environ = {
        "REVIEWCORE_DATABASE_URL": f"sqlite:///{tmp_path}/market.db",
        "REVIEWCORE_SANDBOX_FILE": f"{tmp_path}/bank.db",
        "REVIEWCORE_SECRET": "x",
    }
    settings = settings_from(environ, default_base_url="http://127.0.0.1:8000")

    with deploy(settings, mail=mail) as deployment:
        deployment.app.mail.send(LETTER)

    mail.send(LETTER)
    assert (office.connections, office.farewells) == (1, 0)
