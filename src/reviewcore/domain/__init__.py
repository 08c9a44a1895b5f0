"""The market's nouns and rules: pure values, no clock, no storage, no network."""

from reviewcore.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    ReviewcoreError,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from reviewcore.domain.ids import SYSTEM
from reviewcore.domain.money import Cents
from reviewcore.domain.rules import MarketRules, Package, PackageType, Tier, rules_from

__all__ = [
    "SYSTEM",
    "Cents",
    "Conflict",
    "Forbidden",
    "Invalid",
    "MarketRules",
    "NotFound",
    "Package",
    "PackageType",
    "Refused",
    "ReviewcoreError",
    "Throttled",
    "Tier",
    "Unauthenticated",
    "Unavailable",
    "rules_from",
]
