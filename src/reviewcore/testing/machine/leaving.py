"""People ask what is held about them, and leave for good."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import CannotLeave, EmailNotVerified, EntityNotFound, WrongCredentials
from reviewcore.domain.flags import FlagStatus
from reviewcore.domain.ids import TrackId, UserId
from reviewcore.domain.money import Cents
from reviewcore.domain.refunds import OWED
from reviewcore.domain.reviews import Review, ReviewStatus
from reviewcore.domain.rules import PackageType
from reviewcore.domain.support import TicketStatus
from reviewcore.ports.identities import Identity
from reviewcore.testing.auditing.snapshot import Snapshot
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.banking import PARTS
from reviewcore.testing.machine.choosing import named, pick, require_slip
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import PASSWORD, SLIPS, WHICH, Slip
from reviewcore.testing.machine.uploading import Uploading
from reviewcore.usecases import (
    CloseTrack,
    EraseUser,
    ExportUser,
    LinkAccount,
    OpenTicket,
    SendRefund,
    SignIn,
    StartUpload,
    close_track,
    erase_user,
    export_user,
    link_account,
    open_ticket,
    send_refund,
    sign_in,
    start_upload,
)

LEFTOVERS = st.sampled_from(("nothing", "a track", "an upload", "a ticket", "work"))
"""What somebody has when he leaves, and which does not hold him."""


class Leaving(Uploading):
    """Section 9 of the domain: who may leave, what is forgotten, and what stays."""

    def leave(self, user_id: UserId, *, forfeits: bool) -> bool:
        """Have a user leave, if nothing holds him; tell whether he has."""
        before = self.now
        answer = self.perform(erase_user, EraseUser(user_id=user_id, forfeit_balance=forfeits))
        balance, ties = _balance(before, user_id), _ties(before, user_id, self)
        held = any(ties.values()) or (balance < 0 if forfeits else balance != 0)
        if isinstance(answer, Refusal):
            assert answer.kind is CannotLeave, answer.kind.__name__
            extras: dict[str, Any] = answer.extras
            told = {name: set(extras[name]) for name in ties}
            assert (held, told) == (True, ties), f"held by {told}, not by {ties}"
            return False
        assert not held, f"{user_id} has left in spite of {balance} and {ties}"
        artists = {one.id for one in before.view.artists if one.user_id == user_id}
        reviewers = {one.id for one in before.view.reviewers if one.user_id == user_id}
        self.forget_keys({user_id, *artists, *reviewers})
        self._require_gone(before, user_id)
        again = self.perform(erase_user, EraseUser(user_id=user_id))
        assert again == answer, "a repeat changes nothing"
        return True

    def _require_gone(self, before: Snapshot, user_id: UserId) -> None:
        """Demand that what is his own is forgotten and what others need is as it was."""
        was, now = before.user[user_id], self.now
        nobody = attrs.evolve(was, email=f"erased:{user_id}", password=None, name="", country=None)
        gone = attrs.evolve(nobody, email_verified=None, erased_at=self.clock())
        assert now.user[user_id] == gone
        theirs = (*now.sessions, *now.tokens, *now.accounts)
        assert not [one for one in theirs if one.user_id == user_id]
        assert all(one.outlasts_him for one in now.marks if one.user_id == user_id)
        assert not [one for one in now.leads if one.email == was.email]
        tickets = {one.id for one in now.tickets if one.user_id == user_id}
        told = {(one.status, one.subject) for one in now.tickets if one.id in tickets}
        assert told <= {(TicketStatus.CLOSED, "")}
        assert not [one for one in now.messages if one.ticket_id in tickets and one.body]
        assert now.delivered == before.delivered, "what was delivered stays as it is"
        for reviewer in (one for one in now.view.reviewers if one.user_id == user_id):
            assert (reviewer.pending_balance, reviewer.genres, reviewer.country) == (0, (), "")
            assert not [one for one in now.active if one.reviewer_id == reviewer.id]
        for artist in (one for one in now.view.artists if one.user_id == user_id):
            assert (artist.artist_name, artist.genres) == ("", ())

    def may_be_missed(self, user_id: UserId) -> bool:
        """Whether the market of this run goes on without him: somebody must judge and submit."""
        mine = {one.id for one in self.now.view.artists if one.user_id == user_id}
        return user_id != self.admin and bool(set(self.verified_artists()) - mine)

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    def export(self, user_id: UserId) -> str:
        """Ask what is held about a user, who is there; it holds him, and no secret of his."""
        answer = self.ask(export_user, ExportUser(user_id=user_id))
        told = json.dumps(answer)
        now, user = self.now, self.now.user[user_id]
        theirs = (*now.sessions, *now.tokens)
        secrets = [user.password, *(one.token_hash for one in theirs if one.user_id == user_id)]
        assert not [one for one in secrets if one and one in told], "a secret is told"
        assert user.email in told
        return told

    @precondition(when.is_plain)
    @rule(which=WHICH, slip=SLIPS)
    def a_person_asks_what_is_held(self, *, which: int, slip: Slip) -> None:
        user = pick(which, self.now.users)
        if slip is Slip.UNKNOWN:
            answer = self.ask(export_user, ExportUser(user_id=named(slip, user.id)))
            require_slip(slip, answer, foreign=EntityNotFound)
        else:
            self.export(user.id)

    # ── leaving ──────────────────────────────────────────────────────────────────────────────

    @precondition(when.is_quiet)
    @rule(which=WHICH, slip=SLIPS, forfeits=st.booleans())
    def a_person_wants_to_leave(self, *, which: int, slip: Slip, forfeits: bool) -> None:
        everybody = self.now.users if slip is Slip.STALE else self.now.present
        user = pick(which, everybody)
        if slip is Slip.UNKNOWN:
            answer = self.perform(erase_user, EraseUser(user_id=named(slip, user.id)))
            require_slip(slip, answer, foreign=EntityNotFound)
        elif user.erased_at is not None:
            before = self.now
            self.perform(erase_user, EraseUser(user_id=user.id, forfeit_balance=forfeits))
            assert self.now == before, "who has left cannot leave once more"
        elif self.may_be_missed(user.id):
            self.leave(user.id, forfeits=forfeits)

    @precondition(when.newcomers_may_come)
    @rule(which=WHICH, leftover=LEFTOVERS, told=st.booleans())
    def a_newcomer_comes_and_leaves(self, *, which: int, leftover: str, told: bool) -> None:
        email = self.fresh_email()
        user_id = self.newcomer(email)
        self.become_artist(user_id)
        self.commands += 1
        elsewhere = Identity(
            provider="peer",
            subject=f"subject{self.commands}",
            email=email,
            email_verified=True,
            name="Sam",
        )
        self.perform(link_account, LinkAccount(user_id=user_id, identity=elsewhere))
        self._begin(user_id, leftover, which)
        assert email in self.export(user_id)
        if not self.leave(user_id, forfeits=True):
            return
        assert email not in self.export(user_id), "his address is still held"
        answer = self.drive(sign_in, SignIn(email=email, password=PASSWORD))
        assert isinstance(answer, Refusal)
        assert answer.kind is WrongCredentials
        if told:
            self.mailed()
        if leftover == "a track":
            self.newcomer(email)
            self.reached("an address comes again")

    def _begin(self, user_id: UserId, leftover: str, which: int) -> None:
        """Have him begin something that ends with him."""
        artist_id = next(one.id for one in self.now.view.artists if one.user_id == user_id)
        match leftover:
            case "a track":
                self.submitted(self.verified_artists().index(artist_id), PackageType.STARTER)
            case "an upload":
                upload = self.upload(artist_id)
                self.put(upload, "music")
            case "a ticket":
                command = OpenTicket(user_id=user_id, subject="My track", message="Where is it?")
                self.perform(open_ticket, command)
            case "work":
                reviewer_id = self.become_reviewer(user_id)
                self.clock.advance(hours=24)
                if when.tracks_are_welcome(self):
                    self.assign(self.buy(which, PackageType.STARTER))
                if any(one.reviewer_id == reviewer_id for one in self.now.active):
                    self.reached("somebody leaves in the middle of work")

    @precondition(when.is_quiet)
    @precondition(when.there_are_deliveries)
    @rule(which=WHICH, forfeits=sayings.mostly(True, False))  # noqa: FBT003 - drawn
    def a_reviewer_delivers_and_leaves(self, *, which: int, forfeits: bool) -> None:
        review = pick(which, self.now.delivered)
        user_id = self.now.reviewer[review.reviewer_id].user_id
        if self.now.user[user_id].erased_at is not None or not self.may_be_missed(user_id):
            return
        window = timedelta(days=self.rules_in_force.flag_window_days)
        if review.ended_at is not None and self.clock() <= review.ended_at + window:
            self.clock.advance(seconds=window.total_seconds() + 1)
        if self.leave(user_id, forfeits=forfeits):
            self.reached("a reviewer delivers and leaves")

    @precondition(when.something_was_paid)
    @rule(which=WHICH, part=PARTS, won=st.booleans())
    def a_payer_wants_to_leave_in_his_dispute(
        self, *, which: int, part: Cents | None, won: bool
    ) -> None:
        external_id = self._leave_in_a_dispute(which, part)
        if external_id is not None:
            self.decide(external_id, won=won)
            self.hear_all()

    def _leave_in_a_dispute(self, which: int, part: Cents | None) -> str | None:
        """Have a payer who waits for nothing else, if it can be, want to leave in a dispute."""
        paid = pick(which, self.books.paid()[::-1])
        track = self.now.track[TrackId(paid.track_id)]
        close = CloseTrack(track_id=track.id, admin_id=self.admin, reason="enough")
        self.perform(close_track, close)
        for refund in self.now.view.refunds:
            if refund.track_id == track.id and not refund.is_final:
                self.drive(send_refund, SendRefund(refund_id=refund.id))
        external_id = self.dispute(paid.payment_id, part)
        if external_id is None:
            return None
        self.hear_all()
        user_id = self.now.artist[track.artist_id].user_id
        is_here = self.now.user[user_id].erased_at is None
        if is_here and self.may_be_missed(user_id) and not self.leave(user_id, forfeits=True):
            self.reached("somebody wants to leave in a dispute")
        return external_id

    def settle_outside(self) -> None:
        """Dispute once more, so that there is a dispute in almost every market."""
        if when.something_was_paid(self):
            self._leave_in_a_dispute(0, None)
        super().settle_outside()

    @precondition(when.somebody_has_left)
    @rule(which=WHICH)
    def who_has_left_comes_by(self, *, which: int) -> None:
        gone = [one for one in self.now.users if one.erased_at is not None]
        user = pick(which, gone)
        ask = OpenTicket(user_id=user.id, subject="My track", message="Where is it?")
        answer = self.perform(open_ticket, ask)
        assert isinstance(answer, Refusal)
        assert answer.kind is EntityNotFound
        for artist in [one for one in self.now.view.artists if one.user_id == user.id]:
            command = StartUpload(
                artist_id=artist.id, filename="x.mp3", content_type="audio/mpeg", content_length=5
            )
            answer = self.perform(start_upload, command)
            assert isinstance(answer, Refusal)
            assert answer.kind is EmailNotVerified


def _balance(snapshot: Snapshot, user_id: UserId) -> int:
    return sum(one.pending_balance for one in snapshot.view.reviewers if one.user_id == user_id)


def _ties(snapshot: Snapshot, user_id: UserId, machine: Leaving) -> dict[str, set[str]]:
    """Tell what holds a user besides his balance, from the whole market at once."""
    view = snapshot.view
    artists = {one.id for one in view.artists if one.user_id == user_id}
    mine = {one.id for one in view.reviewers if one.user_id == user_id}
    tracks = {one.id for one in view.tracks if one.artist_id in artists}
    reviews = [one for one in view.reviews if one.reviewer_id in mine]
    return {
        "tracks": {one.id for one in snapshot.live if one.id in tracks},
        "attempts": {one.id for one in snapshot.pending if one.track_id in tracks},
        "refunds": {
            one.id for one in view.refunds if one.track_id in tracks and one.status in OWED
        },
        "disputes": {one.id for one in view.disputes if one.track_id in tracks and one.is_open},
        "payouts": {one.id for one in view.payouts if one.reviewer_id in mine and not one.is_final},
        "flaggable_reviews": {one.id for one in reviews if _can_be_flagged(one, machine)},
        "flagged_reviews": {one.id for one in reviews if one.flag_status is FlagStatus.OPEN},
    }


def _can_be_flagged(review: Review, machine: Leaving) -> bool:
    if review.status is not ReviewStatus.COMPLETED or review.flag_status is not None:
        return False
    assert review.ended_at is not None, "it was completed once"
    window = timedelta(days=machine.rules_in_force.flag_window_days)
    return machine.clock() <= review.ended_at + window
