"""Whether a piece of feedback says enough to be worth paying for.

A word is

- a run of letters, digits and their marks in any script, apostrophes inside included
  (`don't`, `l'intro`). A hyphen ends a word: `low-end` is two. Punctuation, symbols and emoji are
  none. Invisible characters are read as if they were absent, so they can neither split a word nor
  make it a new one; or
- one letter of a script that is written without spaces: Chinese and Japanese characters, kana,
  Thai, Lao, Khmer, Burmese. Finding their words takes a dictionary. Counting letters is generous
  (a Chinese word has one or two), counting runs would refuse every honest sentence as one word,
  and generous is right for a floor. Korean has spaces and is counted by them.

Two words are the same when they differ in case, width, composition or the style of the apostrophe.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain
from typing import Final

from reviewcore.domain.errors import FeedbackTooThin

# Myanmar, Thai, Lao, Khmer, iteration marks and ideographic zero, kana, Han with its extensions.
_UNSPACED: Final = (
    "\u1000-\u109f\u0e00-\u0eff\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_LETTER: Final = re.compile(f"[{_UNSPACED}]")

# A word starts with a letter or digit: a mark alone (an emoji's variation selector) is no word.
_WORD_START: Final = rf"[^\W_{_UNSPACED}]"
_WORD_REST: Final = rf"[^\s'{_UNSPACED}]"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|{_WORD_START}{_WORD_REST}*(?:'{_WORD_REST}+)*")


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of the text in order, folded so that equal words are equal strings."""
    told = _told_plainly(text) if text.isascii() else _folded(text)
    if not told.isascii():
        return tuple(_WORD.findall(told))
    # Most text is plain English, and to split it costs a tenth of searching it.
    runs = told.split()
    if "'" not in told:
        return tuple(runs)
    found = (_WORD.findall(run) if "'" in run else (run,) for run in runs)
    return tuple(chain.from_iterable(found))


def judge_words(
    text: str, *, section: str, words_min: int, unique_min: int, unique_percent_min: int
) -> None:
    """Refuse a section that has too few words, too few different ones, or mostly repeats.

    The first floor missed is the one reported. `unique_percent_min` compares exactly (20 different
    of 67 words miss 30); the reported percentage is rounded down.

    Raises FeedbackTooThin.
    """
    words = words_of(text)
    unique = len(set(words))

    if len(words) < words_min:
        raise FeedbackTooThin(section=section, reason="words", minimum=words_min, actual=len(words))
    if unique < unique_min:
        raise FeedbackTooThin(
            section=section, reason="different words", minimum=unique_min, actual=unique
        )
    if unique * 100 < unique_percent_min * len(words):
        raise FeedbackTooThin(
            section=section,
            reason="percent different words",
            minimum=unique_percent_min,
            actual=unique * 100 // len(words),
        )


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text.casefold()).replace("\u2019", "'")
    return folded.translate(_READABLE)


def _told_plainly(text: str) -> str:
    """Do as `_folded` does to ASCII, at a fifth of the cost."""
    return text.encode().translate(_READABLE_ASCII).decode()


def _readable(character: str) -> str:
    """Keep what words are made of, drop what cannot be seen, and turn the rest into a space."""
    kind = unicodedata.category(character)
    if kind == "Cf":
        return ""
    # Vowel and tone signs belong to the letter that was already counted.
    if kind[0] == "M" and _UNSPACED_LETTER.match(character):
        return ""
    return character if kind[0] in "LMN" or character == "'" else " "


class _Readable(dict[int, str]):
    """What `_readable` makes of each code point, worked out when first met.

    Feedback is judged inside a transaction, and asking the Unicode tables about every letter took
    a third of its time. What is kept ends with the scripts of most text, so it stays small.
    """

    def __missing__(self, code: int) -> str:
        told = _readable(chr(code))
        if code < KEPT_BELOW:
            self[code] = told
        return told


KEPT_BELOW: Final = 0x3000
_READABLE: Final = _Readable()

# By byte, for `bytes.translate`; each character of ASCII is read as exactly one.
_READABLE_ASCII: Final = "".join(_readable(chr(code)).lower() for code in range(128)).encode() * 2
