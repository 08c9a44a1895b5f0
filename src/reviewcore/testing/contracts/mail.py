"""The promises of `reviewcore.ports.mail`, as tests that any mail service can be put through.

Subclass `MailContract` and give it the fixtures `mail`, the service, and `arrived`, which tells the
letters that came, in the order sent, with line breaks as they were written. Who claims REFUSALS or
OUTAGES supplies `refuse` or `break_down` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from reviewcore.domain.errors import MailRefused, Unavailable
from reviewcore.ports.mail import Letter, Mail
from reviewcore.testing.contracts.base import Capability, Contract, optional

Arrived = Callable[[], Sequence[Letter]]

Refuse = Callable[[str], object]
"""From now on the other side refuses letters to this address for good."""

BreakDown = Callable[[], object]
"""From now on the other side cannot be reached, or takes nothing for a while."""

TOKEN = "k" * 43
LETTER = Letter(
    to="ada@example.com",
    subject="Please confirm your address",
    text=f"Hello!\n\nhttp://127.0.0.1:8000/verify-email?token={TOKEN}\n\nToken: {TOKEN}\n",
)


def as_read(letter: Letter) -> tuple[str, str, str]:
    """Tell a letter as a reader sees it: space at its end he does not."""
    return letter.to, " ".join(letter.subject.split()), letter.text.rstrip("\n")


class MailContract(Contract):
    """Whatever is handed over arrives, once, as it was written, or an error says why not.

    Who claims REFUSALS learns at once that an address takes no letters; who claims OUTAGES, that
    the service is away.
    """

    CONTRACT_VERSION = "1.0"

    @pytest.fixture
    def mail(self) -> Mail:
        """Make the mail service that is tested."""
        raise NotImplementedError

    @pytest.fixture
    def arrived(self, mail: Mail) -> Arrived:
        """Tell what arrived."""
        raise NotImplementedError

    @pytest.fixture
    def refuse(self, mail: Mail) -> Refuse:
        """Have an address refused; for REFUSALS."""
        raise NotImplementedError

    @pytest.fixture
    def break_down(self, mail: Mail) -> BreakDown:
        """Have the service break down; for OUTAGES."""
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
            ("Lines", "\nFirst\n\n\n  indented\n\tand\ttabbed \nlast without an end"),
            ("Long", "word " * 10_000 + "\n"),
            ("e\u0301 is not \u00e9", "e\u0301 is not \u00e9\n"),
            ("Hi\r\nBcc: eve@example.com", "No header of ours\n"),
            ("Empty", ""),
        ],
        ids=[
            *("international", "markup", "long", "dots", "lines", "longer", "composed"),
            *("header", "empty"),
        ],
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

    @optional(Capability.REFUSALS)
    def test_an_address_that_is_refused_is_refused_for_good_and_hinders_nobody_else(
        self, mail: Mail, arrived: Arrived, refuse: Refuse
    ) -> None:
        refuse("gone@example.com")

        with pytest.raises(MailRefused) as told:
            mail.send(attrs.evolve(LETTER, to="gone@example.com"))

        assert TOKEN not in f"{told.value!r} {told.value}"
        assert list(arrived()) == []
        mail.send(LETTER)
        assert list(map(as_read, arrived())) == [as_read(LETTER)]

    @optional(Capability.OUTAGES)
    def test_a_service_that_is_away_may_be_asked_again(
        self, mail: Mail, arrived: Arrived, break_down: BreakDown
    ) -> None:
        before = list(arrived())
        break_down()

        for _ in range(2):
            with pytest.raises(Unavailable) as told:
                mail.send(LETTER)

        assert TOKEN not in f"{told.value!r} {told.value}"
        assert list(arrived()) == before
