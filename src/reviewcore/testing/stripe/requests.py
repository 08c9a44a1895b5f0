"""One request of the API, as its endpoint sees it."""

from __future__ import annotations

from typing import Any

import attrs

from reviewcore.testing.stripe.lists import within
from reviewcore.testing.stripe.world import Json, World


@attrs.frozen(kw_only=True)
class Request:
    """What is asked: *params* read by the endpoint's shape, *ids* from the path, in order.

    *account* is the one that acts: the platform, or the one that `Stripe-Account` names.
    """

    path: str
    ids: tuple[str, ...]
    params: dict[str, Any]
    account: str

    def recent(self, world: World, noun: str) -> list[Json]:
        """List the account's objects of a kind that were created within the range asked for."""
        bounds = self.params.get("created")
        return [
            made
            for made in world.all(noun, account=self.account)
            if within(made["created"], bounds)
        ]

    def matches(self, made: Json, *names: str) -> bool:
        """Tell whether these fields are as the parameters of the same names want them."""
        return all(self.params.get(name, made[name]) == made[name] for name in names)
