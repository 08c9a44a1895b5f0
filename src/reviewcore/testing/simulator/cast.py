"""Everybody who takes part, and who knows whom."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from reviewcore.adapters.memory.work import Change
from reviewcore.domain.ids import ArtistId, ReviewerId, ReviewId
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.testing.simulator.artists import PublishingArtist
from reviewcore.testing.simulator.dice import Dice
from reviewcore.testing.simulator.operator import Operator
from reviewcore.testing.simulator.personas import Artist, Persona, Reviewer
from reviewcore.testing.simulator.reviewers import WorkingReviewer
from reviewcore.testing.simulator.stage import Stage


class Cast:
    """The people of a market, made of *personas*."""

    def __init__(self, stage: Stage, personas: Sequence[Persona], dice: Dice) -> None:
        self._stage = stage
        self.operator = Operator(stage, dice.fork(), worth=self.worth)
        self.reviewers: list[WorkingReviewer] = []
        self.artists: list[PublishingArtist] = []
        for persona in personas:
            for number in range(1, persona.count + 1):
                if isinstance(persona, Reviewer):
                    self.reviewers.append(WorkingReviewer(stage, persona, number, dice.fork()))
                else:
                    self.artists.append(self._artist(persona, number, dice.fork()))
        self._by_reviewer: dict[ReviewerId, WorkingReviewer] = {}
        self._by_artist: dict[ArtistId, PublishingArtist] = {}
        self._personas: dict[str, str] = {}
        for reviewer in self.reviewers:
            reviewer.when_ready = partial(self._meet_reviewer, reviewer)
            for friend in dice.sample(self.artists, reviewer.persona.friends):
                friend.friends.append(reviewer)
        for artist in self.artists:
            artist.when_ready = partial(self._meet_artist, artist)
        stage.world.watchers.append(self._watch)

    def begin(self) -> None:
        """Have everybody come, some day."""
        self.operator.begin()
        for person in (*self.reviewers, *self.artists):
            person.come()

    def worth(self, review_id: ReviewId) -> float | None:
        """Tell what a review is worth to most people, from 1 to 5."""
        review = self._stage.live.review[review_id]
        return self._by_reviewer[review.reviewer_id].quality.get(review_id)

    def persona_of(self, profile_id: str) -> str | None:
        """Tell what kind of artist or reviewer somebody is; None before he is ready."""
        return self._personas.get(profile_id)

    def _artist(self, persona: Artist, number: int, dice: Dice) -> PublishingArtist:
        return PublishingArtist(self._stage, persona, number, dice, worth=self.worth)

    def _meet_reviewer(self, reviewer: WorkingReviewer, reviewer_id: ReviewerId) -> None:
        self._by_reviewer[reviewer_id] = reviewer
        self._personas[reviewer_id] = reviewer.persona_name
        if reviewer.persona.vouched:
            self.operator.vouch(reviewer_id)

    def _meet_artist(self, artist: PublishingArtist, artist_id: ArtistId) -> None:
        self._by_artist[artist_id] = artist
        self._personas[artist_id] = artist.persona_name

    def _watch(self, changes: Sequence[Change]) -> None:
        """Have artists find what was delivered."""
        for kind, key, before, after in changes:
            if kind is not Review or before is None or after is None:
                continue
            if before.status is not ReviewStatus.COMPLETED is after.status:
                artist = self._by_artist.get(after.artist_id)
                if artist is not None:
                    artist.unread.append(key)
