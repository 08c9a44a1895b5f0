"""Small judgements of what people type, shared by the entities."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from reviewcore.domain.errors import InvalidCountry, InvalidText, OutOfRange

COUNTRY_LENGTH = 2

# Unicode's categories Cc (but for line breaks and tabs) and Cs, and what turns the direction of the
# text that follows. Lone surrogates cannot be stored as UTF-8, NUL cannot be stored in PostgreSQL,
# and a turned text pretends to be another.
_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"
)


def require_text(field: str, text: str, *, longest: int, shortest: int = 1) -> str:
    """Return *text* stripped, with *shortest* to *longest* characters and no control characters.

    Line breaks and tabs are allowed inside. Raises InvalidText.
    """
    told = text.strip()
    if len(told) < shortest:
        reason = "is empty" if not told else f"has fewer than {shortest} characters"
        raise InvalidText(field=field, reason=reason)
    if len(told) > longest:
        raise InvalidText(field=field, reason=f"has more than {longest} characters")
    if _CONTROL.search(told):
        raise InvalidText(field=field, reason="holds a control character")
    return told


def require_line(field: str, text: str, *, longest: int, shortest: int = 1) -> str:
    """Return *text* as `require_text` does, on one line: it may stand in the subject of a mail.

    Raises InvalidText.
    """
    told = require_text(field, text, longest=longest, shortest=shortest)
    # All that mail software takes for the end of a header; control characters are refused above.
    if not set(told).isdisjoint("\n\r\t\u2028\u2029"):
        raise InvalidText(field=field, reason="holds a line break or a tab")
    return told


def as_line(text: str, *, longest: int) -> str:
    """Make of what others have written a line that `require_line` takes, if only an empty one."""
    words = _CONTROL.sub(" ", text).split()
    return " ".join(words)[:longest].strip()


def require_range(field: str, value: int, minimum: int, maximum: int) -> int:
    """Return *value* when it lies in *minimum* to *maximum*, both included. Raises OutOfRange."""
    if not minimum <= value <= maximum:
        raise OutOfRange(field=field, minimum=minimum, maximum=maximum)
    return value


def require_country(country: str) -> str:
    """Return *country* as two upper-case letters (ISO 3166 alpha-2 form). Raises InvalidCountry."""
    told = country.strip().upper()
    if len(told) != COUNTRY_LENGTH or not (told.isascii() and told.isalpha()):
        raise InvalidCountry(country=country[:8])
    return told


def day_start(at: datetime) -> datetime:
    """Tell when the UTC day of *at* began."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
