"""What reviewers write."""

from __future__ import annotations

import attrs

from reviewcore.domain.feedback import Feedback, FirstImpression
from reviewcore.testing.simulator.dice import Dice

BEST = (
    "The transition into the second chorus lands because the drums leave a bar of air before the "
    "bass returns, and the vocal doubles exactly where the melody climbs, so the lift feels earned "
    "and not merely loud"
)
WEAKEST = (
    "The introduction takes too long to state its idea: sixteen bars of pad without movement ask "
    "for patience that the hook has not bought yet, and the low end masks the kick until a filter "
    "finally opens up"
)
GOOD = Feedback(
    first_impression=FirstImpression.DECENT,
    production_score=4,
    originality_score=4,
    best_part=BEST,
    weakest_part=WEAKEST,
)
THIN = attrs.evolve(GOOD, best_part="nice beat", weakest_part="nothing")

BEST_SCORE = 5
LIKED = 4


def feedback_of(quality: float, dice: Dice) -> Feedback:
    """Write a form that says enough, with scores of somebody who cares so much."""
    return attrs.evolve(
        GOOD,
        first_impression=dice.choice(tuple(FirstImpression)),
        production_score=1 + dice.below(BEST_SCORE),
        originality_score=1 + dice.below(BEST_SCORE),
        would_listen_again=quality >= LIKED,
    )
