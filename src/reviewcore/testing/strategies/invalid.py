"""Commands with exactly one thing wrong, and the error that each must raise.

The rest of such a command is as `command` draws it. What is wrong is wrong in itself, whatever
the market: perform it where the command without the flaw would have been judged by the same line.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
from hypothesis import strategies as st

from reviewcore import usecases as u
from reviewcore.domain import errors as e
from reviewcore.domain.feedback import Feedback
from reviewcore.domain.money import Cents
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.testing.builders import some_feedback
from reviewcore.testing.strategies import values
from reviewcore.testing.strategies.commands import command

Error = type[e.ReviewcoreError]
Changes = dict[str, Any]
CONTROL = "\x00\x07\x1b\u202e\u2066"


@attrs.frozen(kw_only=True)
class Flawed:
    """A *command* whose *field* is wrong, so that performing it raises *error*."""

    command: Any
    field: str
    error: Error


@attrs.frozen
class Flaw:
    """A way for a field to be wrong: what it and what goes with it is, and the error."""

    changes: st.SearchStrategy[Changes]
    error: Error


def _flaw(error: Error, field: str, wrong: st.SearchStrategy[Any], **beside: Any) -> Flaw:
    return Flaw(wrong.map(lambda value: {field: value} | beside), error)


def _long(field: str, longest: int) -> Flaw:
    return _flaw(e.InvalidText, field, st.integers(longest + 1, longest + 9).map("x".__mul__))


def _controlled(field: str) -> Flaw:
    inside = st.sampled_from(CONTROL).map(lambda told: f"abc{told}def")
    return _flaw(e.InvalidText, field, inside)


def _empty(field: str, error: Error = e.InvalidText, **beside: Any) -> Flaw:
    return _flaw(error, field, st.sampled_from(("", " ", "\n\t ")), **beside)


def _broken_line(field: str) -> Flaw:
    return _flaw(e.InvalidText, field, st.sampled_from(("ab\ncd", "ab\rcd", "ab\u2028cd", "a\tb")))


def _line(field: str, longest: int) -> tuple[Flaw, ...]:
    return (_empty(field), _long(field, longest), _controlled(field), _broken_line(field))


def _optional_line(field: str, longest: int) -> tuple[Flaw, ...]:
    return (_long(field, longest), _controlled(field), _broken_line(field))


def _text(field: str, longest: int) -> tuple[Flaw, ...]:
    return (_empty(field), _long(field, longest), _controlled(field))


def _number(field: str, low: int, high: int, **beside: Any) -> tuple[Flaw, ...]:
    outside = st.integers(low - 99, low - 1) | st.integers(high + 1, high + 99)
    return (_flaw(e.OutOfRange, field, outside, **beside),)


def _reason(**beside: Any) -> tuple[Flaw, ...]:
    return (
        _empty("reason", e.ReasonRequired, **beside),
        _flaw(e.InvalidText, "reason", st.integers(1001, 1009).map("x".__mul__), **beside),
    )


WRONG_EMAILS = st.one_of(
    st.sampled_from(("", "ada", "@a.example", "ada@", "a@b@c.example", "a b@c.example")),
    st.sampled_from(("ada@localhost", "ada@10.0.0.1", "a..b@c.example", ".a@c.example")),
    values.emails().map(lambda email: email.replace("@", "\u200b@")),
    st.integers(255, 300).map(lambda length: "x" * length + "@a.example"),
)
WRONG_URLS = st.one_of(
    st.sampled_from(("", "http://soundcloud.com/a/b", "https://soundcloud.com/", "ftp://x/y")),
    st.sampled_from(("https://evil.example/track/1", "javascript:alert(1)", "soundcloud.com/a/b")),
    values.source_urls().map(lambda url: url.replace("https://", "https://me@")),
    values.source_urls().map(lambda url: f"{url}\\"),
    values.source_urls().map(lambda url: f" {url}"),
)

EMAIL = (_flaw(e.InvalidEmail, "email", WRONG_EMAILS),)
PASSWORD = (
    _flaw(e.InvalidPassword, "password", st.integers(0, 7).map("x".__mul__)),
    _flaw(e.InvalidPassword, "password", st.integers(257, 270).map("x".__mul__)),
)
URL = (_flaw(e.InvalidSourceUrl, "source_url", WRONG_URLS),)
UNKNOWN_GENRE = _flaw(
    e.UnknownGenre, "genres", values.genre_slugs(2, 2).map(lambda known: ("polka", *known))
)
TOKEN = (_flaw(e.InvalidToken, "token", values.tokens()),)


def _few_or_many(low: int, high: int) -> Flaw:
    few = values.genre_slugs(0, low - 1) if low else values.genre_slugs(0, 0)
    return _flaw(e.TooMany, "genres", few | values.genre_slugs(high + 1, high + 3))


TRACK = {
    "title": _line("title", 200),
    "source_url": URL,
    "genres": (UNKNOWN_GENRE, _few_or_many(1, 3)),
    "duration": _number("duration", 1, 6 * 3600),
    "feedback_focus": (_long("feedback_focus", 1000), _controlled("feedback_focus")),
}


def _thin(form: Feedback, **changes: Any) -> Changes:
    return {"feedback": attrs.evolve(form, **changes)}


def _feedback() -> tuple[Flaw, ...]:
    form = some_feedback()
    parts = st.sampled_from(("best_part", "weakest_part"))
    few, same = "too few words", "word " * 40
    wrong_scores = st.sampled_from((-1, 0, 6))
    scores = st.sampled_from(("production_score", "originality_score", "vocal_score"))
    moments = st.sampled_from(("best_part_timestamp", "weakest_timestamp"))
    remarks = st.sampled_from(("perceived_genre", "similar_artists", "next_actions"))
    return (
        Flaw(
            st.builds(lambda p, t: _thin(form, **{p: t}), parts, st.sampled_from((few, same))),
            e.FeedbackTooThin,
        ),
        Flaw(st.builds(lambda s, n: _thin(form, **{s: n}), scores, wrong_scores), e.OutOfRange),
        Flaw(moments.map(lambda moment: _thin(form, **{moment: -1})), e.OutOfRange),
        Flaw(remarks.map(lambda name: _thin(form, **{name: "x" * 5001})), e.InvalidText),
    )


def _timestamps() -> tuple[Flaw, ...]:
    return (
        _flaw(
            e.TooMany,
            "timestamps",
            st.integers(31, 33).map(lambda n: (u.Remark(seconds=1, note="x"),) * n),
        ),
        _flaw(
            e.OutOfRange,
            "timestamps",
            st.sampled_from((-1, 86_401)).map(lambda at: (u.Remark(seconds=at, note="x"),)),
        ),
        _flaw(
            e.InvalidText,
            "timestamps",
            st.sampled_from(("", "x" * 241)).map(lambda note: (u.Remark(seconds=1, note=note),)),
        ),
    )


QUIZ_ANSWERS = st.sampled_from(({}, {0: 0}, {0: 0, 1: 0, 2: 0, 3: 9}, {1: 0, 2: 0, 3: 0, 4: 0}))
ADMINS_REASON = {"reason": _reason()}

FLAWS: Mapping[type, Mapping[str, tuple[Flaw, ...]]] = MappingProxyType(
    {
        u.AnswerQuiz: {"answers": (_flaw(e.InvalidQuizAnswers, "answers", QUIZ_ANSWERS),)},
        u.CancelTrack: {"reason": _reason(artist_id=None)},
        u.CaptureLead: {
            "email": EMAIL,
            "artist_name": _optional_line("artist_name", 100),
            "source": _optional_line("source", 200),
        },
        u.ChangeEmail: {"email": EMAIL},
        u.CheckOut: {
            "promo_code": (
                _flaw(e.CreditAndCode, "promo_code", values.lines(9), use_free_credit=True),
                _flaw(
                    e.UnknownPromoCode,
                    "promo_code",
                    values.lines(9).map("no {}".format),
                    use_free_credit=False,
                ),
            )
        },
        u.CloseTrack: {"reason": _reason(artist_id=None)},
        u.CompleteReview: {"feedback": _feedback(), "timestamps": _timestamps()},
        u.ConfirmEmailAsAdmin: {"reason": (_long("reason", 1000), _controlled("reason"))},
        u.DismissFlag: ADMINS_REASON,
        u.GetFeedback: {
            "email": EMAIL,
            "password": PASSWORD,
            "name": _optional_line("name", 100),
            "artist_name": _line("artist_name", 100),
            **TRACK,
        },
        u.GrantFreeCredit: {"credits": _number("credits", 1, 100), **ADMINS_REASON},
        u.GrantTier: ADMINS_REASON,
        u.OpenArtistProfile: {
            "artist_name": _line("artist_name", 100),
            "genres": (UNKNOWN_GENRE,),
        },
        u.OpenReviewerProfile: {
            "genres": (UNKNOWN_GENRE, _few_or_many(3, 5)),
            "country": (
                _flaw(e.InvalidCountry, "country", st.sampled_from(("", "D", "DEU", "1A", "ÄÖ"))),
            ),
        },
        u.OpenTicket: {"subject": _line("subject", 120), "message": _text("message", 4000)},
        u.RateReview: {
            "rating": _number("rating", 1, 5),
            "reason": (
                _empty("reason", e.ReasonRequired, rating=1),
                _empty("reason", e.ReasonRequired, rating=2),
                _long("reason", 1000),
                _controlled("reason"),
            ),
        },
        u.ReplyToTicket: {"message": _text("message", 4000)},
        u.RequestPasswordReset: {"email": EMAIL},
        u.ResetPassword: {"password": PASSWORD, "token": TOKEN},
        u.ResolvePayout: ADMINS_REASON,
        u.RestrictReviewer: ADMINS_REASON,
        u.SettlePayout: {"reference": _line("reference", 200)},
        u.SettleRefund: {**ADMINS_REASON, "reference": _line("reference", 200)},
        u.SignUp: {"email": EMAIL, "password": PASSWORD, "name": _optional_line("name", 100)},
        u.StartUpload: {
            "filename": _line("filename", 255),
            "content_type": (
                _flaw(
                    e.UnknownAudioType,
                    "content_type",
                    st.sampled_from(("", "audio/midi", "text/html", "AUDIO/MPEG")),
                ),
            ),
            "content_length": _number("content_length", 1, 25 * 1024 * 1024),
        },
        u.SubmitTrack: TRACK,
        u.UnrestrictReviewer: ADMINS_REASON,
        u.UpdateSource: {"source_url": URL},
        u.UpholdFlag: ADMINS_REASON,
        u.VerifyEmail: {"token": TOKEN},
        u.Withdraw: {
            "amount": (
                _flaw(e.BelowMinimumPayout, "amount", values.cents(-5, 999)),
                _flaw(e.InsufficientBalance, "amount", st.just(Cents(10**9))),
            ),
            "destination": (
                _flaw(
                    e.DestinationRequired,
                    "destination",
                    st.sampled_from((None, "", " ")),
                    method=PayoutMethod.PAYPAL,
                    amount=None,
                ),
                _flaw(
                    e.InvalidText,
                    "destination",
                    st.sampled_from(("ab", "x" * 255, "a\nbcd")),
                    method=PayoutMethod.MANUAL,
                    amount=None,
                ),
            ),
        },
    }
)
"""What can be wrong with a command by itself, by its fields."""


def flawed_fields(kind: type) -> tuple[str, ...]:
    """Tell which fields of a command can be wrong by themselves; none of a command of ids."""
    return tuple(FLAWS.get(kind, {}))


@st.composite
def invalid_command(
    draw: st.DrawFn, /, kind: type, field: str | None = None, **given: Any
) -> Flawed:
    """Draw commands with one flaw, in *field* or any that can have one, and what they raise.

    *given* fields are as they are, but for the flaw and what it needs beside it.
    """
    name = field or draw(st.sampled_from(flawed_fields(kind)))
    flaw = draw(st.sampled_from(FLAWS[kind][name]))
    sound = draw(command(kind, **given))
    return Flawed(command=attrs.evolve(sound, **draw(flaw.changes)), field=name, error=flaw.error)
