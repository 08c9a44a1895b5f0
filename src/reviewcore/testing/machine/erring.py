"""People say what cannot be right, all of it in one step, and are told what is wrong with it."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import (
    AccountNotLinked,
    CreditAndCode,
    InvalidCountry,
    InvalidSourceUrl,
    InvalidText,
    NothingToPay,
    PromoCodeUsed,
    ProviderUnavailable,
    UnknownAudioType,
    UnknownGenre,
    UnknownPromoCode,
    UnknownProvider,
)
from reviewcore.domain.payouts import PayoutMethod
from reviewcore.domain.rules import PackageType
from reviewcore.ports.identities import Identity
from reviewcore.testing.machine import when
from reviewcore.testing.machine.buying import LINK
from reviewcore.testing.machine.choosing import pick
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import WHICH
from reviewcore.testing.machine.strangers import Strangers
from reviewcore.usecases import (
    CancelTrack,
    CheckOut,
    OpenCheckout,
    OpenReviewerProfile,
    SettlePayout,
    SignInWithAccount,
    StartUpload,
    SubmitTrack,
    Withdraw,
    cancel_track,
    check_out,
    open_checkout,
    open_reviewer_profile,
    settle_payout,
    sign_in_with_account,
    start_upload,
    submit_track,
    withdraw,
)


class Erring(Strangers):
    """What is said wrongly is refused for what it is, however the market stands."""

    @precondition(when.is_plain)
    @rule(which=WHICH)
    def a_person_errs(self, *, which: int) -> None:
        user = pick(which, self.now.present)
        nowhere = OpenReviewerProfile(user_id=user.id, genres=("house",), country="Mars")
        self.refused([(open_reviewer_profile, nowhere)], by=InvalidCountry)
        for provider, error in (
            ("unknown", UnknownProvider),
            ("away", ProviderUnavailable),
            ("peer", AccountNotLinked),
        ):
            self.commands += 1
            identity = Identity(
                provider=provider,
                subject=f"subject{self.commands}",
                email=user.email,
                email_verified=True,
                name="Sam",
            )
            arrives = SignInWithAccount(arrival=self.arrival(identity))
            self.refused([(sign_in_with_account, arrives)], by=error)

    @precondition(when.tracks_are_welcome)
    @rule(which=WHICH)
    def an_artist_errs(self, *, which: int) -> None:
        artist_id = pick(which, self.verified_artists())
        told: dict[str, Any] = {
            "artist_id": artist_id,
            "title": "First Light",
            "genres": ("house",),
        }
        evil = SubmitTrack(source_url="https://soundcloud.com.evil.example/x", **told)
        self.refused([(submit_track, evil)], by=InvalidSourceUrl)
        odd = SubmitTrack(source_url=LINK, **told | {"genres": ("polka",)})
        self.refused([(submit_track, odd)], by=UnknownGenre)
        text = StartUpload(
            artist_id=artist_id, filename="x.txt", content_type="text/plain", content_length=1
        )
        self.refused([(start_upload, text)], by=UnknownAudioType)

        package = PackageType.STARTER
        track_id = self.submitted(which, package)
        who: dict[str, Any] = {
            "track_id": track_id,
            "artist_id": self.now.track[track_id].artist_id,
        }
        self.refused([(open_checkout, OpenCheckout(**who))], by=NothingToPay)
        both = CheckOut(use_free_credit=True, promo_code="WELCOME", **who)
        self.refused([(check_out, both)], by=CreditAndCode)
        self.refused([(check_out, CheckOut(promo_code="PIRATE", **who))], by=UnknownPromoCode)
        if not isinstance(self.perform(check_out, CheckOut(promo_code="LAUNCH", **who)), Refusal):
            other = self.submitted(self.verified_artists().index(who["artist_id"]), package)
            again = CheckOut(track_id=other, artist_id=who["artist_id"], promo_code="LAUNCH")
            self.refused([(check_out, again)], by=PromoCodeUsed)
            self.perform(cancel_track, CancelTrack(track_id=other, artist_id=who["artist_id"]))
        self.perform(cancel_track, CancelTrack(**who))

    @precondition(when.somebody_can_withdraw)
    @rule(which=WHICH)
    def a_reviewer_errs(self, *, which: int) -> None:
        least = self.rules_in_force.minimum_payout_cents
        rich = [one.id for one in self.now.view.reviewers if one.pending_balance >= least]
        for method in (PayoutMethod.PAYPAL, PayoutMethod.MANUAL):
            nowhere = Withdraw(reviewer_id=pick(which, rich), method=method)
            # Part of it may be held, and he may have changed his address meanwhile.
            self.perform(withdraw, nowhere)
        by_hand = Withdraw(
            reviewer_id=pick(which, rich), method=PayoutMethod.PAYPAL, destination=f"{which}@pay"
        )
        payout = self.perform(withdraw, by_hand)
        if not isinstance(payout, Refusal):
            settle = SettlePayout(payout_id=payout.id, admin_id=self.admin, reference="")
            self.refused([(settle_payout, settle)], by=InvalidText)
            self.perform(settle_payout, attrs.evolve(settle, reference="transfer 7"))
