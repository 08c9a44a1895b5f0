"""Artists submit, pay, cancel, close and mend."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.adapters.sandbox import PayerOutcome
from reviewcore.domain.errors import NotYourTrack
from reviewcore.domain.ids import ArtistId, TrackId
from reviewcore.domain.rules import PackageType
from reviewcore.domain.tracks import Track
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.choosing import actor, named, pick, require_slip
from reviewcore.testing.machine.lanes import Lane, Refusal
from reviewcore.testing.machine.people import People
from reviewcore.testing.machine.sayings import NOBODY, SLIPS, WHICH, Slip
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    CloseTrack,
    ConfirmPayment,
    ExpireCheckout,
    GrantFreeCredit,
    OpenCheckout,
    SendRefund,
    SubmitTrack,
    UpdateSource,
    cancel_track,
    check_out,
    close_track,
    confirm_payment,
    expire_checkout,
    grant_free_credit,
    open_checkout,
    send_refund,
    submit_track,
    update_source,
)

LINK = "https://soundcloud.com/the-samples/first-light"
CODES = st.sampled_from((None, "welcome", "welcome", "LAUNCH ", "PIRATE"))
OFFERS: st.SearchStrategy[tuple[bool, str | None]] = st.sampled_from(
    ((True, None), (True, None), (False, "welcome"), (False, "LAUNCH "), (False, "PIRATE"))
)
"""Whether a free credit is to be used, and a promo code."""

PACKAGES = st.sampled_from(PackageType)
ADMINS = sayings.mostly(False, True)  # noqa: FBT003 - drawn: whether he acts for himself


class Buying(People):
    """Tracks and the money for them."""

    @property
    def artist_ids(self) -> list[ArtistId]:
        """Every artist there is."""
        return [one.id for one in self.now.view.artists]

    def submitted(self, which: int, package: PackageType) -> TrackId:
        """Submit a track as an artist whose address is verified."""
        users = self.now.user
        artists = [one for one in self.now.view.artists if users[one.user_id].email_verified]
        command = SubmitTrack(
            artist_id=pick(which, artists).id,
            title="First Light",
            source_url=LINK,
            genres=("house",),
            package_type=package,
        )
        return TrackId(self.perform(submit_track, command).id)

    def play_payer(self, attempt_id: str, outcome: PayerOutcome) -> None:
        """Play the payer, if the bank has a session for the attempt."""

        def play(lane: Lane) -> object:
            found = lane.processor.payments.find_session(attempt_id)
            session = getattr(found, "view", None)
            return session and lane.processor.players.play_payer(session.session_id, outcome)

        self.act(play, told=f"the payer of {attempt_id} does {outcome}")

    # ── submitting and paying ────────────────────────────────────────────────────────────────

    @precondition(when.is_plain)
    @precondition(when.tracks_are_welcome)
    @rule(
        which=WHICH,
        title=sayings.TITLES,
        link=sayings.LINKS,
        genres=sayings.TRACK_GENRES,
        package=PACKAGES,
        duration=sayings.DURATIONS,
    )
    def an_artist_submits(
        self,
        *,
        which: int,
        title: str,
        link: str,
        genres: tuple[str, ...],
        package: PackageType,
        duration: int | None,
    ) -> None:
        command = SubmitTrack(
            artist_id=pick(which, [*self.artist_ids, NOBODY]),
            title=title,
            source_url=link,
            genres=genres,
            package_type=package,
            duration=duration,
        )
        self.perform(submit_track, command)

    @precondition(when.is_plain)
    @precondition(when.there_are_tracks)
    @rule(
        which=WHICH,
        slip=SLIPS,
        free=st.booleans(),
        code=CODES,
    )
    def an_artist_checks_out(self, *, which: int, slip: Slip, free: bool, code: str | None) -> None:
        track = self._track(which, slip, self.now.unpaid)
        command = CheckOut(
            track_id=named(slip, track.id),
            artist_id=actor(slip, track.artist_id, self.artist_ids),
            use_free_credit=free,
            promo_code=code,
        )
        require_slip(slip, self.perform(check_out, command), foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_tracks)
    @rule(which=WHICH, slip=SLIPS)
    def an_artist_goes_to_pay(self, *, which: int, slip: Slip) -> None:
        track = self._track(which, slip, self.now.unpaid)
        command = OpenCheckout(
            track_id=named(slip, track.id),
            artist_id=actor(slip, track.artist_id, self.artist_ids),
        )
        require_slip(slip, self.drive(open_checkout, command), foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_attempts)
    @rule(which=WHICH, outcome=sayings.mostly(*PayerOutcome))
    def a_payer_decides(self, *, which: int, outcome: PayerOutcome) -> None:
        attempt = pick(which, self.now.pending or self.now.attempts)
        if attempt.unwanted:
            self.reached("a payer acts on an unwanted session")
        self.play_payer(attempt.id, outcome)

    @precondition(when.is_plain)
    @precondition(when.there_are_attempts)
    @rule(which=WHICH, slip=SLIPS)
    def a_payment_is_confirmed(self, *, which: int, slip: Slip) -> None:
        attempt = pick(which, self.now.pending or self.now.attempts)
        session = named(slip, attempt.session_id or "cs_unknown")
        self.drive(confirm_payment, ConfirmPayment(session_id=session))

    @precondition(when.is_plain)
    @precondition(when.there_are_attempts)
    @rule(which=WHICH, slip=SLIPS)
    def a_checkout_is_given_up(self, *, which: int, slip: Slip) -> None:
        attempt = pick(which, self.now.attempts)
        self.drive(expire_checkout, ExpireCheckout(attempt_id=named(slip, attempt.id)))

    @precondition(when.is_plain)
    @precondition(when.there_are_refunds)
    @rule(which=WHICH)
    def a_refund_is_sent(self, *, which: int) -> None:
        refund = pick(which, self.now.view.refunds[::-1])
        self.drive(send_refund, SendRefund(refund_id=refund.id))

    # ── second thoughts ──────────────────────────────────────────────────────────────────────

    @precondition(when.is_plain)
    @precondition(when.there_are_tracks)
    @rule(which=WHICH, slip=SLIPS)
    def an_artist_cancels(self, *, which: int, slip: Slip) -> None:
        track = self._track(which, slip, self.now.unpaid or self.now.live)
        command = CancelTrack(
            track_id=named(slip, track.id),
            artist_id=actor(slip, track.artist_id, self.artist_ids),
        )
        require_slip(slip, self.perform(cancel_track, command), foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_tracks)
    @rule(which=WHICH, slip=SLIPS)
    def an_artist_closes(self, *, which: int, slip: Slip) -> None:
        track = self._track(which, slip, self.now.live)
        command = CloseTrack(
            track_id=named(slip, track.id),
            artist_id=actor(slip, track.artist_id, self.artist_ids),
        )
        require_slip(slip, self.perform(close_track, command), foreign=NotYourTrack)

    @precondition(when.is_plain)
    @precondition(when.there_are_live_tracks)
    @rule(which=WHICH, reason=sayings.REASONS, closes=st.booleans())
    def an_administrator_ends_a_track(self, *, which: int, reason: str, closes: bool) -> None:
        track = pick(which, self.now.live)
        if closes:
            close = CloseTrack(track_id=track.id, admin_id=self.admin, reason=reason)
            self.perform(close_track, close)
        else:
            cancel = CancelTrack(track_id=track.id, admin_id=self.admin, reason=reason)
            self.perform(cancel_track, cancel)

    @precondition(when.is_plain)
    @precondition(when.there_are_tracks)
    @rule(which=WHICH, slip=SLIPS, link=sayings.LINKS)
    def an_artist_mends_the_link(self, *, which: int, slip: Slip, link: str) -> None:
        track = self._track(which, slip, self.now.live)
        command = UpdateSource(
            track_id=named(slip, track.id),
            artist_id=actor(slip, track.artist_id, self.artist_ids),
            source_url=link,
        )
        require_slip(slip, self.perform(update_source, command), foreign=NotYourTrack)

    @rule(which=WHICH, credits=sayings.mostly(1, 0), reason=sayings.REASONS, own=ADMINS)
    def an_administrator_grants_credits(
        self,
        *,
        which: int,
        credits: int,  # noqa: A002 - the command's own word
        reason: str,
        own: bool,
    ) -> None:
        artist = pick(which, self.now.view.artists)
        command = GrantFreeCredit(
            artist_id=artist.id,
            admin_id=artist.user_id if own else self.admin,
            credits=credits,
            reason=reason,
        )
        self.perform(grant_free_credit, command)

    # ── in one go ────────────────────────────────────────────────────────────────────────────

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, package=PACKAGES)
    def a_track_is_paid_and_queued(self, *, which: int, package: PackageType) -> None:
        self.buy(which, package)

    def buy(self, which: int, package: PackageType) -> TrackId:
        """Submit a track, pay for it and have it queued, if nothing goes wrong."""
        track_id = self.submitted(which, package)
        self.pay(track_id)
        return track_id

    def pay(self, track_id: TrackId) -> None:
        """Check a track out, pay for it and have it queued, if nothing goes wrong."""
        artist_id = self.now.track[track_id].artist_id
        self.perform(check_out, CheckOut(track_id=track_id, artist_id=artist_id))
        self.drive(open_checkout, OpenCheckout(track_id=track_id, artist_id=artist_id))
        for attempt in [one for one in self.now.attempts if one.track_id == track_id]:
            self.play_payer(attempt.id, PayerOutcome.PAY)
            if attempt.session_id is not None:
                self.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH, offer=OFFERS)
    def a_track_is_queued_for_nothing(self, *, which: int, offer: tuple[bool, str | None]) -> None:
        track_id = self.submitted(which, PackageType.STARTER)
        free, code = offer
        command = CheckOut(
            track_id=track_id,
            artist_id=self.now.track[track_id].artist_id,
            use_free_credit=free,
            promo_code=code,
        )
        self.perform(check_out, command)

    @precondition(when.there_are_pending_attempts)
    @rule(which=WHICH)
    def a_session_is_replaced_and_both_are_paid(self, *, which: int) -> None:
        first = pick(which, self.now.pending)
        track = self.now.track[first.track_id]
        command = CheckOut(track_id=track.id, artist_id=track.artist_id)
        if isinstance(self.perform(check_out, command), Refusal):
            return
        self.drive(open_checkout, OpenCheckout(track_id=track.id, artist_id=track.artist_id))
        for attempt in [one for one in self.now.pending if one.track_id == track.id]:
            self.play_payer(attempt.id, PayerOutcome.PAY)
            if attempt.session_id is not None:
                self.drive(confirm_payment, ConfirmPayment(session_id=attempt.session_id))
                self.reached("a payment for a session that was replaced")

    def _track(self, which: int, slip: Slip, wanted: tuple[Track, ...]) -> Track:
        everything = self.now.view.tracks
        return pick(which, everything if slip is Slip.STALE else wanted or everything)
