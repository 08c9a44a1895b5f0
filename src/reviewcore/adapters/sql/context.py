"""What one transaction knows besides the database: its instant, its rules, who acts."""

from __future__ import annotations

from datetime import datetime

import attrs

from reviewcore.domain.rules import MarketRules
from reviewcore.sources import Ids, Tokens


@attrs.frozen(kw_only=True)
class Context:
    """The circumstances of one transaction."""

    now: datetime
    rules: MarketRules
    actor: str
    new_id: Ids
    new_token: Tokens
