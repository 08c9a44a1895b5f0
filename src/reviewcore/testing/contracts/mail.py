"""The promises of `reviewcore.ports.mail`, as tests that any mail service can be put through.

Subclass `MailContract` and give it the fixtures `mail`, the service, and `arrived`, which tells the
letters that came, in the order sent, with line breaks as they were written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from reviewcore.ports.mail import Letter, Mail

Arrived = Callable[[], Sequence[Letter]]

TOKEN = "k" * 43
LETTER = Letter(
    to="ada@example.com",
    subject="Please confirm your address",
    text=f"Hello!\n\nhttp://127.0.0.1:8000/verify-email?token={TOKEN}\n\nToken: {TOKEN}\n",
)


def as_read(letter: Letter) -> tuple[str, str, str]:
    """Tell a letter as a reader sees it: space at its end he does not."""
    return letter.to, " ".join(letter.subject.split()), letter.text.rstrip("\n")


class MailContract:
    """Whatever is handed over arrives, once, as it was written."""

    @pytest.fixture
    def mail(self) -> Mail:
        """Make the mail service that is tested."""
        raise NotImplementedError

    @pytest.fixture
    def arrived(self, mail: Mail) -> Arrived:
        """Tell what arrived."""
        raise NotImplementedError

    def test_a_letter_arrives_as_it_was_written(self, mail: Mail, arrived: Arrived) -> None:
        mail.send(LETTER)

        assert list(map(as_read, arrived())) == [as_read(LETTER)]

    def test_letters_arrive_in_the_order_sent(self, mail: Mail, arrived: Arrived) -> None:
        letters = [
            Letter(to=f"p{number}@example.com", subject=f"No. {number}", text="Hello.\n")
            for number in range(5)
        ]

        for letter in letters:
            mail.send(letter)

        assert list(map(as_read, arrived())) == list(map(as_read, letters))

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ("“Über den Dächern” ist da", "Für Zoë: 音楽 🎧 naïve\n"),
            ("Titles <b>with</b> & signs", "<script>alert('x')</script> & {braces} %s\n"),
            ("S" * 200, "Long " * 60 + "\n"),
            ("Dots", "One\n.\n..\nFrom here on\n"),
            ("Empty", ""),
        ],
        ids=["international", "markup", "long", "dots", "empty"],
    )
    def test_any_words_arrive(self, mail: Mail, arrived: Arrived, subject: str, text: str) -> None:
        letter = Letter(to="ada@example.com", subject=subject, text=text)

        mail.send(letter)

        assert list(map(as_read, arrived())) == [as_read(letter)]

    def test_no_letter_is_lost_among_threads(self, mail: Mail, arrived: Arrived) -> None:
        letters = [
            Letter(to=f"p{number}@example.com", subject=f"No. {number}", text=f"{number}\n")
            for number in range(12)
        ]

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(mail.send, letters))

        assert sorted(map(as_read, arrived())) == sorted(map(as_read, letters))
