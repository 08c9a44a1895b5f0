"""The contracts of mail, passwords, audio and identities catch adapters that are wrong."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import struct
import unicodedata
import wave
from collections.abc import Callable
from typing import Any, BinaryIO
from urllib.parse import urlencode

import attrs
import pytest

from reviewcore.adapters.mail import MemoryMail
from reviewcore.adapters.passwords import ScryptPasswords
from reviewcore.domain.errors import (
    IdentityNotProven,
    MailRefused,
    ProviderUnavailable,
    Unavailable,
    UnknownProvider,
)
from reviewcore.domain.uploads import AudioFormat, Heard, Playable, Unplayable
from reviewcore.ports.identities import Departure, Identity
from reviewcore.ports.mail import Letter
from reviewcore.testing.contracts import (
    AudioContract,
    Capability,
    IdentitiesContract,
    MailContract,
    PasswordsContract,
)
from reviewcore.testing.contracts.identities import query_of
from tests.unit.kit.judging import Verdicts, Wrong, judged, require_caught

# ── mail ─────────────────────────────────────────────────────────────────────────────────────


class Post(MemoryMail):
    """A right service that can refuse and break down."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()
        self.is_down = False

    def send(self, letter: Letter, /) -> None:
        if self.is_down:
            raise Unavailable
        if letter.to in self.refused:
            raise MailRefused(code=550)
        super().send(letter)

    def break_down(self) -> None:
        self.is_down = True


class Swallowing(Post):
    def send(self, letter: Letter, /) -> None:
        with contextlib.suppress(MailRefused):
            super().send(letter)


class Hopeful(Post):
    def send(self, letter: Letter, /) -> None:
        try:
            super().send(letter)
        except MailRefused:
            raise Unavailable from None


class Hopeless(Post):
    def send(self, letter: Letter, /) -> None:
        try:
            super().send(letter)
        except Unavailable:
            raise MailRefused(code=421) from None


class Losing(Post):
    def send(self, letter: Letter, /) -> None:
        if not self.is_down:
            super().send(letter)


class Twice(Post):
    def send(self, letter: Letter, /) -> None:
        super().send(letter)
        super().send(letter)


class Stack(Post):
    def send(self, letter: Letter, /) -> None:
        super().send(letter)
        self.letters.insert(0, self.letters.pop())


class Changing(Post):
    """Changes the letter on its way."""

    def __init__(self, **changes: Callable[[str], str]) -> None:
        super().__init__()
        self._changes = changes

    def send(self, letter: Letter, /) -> None:
        told = {name: change(getattr(letter, name)) for name, change in self._changes.items()}
        super().send(attrs.evolve(letter, **told))


def mail(name: str, promise: str, make: Callable[[], Post]) -> Wrong:
    class OnIt(MailContract):
        capabilities = frozenset({Capability.REFUSALS, Capability.OUTAGES})

        @pytest.fixture
        def mail(self) -> Any:
            return make()

        @pytest.fixture
        def arrived(self, mail: Any) -> Any:
            return lambda: mail.letters

        @pytest.fixture
        def refuse(self, mail: Any) -> Any:
            return mail.refused.add

        @pytest.fixture
        def break_down(self, mail: Any) -> Any:
            return mail.break_down

    return Wrong(name, promise, OnIt)


REFUSED = "test_an_address_that_is_refused_is_refused_for_good_and_hinders_nobody_else"
AWAY = "test_a_service_that_is_away_may_be_asked_again"
WORDS = "test_any_words_arrive"
MAIL = [
    mail("swallows refusals", REFUSED, Swallowing),
    mail("calls a refusal passing", REFUSED, Hopeful),
    mail("calls an outage final", AWAY, Hopeless),
    mail("loses letters while it is down", AWAY, Losing),
    mail("sends twice", "test_a_letter_arrives_as_it_was_written", Twice),
    mail("sends the last first", "test_letters_arrive_in_the_order_sent", Stack),
    mail("cuts texts", WORDS, lambda: Changing(text=lambda text: text[:20_000])),
    mail("folds subjects", WORDS, lambda: Changing(subject=lambda text: text[:78])),
    mail("drops what is not ASCII", WORDS,
         lambda: Changing(text=lambda text: text.encode("ascii", "replace").decode())),
    mail("composes texts", WORDS,
         lambda: Changing(text=lambda text: unicodedata.normalize("NFC", text))),
    mail("takes subjects for headers", WORDS,
         lambda: Changing(subject=lambda text: text.splitlines()[0])),
    mail("stops at a dot", WORDS, lambda: Changing(text=lambda text: text.split("\n.\n")[0])),
    mail("takes text for markup", WORDS,
         lambda: Changing(text=lambda text: text.replace("&", "&amp;"))),
]  # fmt: skip

# ── passwords ────────────────────────────────────────────────────────────────────────────────


class Bent(ScryptPasswords):
    """Changes the password before it is hashed."""

    def __init__(self, bend: Callable[[str], str]) -> None:
        super().__init__(n=2**10)
        self._bend = bend

    def hash(self, password: str, /) -> str:
        return super().hash(self._bend(password))

    def verify(self, password: str, hashed: str | None, /) -> bool:
        return super().verify(self._bend(password), hashed)


class Hasty(ScryptPasswords):
    def verify(self, password: str, hashed: str | None, /) -> bool:
        return hashed is not None and super().verify(password, hashed)


class Raising(ScryptPasswords):
    def verify(self, password: str, hashed: str | None, /) -> bool:
        if hashed is not None and not hashed.startswith("scrypt$"):
            raise ValueError(hashed)
        return super().verify(password, hashed)


class Plain(ScryptPasswords):
    def verify(self, password: str, hashed: str | None, /) -> bool:
        # It forgives what an older system left behind.
        return super().verify(password, hashed) or password == hashed


class Unsalted(ScryptPasswords):
    def hash(self, password: str, /) -> str:
        return hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()

    def verify(self, password: str, hashed: str | None, /) -> bool:
        return self.hash(password) == hashed


class Telling(ScryptPasswords):
    def hash(self, password: str, /) -> str:
        return super().hash(password) + password


class Content(ScryptPasswords):
    def needs_rehash(self, hashed: str, /) -> bool:
        return False


class Restless(ScryptPasswords):
    def needs_rehash(self, hashed: str, /) -> bool:
        return True


def cut_at(size: int) -> Callable[[str], str]:
    def bend(text: str) -> str:
        return text.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "replace")

    return bend


def passwords(name: str, promise: str, make: Callable[[], Any]) -> Wrong:
    class OnIt(PasswordsContract):
        capabilities = frozenset({Capability.PARAMETERS})

        @pytest.fixture
        def passwords(self) -> Any:
            return make()

        @pytest.fixture
        def weakly(self) -> str:
            return ScryptPasswords(n=2, r=1, p=1).hash("secret")

    return Wrong(name, promise, OnIt)


OTHER = "test_a_hash_fits_no_other_password"
SCRYPT: dict[str, Any] = {"n": 2**10}
PASSWORDS = [
    passwords("cuts at 72 bytes", OTHER, lambda: Bent(cut_at(72))),
    passwords("cuts at 1,000 bytes", OTHER, lambda: Bent(lambda text: text[:1000])),
    passwords("stops at a NUL", OTHER, lambda: Bent(lambda text: text.partition("\0")[0])),
    passwords("folds case", OTHER, lambda: Bent(str.casefold)),
    passwords("trims", OTHER, lambda: Bent(str.strip)),
    passwords("normalises", OTHER,
              lambda: Bent(lambda text: unicodedata.normalize("NFKC", text))),
    passwords("drops accents", OTHER,
              lambda: Bent(lambda text: unicodedata.normalize("NFKD", text)
                           .encode("ascii", "ignore").decode())),
    passwords("refuses surrogates", "test_a_hash_fits_its_password",
              lambda: Bent(lambda text: text.encode().decode())),
    passwords("answers at once for nobody", "test_nobody_takes_as_long_as_somebody",
              lambda: Hasty(n=2**12)),
    passwords("raises for what is no hash", "test_what_is_no_hash_fits_no_password",
              lambda: Raising(**SCRYPT)),
    passwords("takes plain text for a hash", "test_what_is_no_hash_fits_no_password",
              lambda: Plain(**SCRYPT)),
    passwords("salts nothing", "test_equal_passwords_have_different_hashes",
              lambda: Unsalted(**SCRYPT)),
    passwords("tells the password", "test_a_hash_is_one_line_of_text_that_hides_the_password",
              lambda: Telling(**SCRYPT)),
    passwords("is content with weak hashes",
              "test_a_weaker_hash_still_fits_and_is_to_be_replaced", lambda: Content(**SCRYPT)),
    passwords("replaces every hash", "test_a_new_hash_is_not_to_be_replaced",
              lambda: Restless(**SCRYPT)),
]  # fmt: skip

# ── audio ────────────────────────────────────────────────────────────────────────────────────


class Waves:
    """A right decoder of WAV alone."""

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        file.seek(0)
        if audio is not AudioFormat.WAV:
            return Unplayable("is not WAV")
        return self.hear(io.BytesIO(file.read()))

    def hear(self, file: BinaryIO) -> Heard:
        try:
            with wave.open(file, "rb") as sound:
                frames = 0
                while block := sound.readframes(65_536):
                    frames += len(block) // sound.getsampwidth() // sound.getnchannels()
                return self.judge(frames, sound.getframerate())
        except (wave.Error, EOFError, struct.error):
            return Unplayable("is not WAV")

    def judge(self, frames: int, rate: int) -> Heard:
        seconds = -(-frames // rate)
        if frames < rate or seconds > 6 * 3600:
            return Unplayable("is too short or too long")
        return Playable(seconds)


class WhereItStands(Waves):
    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        return self.hear(io.BytesIO(file.read()))


class AnyKind(Waves):
    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        return super().listen(file, AudioFormat.WAV)


class Believing(Waves):
    def hear(self, file: BinaryIO) -> Heard:
        try:
            with wave.open(file, "rb") as sound:
                return self.judge(sound.getnframes(), sound.getframerate())
        except (wave.Error, EOFError):
            return Unplayable("is not WAV")


class RoundingDown(Waves):
    def judge(self, frames: int, rate: int) -> Heard:
        told = super().judge(frames, rate)
        return Playable(frames // rate) if isinstance(told, Playable) else told


class Endless(Waves):
    def judge(self, frames: int, rate: int) -> Heard:
        return Playable(-(-frames // rate)) if frames >= rate else Unplayable("is short")


class Brief(Waves):
    def judge(self, frames: int, rate: int) -> Heard:
        told = super().judge(frames, rate)
        return Playable(1) if frames < rate else told


class Careless(Waves):
    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        with file:
            return super().listen(file, audio)


class Fragile(Waves):
    def hear(self, file: BinaryIO) -> Heard:
        with wave.open(file, "rb") as sound:
            return self.judge(sound.getnframes(), sound.getframerate())


def audio(name: str, promise: str, make: Callable[[], Any]) -> Wrong:
    class OnIt(AudioContract):
        @pytest.fixture
        def audio(self) -> Any:
            return make()

    return Wrong(name, promise, OnIt)


AUDIO = [
    audio("begins where the file stands",
          "test_a_file_is_heard_from_its_beginning_wherever_it_stands", WhereItStands),
    audio("takes one kind for another", "test_one_kind_is_not_taken_for_another", AnyKind),
    audio("believes headers", "test_what_a_header_says_of_length_is_not_believed", Believing),
    audio("rounds down", "test_music_is_heard_to_its_end_and_seconds_are_rounded_up",
          RoundingDown),
    audio("takes what plays for hours", "test_more_than_six_hours_are_refused", Endless),
    audio("takes what plays for a moment", "test_less_than_a_second_is_refused", Brief),
    audio("closes the file", "test_the_file_stays_the_callers", Careless),
    audio("raises for what is no music", "test_what_is_no_music_is_refused", Fragile),
]  # fmt: skip

# ── identities ───────────────────────────────────────────────────────────────────────────────


class Provided:
    """A right deployment with a provider in memory, and the people who have accounts there."""

    def __init__(self) -> None:
        self._people: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, tuple[str, dict[str, str]]] = {}

    def enrol(self, subject: str, **claims: Any) -> None:
        self._people[subject] = claims

    def consent(self, address: str, subject: str) -> str:
        asked = query_of(address)
        code = base64.urlsafe_b64encode(f"{subject} {len(self._codes)}".encode()).decode()
        self._codes[code] = (subject, asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def require(self, provider: str, /) -> None:
        if provider not in {"peer", "away"}:
            raise UnknownProvider(provider=provider)

    def address(self, departure: Departure, /, *, redirect_uri: str) -> str:
        self.require(departure.provider)
        told = {
            "state": departure.state,
            "nonce": departure.nonce,
            "challenge": self.challenge(departure),
            "redirect_uri": redirect_uri,
        }
        return f"https://peer.test/authorize?{urlencode(told)}"

    def challenge(self, departure: Departure) -> str:
        return hashlib.sha256(departure.verifier.encode()).hexdigest()

    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        self.require(departure.provider)
        if departure.provider == "away":
            raise ProviderUnavailable(provider="away")
        subject, asked = self.trade(code)
        self.check(departure, asked)
        return self.told(subject, self._people[subject])

    def trade(self, code: str) -> tuple[str, dict[str, str]]:
        if code not in self._codes:
            raise IdentityNotProven
        return self._codes.pop(code)

    def check(self, departure: Departure, asked: dict[str, str]) -> None:
        shown = (departure.nonce, self.challenge(departure))
        if shown != (asked["nonce"], asked["challenge"]):
            raise IdentityNotProven

    def told(self, subject: str, claims: dict[str, Any]) -> Identity:
        return Identity(
            provider="peer",
            subject=subject,
            email=claims.get("email"),
            email_verified=claims.get("email_verified") is True,
            name=claims.get("name", ""),
        )


class Reusing(Provided):
    def trade(self, code: str) -> tuple[str, dict[str, str]]:
        if code not in self._codes:
            raise IdentityNotProven
        return self._codes[code]


class Nonceless(Provided):
    def check(self, departure: Departure, asked: dict[str, str]) -> None:
        if self.challenge(departure) != asked["challenge"]:
            raise IdentityNotProven


class Verifierless(Provided):
    def check(self, departure: Departure, asked: dict[str, str]) -> None:
        if departure.nonce != asked["nonce"]:
            raise IdentityNotProven


class Naked(Provided):
    def challenge(self, departure: Departure) -> str:
        return departure.verifier


class Quoting(Provided):
    def trade(self, code: str) -> tuple[str, dict[str, str]]:
        try:
            return super().trade(code)
        except IdentityNotProven:
            raise IdentityNotProven from ValueError(code)


class Gullible(Provided):
    def told(self, subject: str, claims: dict[str, Any]) -> Identity:
        verified = claims.get("email_verified", True)
        return attrs.evolve(super().told(subject, claims), email_verified=verified)


class ByAddress(Provided):
    def told(self, subject: str, claims: dict[str, Any]) -> Identity:
        return attrs.evolve(super().told(subject, claims), subject=claims["email"])


class Unproven(Provided):
    def identify(self, departure: Departure, /, *, code: str, redirect_uri: str) -> Identity:
        try:
            return super().identify(departure, code=code, redirect_uri=redirect_uri)
        except ProviderUnavailable:
            raise IdentityNotProven from None


class Hospitable(Provided):
    def require(self, provider: str, /) -> None:
        pass


def identities(name: str, promise: str, make: Callable[[], Any]) -> Wrong:
    class OnIt(IdentitiesContract):
        capabilities = frozenset({Capability.OUTAGES})

        @pytest.fixture
        def identities(self) -> Any:
            return make()

        @pytest.fixture
        def people(self, identities: Any) -> Any:
            return identities

    return Wrong(name, promise, OnIt)


TRIP = "test_a_code_serves_no_other_trip"
IDENTITIES = [
    identities("trades a code twice", "test_a_code_serves_once", Reusing),
    identities("looks at no nonce", TRIP, Nonceless),
    identities("looks at no verifier", TRIP, Verifierless),
    identities("shows the verifier",
               "test_an_address_brings_the_browser_back_and_keeps_the_verifier", Naked),
    identities("quotes codes",
               "test_a_code_that_never_was_proves_nothing_and_is_not_quoted", Quoting),
    identities("takes unsaid for verified",
               "test_an_address_that_is_not_verified_is_not_proven", Gullible),
    identities("knows people by their address",
               "test_who_comes_again_is_the_same_and_another_is_not", ByAddress),
    identities("calls an outage a refusal",
               "test_a_provider_that_does_not_answer_is_unavailable", Unproven),
    identities("knows every provider", "test_a_provider_is_known_or_not", Hospitable),
]  # fmt: skip

WRONG = [*MAIL, *PASSWORDS, *AUDIO, *IDENTITIES]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return judged(WRONG, tmp_path_factory.mktemp("wrong"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.label)
def test_a_wrong_service_is_caught(verdicts: Verdicts, wrong: Wrong) -> None:
    require_caught(verdicts, WRONG, wrong)


def test_a_right_one_keeps_all_that_the_wrong_ones_break(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    right = [
        *(mail("right", one.promise, Post) for one in MAIL),
        *(passwords("right", one.promise, lambda: Bent(str)) for one in PASSWORDS),
        *(audio("right", one.promise, Waves) for one in AUDIO),
        *(identities("right", one.promise, Provided) for one in IDENTITIES),
    ]

    told = judged(right, tmp_path_factory.mktemp("right"))

    assert (told.failed, told.broken) == ({}, {})
    assert len(told.passed) == len(right)
