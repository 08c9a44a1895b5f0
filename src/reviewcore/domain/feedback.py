"""The structured form that a reviewer fills in, and what makes it substantial."""

from __future__ import annotations

from enum import StrEnum

import attrs

from reviewcore.domain.rules import MarketRules
from reviewcore.domain.texts import require_range, require_text
from reviewcore.domain.words import judge_words

SCORE_MAX = 5
TEXT_MAX = 5000
TIMESTAMPS_MAX = 30
NOTE_MAX = 240
MOMENT_MAX_SECONDS = 24 * 3600


class FirstImpression(StrEnum):
    """What the first half minute did."""

    STRONG_HOOK = "STRONG_HOOK"
    DECENT = "DECENT"
    LOST_INTEREST = "LOST_INTEREST"


class AddressedNote(StrEnum):
    """Whether the reviewer answered what the artist asked."""

    YES = "YES"
    PARTIALLY = "PARTIALLY"
    NO = "NO"


@attrs.frozen(kw_only=True)
class Feedback:
    """What the reviewer says. Scores run from 1 to 5; *vocal_score* is None for instrumentals.

    Moments are seconds from the start of the track.
    """

    first_impression: FirstImpression
    production_score: int
    originality_score: int
    vocal_score: int | None = None
    would_listen_again: bool = False
    would_add_to_playlist: bool = False
    would_share: bool = False
    would_follow: bool = False
    best_part: str
    best_part_timestamp: int | None = None
    weakest_part: str
    weakest_timestamp: int | None = None
    perceived_genre: str | None = None
    similar_artists: str | None = None
    additional_notes: str | None = None
    next_actions: str | None = None
    addressed_artist_note: AddressedNote | None = None

    def require_substance(self, rules: MarketRules) -> None:
        """Raise OutOfRange, InvalidText or FeedbackTooThin unless the form says something."""
        require_range("production_score", self.production_score, 1, SCORE_MAX)
        require_range("originality_score", self.originality_score, 1, SCORE_MAX)
        if self.vocal_score is not None:
            require_range("vocal_score", self.vocal_score, 1, SCORE_MAX)
        for field in ("best_part_timestamp", "weakest_timestamp"):
            moment = getattr(self, field)
            if moment is not None:
                require_range(field, moment, 0, MOMENT_MAX_SECONDS)
        for field in ("perceived_genre", "similar_artists", "additional_notes", "next_actions"):
            text = getattr(self, field)
            if text is not None:
                require_text(field, text, longest=TEXT_MAX, shortest=0)
        for field in ("best_part", "weakest_part"):
            text = require_text(field, getattr(self, field), longest=TEXT_MAX, shortest=0)
            judge_words(
                text,
                section=field,
                words_min=rules.words_min,
                unique_min=rules.words_unique_min,
                unique_percent_min=rules.words_unique_percent_min,
            )
