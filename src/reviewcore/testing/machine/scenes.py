"""Markets that are under way when a run begins, so that what comes late in a market is near."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from reviewcore.domain.rules import PackageType, Tier
from reviewcore.testing.machine.earning import Earning
from reviewcore.usecases import GrantTier, grant_tier


class Scene(StrEnum):
    """How far a market is when a run begins."""

    EMPTY = "EMPTY"
    QUEUED = "QUEUED"
    REVIEWED = "REVIEWED"
    EARNED = "EARNED"


# EMPTY     people alone.
# QUEUED    two tracks are paid for and assigned.
# REVIEWED  and their reviews delivered, as far as there were reviewers.
# EARNED    and some have accounts that can be paid, and work for an artist who reviews too.


class Scenes(Earning):
    """Plays a market to its scene."""

    def settle_in(self) -> None:
        """Populate the market and play it to the scene that was drawn."""
        super().settle_in()
        scene = Scene(self.scene)
        if scene is Scene.EMPTY:
            return
        self._promote()
        for which, package in enumerate((PackageType.STARTER, PackageType.STANDARD)):
            self.buy(which, package)
        self.run_pending()
        if scene is Scene.QUEUED:
            return
        for review in self.now.active:
            self.deliver(review)
        if scene is Scene.EARNED:
            for reviewer_id in self.reviewer_ids[:2]:
                self.make_payable(reviewer_id)
            self.assign(self.buy(2, PackageType.STARTER))

    def _promote(self) -> None:
        """Have one reviewer who fills PRO slots for a while."""
        command = GrantTier(
            reviewer_id=self.reviewer_ids[0],
            admin_id=self.admin,
            tier=Tier.PRO,
            until=self.clock() + timedelta(days=3),
            reason="a new market has no PRO",
        )
        self.perform(grant_tier, command)
