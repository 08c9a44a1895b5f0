from __future__ import annotations

import email
import email.policy
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest

from reviewcore.adapters.mail import ConsoleMail, FileMail, MemoryMail
from reviewcore.domain.errors import Unavailable
from reviewcore.ports.mail import Letter, Mail
from reviewcore.testing.clock import START, ManualClock

SENDER = "reviewcore <market@shop.test>"
TOKEN = "k" * 43
LETTER = Letter(
    to="ada@example.com",
    subject="Confirm your address",
    text=f"Welcome!\n\nhttp://127.0.0.1:8000/verify?token={TOKEN}&next=%2Ftracks\nToken: {TOKEN}\n",
)


def letter(**changes: str) -> Letter:
    told = {"to": LETTER.to, "subject": LETTER.subject, "text": LETTER.text, **changes}
    return Letter(**told)


def read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


# ── Memory ───────────────────────────────────────────────────────────────────────────────────


def test_memory_keeps_letters_in_order() -> None:
    mail = MemoryMail()
    second = letter(subject="Second")

    mail.send(LETTER)
    mail.send(second)

    assert mail.letters == [LETTER, second]


def test_memory_loses_no_letter_among_threads() -> None:
    mail = MemoryMail()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(mail.send, [LETTER] * 500))

    assert len(mail.letters) == 500


def test_a_letter_does_not_show_its_text_in_a_log() -> None:
    assert TOKEN not in repr(LETTER)


# ── Console ──────────────────────────────────────────────────────────────────────────────────


def test_the_console_shows_the_whole_letter() -> None:
    stream = io.StringIO()

    ConsoleMail(stream, sender=SENDER).send(LETTER)

    lines = stream.getvalue().splitlines()
    assert f"From: {SENDER}" in lines
    assert "To: ada@example.com" in lines
    assert "Subject: Confirm your address" in lines
    assert f"Token: {TOKEN}" in lines


def test_the_console_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleMail(sender=SENDER).send(LETTER)

    assert f"Token: {TOKEN}\n" in capsys.readouterr().out


def test_the_console_shows_what_it_can() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    ConsoleMail(stream, sender=SENDER).send(letter(text="Für Dich"))

    assert b"F?r Dich\n" in raw.getvalue()


def test_letters_on_the_console_do_not_mix() -> None:
    stream = io.StringIO()
    mail = ConsoleMail(stream, sender=SENDER)
    alone = io.StringIO()
    ConsoleMail(alone, sender=SENDER).send(LETTER)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(mail.send, [LETTER] * 50))

    assert stream.getvalue() == alone.getvalue() * 50


def test_a_console_that_is_gone_is_unavailable() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    with io.TextIOWrapper(os.fdopen(writer, "wb", 0), write_through=True) as stream:
        mail: Mail = ConsoleMail(stream, sender=SENDER)
        with pytest.raises(Unavailable):
            mail.send(LETTER)


# ── Files ────────────────────────────────────────────────────────────────────────────────────


def test_a_letter_becomes_a_file_that_a_mail_program_reads(tmp_path: Path) -> None:
    FileMail(tmp_path / "out" / "mail", sender=SENDER, clock=ManualClock()).send(LETTER)

    [path] = (tmp_path / "out" / "mail").iterdir()
    message = read(path)
    assert path.suffix == ".eml"
    assert not message.defects
    assert message["From"] == SENDER
    assert message["To"] == LETTER.to
    assert message["Subject"] == LETTER.subject
    assert message["Date"].datetime == START
    assert message["Message-ID"].endswith("@shop.test>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == LETTER.text


@pytest.mark.parametrize(
    "text",
    ["Für Ödön: 你好\n", "Ends without a line break", "Dots\n.\n..\nFrom here\n", "x" * 3000, ""],
    ids=["international", "unended", "dots", "long", "empty"],
)
def test_any_text_arrives_as_it_was_written(tmp_path: Path, text: str) -> None:
    FileMail(tmp_path, sender=SENDER).send(letter(text=text, subject="Ödön liked “Tide”"))

    [path] = tmp_path.iterdir()
    raw = path.read_bytes()
    assert read(path).get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert read(path)["Subject"] == "Ödön liked “Tide”"
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_token_and_its_link_are_found_by_a_plain_search(tmp_path: Path) -> None:
    FileMail(tmp_path, sender=SENDER).send(letter(text=f"Für Dich\n{LETTER.text}"))

    [path] = tmp_path.iterdir()
    assert f"\r\nToken: {TOKEN}\r\n".encode() in path.read_bytes()
    assert f"/verify?token={TOKEN}&next=%2Ftracks\r\n".encode() in path.read_bytes()


def test_a_subject_cannot_add_a_header(tmp_path: Path) -> None:
    FileMail(tmp_path, sender=SENDER).send(letter(subject="Hello\r\nBcc: eve@example.com"))

    [path] = tmp_path.iterdir()
    assert read(path)["Bcc"] is None
    assert read(path)["Subject"] == "Hello Bcc: eve@example.com"


@pytest.mark.parametrize("to", ["o'hara@example.com", "a+b{c}|d@xn--bcher-kva.example"])
def test_any_address_that_we_store_can_be_written_to(tmp_path: Path, to: str) -> None:
    FileMail(tmp_path, sender=SENDER).send(letter(to=to))

    [path] = tmp_path.iterdir()
    [address] = read(path)["To"].addresses
    assert address.addr_spec == to


def test_names_sort_by_the_time_sent_and_never_clash(tmp_path: Path) -> None:
    clock = ManualClock()
    first, other = (FileMail(tmp_path, sender=SENDER, clock=clock) for _ in range(2))

    for number in range(20):
        first.send(letter(subject=f"{number:02}"))
    clock.advance(seconds=1)
    other.send(letter(subject="20"))

    subjects = [str(read(path)["Subject"]) for path in sorted(tmp_path.iterdir())]
    assert subjects == [f"{number:02}" for number in range(21)]


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    FileMail(tmp_path / "mail", sender=SENDER).send(LETTER)

    [path] = (tmp_path / "mail").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("I am a file.")

    with pytest.raises(Unavailable):
        FileMail(tmp_path / "mail", sender=SENDER).send(LETTER)
