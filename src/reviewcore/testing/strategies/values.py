"""Values of every type that the market knows, each valid by construction.

They shrink towards what is short and plain: id 1, `START`, a single letter. What people type may
have any letter and be as long as is allowed.
"""

from __future__ import annotations

import base64
import string
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from reviewcore.domain.emails import normalise_email
from reviewcore.domain.feedback import (
    MOMENT_MAX_SECONDS,
    SCORE_MAX,
    AddressedNote,
    Feedback,
    FirstImpression,
)
from reviewcore.domain.genres import CATALOGUE
from reviewcore.domain.ids import GenreId
from reviewcore.domain.links import SourceType
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules
from reviewcore.domain.users import PASSWORD_MAX, PASSWORD_MIN
from reviewcore.testing.builders.fields import ID_LENGTH
from reviewcore.testing.clock import START

LETTERS = string.ascii_lowercase
NAMES = string.ascii_letters + string.digits + "_-"
YEAR = timedelta(days=365)
SHORT = 24
"""Letters of most texts; some are as long as is allowed."""

DEFAULT_RULES = MarketRules()

# No control, format, surrogate or unassigned character, and no space that `strip` would take.
_VISIBLE = st.characters(exclude_categories=("C", "Z"))


def ids(kind: str) -> st.SearchStrategy[Any]:
    """Draw ids as long as a store's that begin with *kind*; they shrink to number 1."""
    return st.integers(1, 10**6).map(lambda n: f"{kind}{n:0{ID_LENGTH - len(kind)}d}")


def cents(least: int = 1, most: int = 1_000_000) -> st.SearchStrategy[Cents]:
    """Draw amounts from *least* to *most*, both included."""
    return st.integers(least, most).map(Cents)


def times(*, since: datetime = START, within: timedelta = YEAR) -> st.SearchStrategy[datetime]:
    """Draw times in UTC, to the microsecond, from *since* on."""
    most = within // timedelta(microseconds=1)
    return st.integers(0, most).map(lambda passed: since + timedelta(microseconds=passed))


def lines(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """Draw stripped texts on one line of *shortest* to *longest* characters."""
    return _texts(_VISIBLE | st.just(" "), longest=longest, shortest=shortest)


def texts(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """Draw stripped texts, line breaks and tabs inside, of *shortest* to *longest* characters."""
    return _texts(_VISIBLE | st.sampled_from(" \n\t"), longest=longest, shortest=shortest)


def _texts(
    alphabet: st.SearchStrategy[str], *, longest: int, shortest: int
) -> st.SearchStrategy[str]:
    most = max(shortest, min(SHORT, longest))
    short = st.text(alphabet, min_size=shortest, max_size=most).map(_edged)
    return _or_longest(short, longest)


def _or_longest(short: st.SearchStrategy[str], longest: int) -> st.SearchStrategy[str]:
    # Not a union: its shorter half, which draws nothing, would be what everything shrinks to.
    return st.builds(lambda told, is_long: "x" * longest if is_long else told, short, st.booleans())


def _edged(text: str) -> str:
    """Put letters in the place of outer white space, so that nothing is left to strip."""
    head, tail = len(text) - len(text.lstrip()), len(text.rstrip())
    return "x" * head + text[head:tail] + "x" * (len(text) - max(head, tail))


def emails() -> st.SearchStrategy[str]:
    """Draw addresses in the one spelling that is stored."""
    atoms = st.text(LETTERS + string.digits + "_+-", min_size=1, max_size=8)
    local = st.lists(atoms, min_size=1, max_size=3).map(".".join)
    hosts = st.sampled_from(("a.example", "mail.example.org", "gmail.com", "googlemail.com"))
    return st.builds("{}@{}".format, local, hosts)


def typed_emails() -> st.SearchStrategy[str]:
    """Draw addresses as people type them: any case, space around them, international domains."""
    spellings = st.sampled_from(
        (str, str.upper, str.title, "  {} ".format, lambda _: "ada@bücher.example")
    )
    return st.builds(lambda email, spell: spell(email), emails(), spellings)


def normalised_emails() -> st.SearchStrategy[str]:
    """Draw addresses as they come out of what people type."""
    return typed_emails().map(normalise_email)


def passwords() -> st.SearchStrategy[str]:
    """Draw passwords of 8 to 256 characters."""
    letters = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn"))
    return _or_longest(st.text(letters, min_size=PASSWORD_MIN, max_size=12), PASSWORD_MAX)


def tokens() -> st.SearchStrategy[str]:
    """Draw texts of 256 bits, as tokens are."""
    bits = st.binary(min_size=32, max_size=32)
    return bits.map(lambda told: base64.urlsafe_b64encode(told).decode().rstrip("="))


def countries() -> st.SearchStrategy[str]:
    """Draw ISO 3166 codes by their form: two capitals."""
    return st.text(string.ascii_uppercase, min_size=2, max_size=2)


def currencies() -> st.SearchStrategy[str]:
    """Draw ISO 4217 codes by their form: three small letters."""
    return st.sampled_from(("usd", "eur")) | st.text(LETTERS, min_size=3, max_size=3)


def genre_slugs(least: int = 1, most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw *least* to *most* different slugs of the built-in catalogue."""
    slugs = st.sampled_from([genre.slug for genre in CATALOGUE])
    return st.lists(slugs, min_size=least, max_size=most, unique=True).map(tuple)


def genre_ids(least: int = 1, most: int = 3) -> st.SearchStrategy[tuple[GenreId, ...]]:
    """Draw *least* to *most* different genres of the built-in catalogue."""
    return genre_slugs(least, most).map(lambda slugs: tuple(map(GenreId, slugs)))


SHAPES: tuple[tuple[SourceType, str], ...] = (
    (SourceType.SOUNDCLOUD, "https://soundcloud.com/{}/{}"),
    (SourceType.SOUNDCLOUD, "https://m.soundcloud.com/{}/{}"),
    (SourceType.BANDCAMP, "https://{}.bandcamp.com/track/{}"),
    (SourceType.YOUTUBE, "https://www.youtube.com/watch?list={}&v={}"),
    (SourceType.YOUTUBE, "https://youtu.be/{}{}"),
    (SourceType.YOUTUBE, "https://m.youtube.com/shorts/{}{}"),
)


def sources() -> st.SearchStrategy[tuple[SourceType, str]]:
    """Draw links to tracks with the platforms that play them."""
    host = st.text(LETTERS + string.digits, min_size=1, max_size=12)
    name = st.text(NAMES, min_size=1, max_size=12)
    return st.builds(
        lambda shape, of, named: (shape[0], shape[1].format(of, named)),
        st.sampled_from(SHAPES),
        host,
        name,
    )


def source_urls() -> st.SearchStrategy[str]:
    """Draw links to tracks that can be reviewed."""
    return sources().map(lambda source: source[1])


_TALK = """
the bass line enters after first break carries whole song answers voice with rhythm leaves enough
room for drums breathe until last chorus melody arrangement keeps listeners
"""
WORDS = tuple(_TALK.split())


def _word(number: int) -> str:
    again, which = divmod(number, len(WORDS))
    return WORDS[which] if not again else f"{WORDS[which][:3]}{again}x{which}"


@st.composite
def sections(draw: st.DrawFn, rules: MarketRules = DEFAULT_RULES) -> str:
    """Draw what says enough under *rules*: enough words, of which enough are different."""
    count = max(rules.words_min, rules.words_unique_min) + draw(st.integers(0, 12))
    share = -(-count * rules.words_unique_percent_min // 100)
    least = max(rules.words_unique_min, share, min(count, 1))
    unique = draw(st.integers(least, count)) if count else 0
    repeats = [draw(st.integers(0, unique - 1)) for _ in range(min(count - unique, 8))]
    repeats += [0] * (count - unique - len(repeats))
    told = [_word(number) for number in (*range(unique), *repeats)]
    return draw(st.sampled_from((" ", ", ", "\n"))).join(told)


def moments() -> st.SearchStrategy[int]:
    """Draw seconds from the start of a track."""
    return st.integers(0, MOMENT_MAX_SECONDS)


def scores() -> st.SearchStrategy[int]:
    """Draw 1 to 5."""
    return st.integers(1, SCORE_MAX)


def feedback(rules: MarketRules = DEFAULT_RULES) -> st.SearchStrategy[Feedback]:
    """Draw forms that say enough to be paid under *rules*."""
    remark = st.none() | texts(200, 0)
    return st.builds(
        Feedback,
        first_impression=st.sampled_from(FirstImpression),
        production_score=scores(),
        originality_score=scores(),
        vocal_score=st.none() | scores(),
        would_listen_again=st.booleans(),
        would_add_to_playlist=st.booleans(),
        would_share=st.booleans(),
        would_follow=st.booleans(),
        best_part=sections(rules),
        best_part_timestamp=st.none() | moments(),
        weakest_part=sections(rules),
        weakest_timestamp=st.none() | moments(),
        perceived_genre=remark,
        similar_artists=remark,
        additional_notes=remark,
        next_actions=remark,
        addressed_artist_note=st.none() | st.sampled_from(AddressedNote),
    )
