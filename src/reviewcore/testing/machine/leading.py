"""People leave an address, are reminded once, and come with their first track."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from reviewcore.domain.errors import EmailNotVerified, EntityNotFound
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.notices import NOTICES
from reviewcore.testing.machine import sayings, when
from reviewcore.testing.machine.buying import LINK
from reviewcore.testing.machine.choosing import named, pick, require_slip
from reviewcore.testing.machine.helping import Helping
from reviewcore.testing.machine.lanes import Refusal
from reviewcore.testing.machine.sayings import PASSWORD, SLIPS, WHICH, Slip
from reviewcore.usecases import (
    CaptureLead,
    FeedbackWanted,
    GetFeedback,
    RemindLead,
    SubmitTrack,
    VerifyEmail,
    capture_lead,
    get_feedback,
    remind_lead,
    submit_track,
    verify_email,
)

REMINDER = NOTICES["LeadReminded"].subject
HOURS = st.sampled_from((24, 24, 1))
SOURCES = sayings.mostly("launch page", "", "x" * 201)
MEANWHILE = st.sampled_from(("reminded", "worker", "signs up", "signs up late"))
"""What becomes of an address that was left."""


class Leading(Helping):
    """Leads, and the funnel that they come from."""

    def fresh_email(self) -> str:
        """Name an address that nobody has left or has."""
        self.commands += 1
        return f"lead{self.commands}@example.com"

    def leave_address(self, email: str) -> LeadCapture:
        """Leave an address that is new here."""
        told = CaptureLead(email=email, artist_name="The Samples", source="launch page")
        self.perform(capture_lead, told)
        lead = self.now.leads[-1]
        assert lead.email == email, "a new address is kept"
        return lead

    def come_with_a_track(self, email: str) -> FeedbackWanted | None:
        """Sign up, become an artist and submit, in one; None when that was refused."""
        command = GetFeedback(
            email=email,
            password=PASSWORD,
            artist_name="The Samples",
            title="First Light",
            source_url=LINK,
            genres=("house",),
        )
        answer = self.drive(get_feedback, command)
        return None if isinstance(answer, Refusal) else answer

    @precondition(when.is_plain)
    @rule(
        which=WHICH,
        kind=st.sampled_from(("new", "new", "lead", "user", "invalid")),
        name=sayings.mostly("The Samples", None, "two\nlines"),
        source=SOURCES,
    )
    def a_person_leaves_his_address(
        self, *, which: int, kind: str, name: str | None, source: str
    ) -> None:
        known = [one.email for one in self.now.leads]
        email = {
            "new": self.fresh_email(),
            "lead": pick(which, known or ["ann@example.com"]).upper(),
            "user": pick(which, self.now.present).email,
            "invalid": "nobody at all",
        }[kind]
        before = self.now.leads
        self.perform(capture_lead, CaptureLead(email=email, artist_name=name, source=source))
        known += [one.email for one in self.now.users]
        if email.lower() in known:
            assert self.now.leads == before, "who is known is told nothing and kept as he is"

    @precondition(when.is_plain)
    @precondition(when.there_are_leads)
    @rule(which=WHICH, slip=SLIPS)
    def a_lead_is_reminded(self, *, which: int, slip: Slip) -> None:
        everything = self.now.leads
        waiting = [one for one in everything if one.is_waiting]
        lead = pick(which, everything if slip is Slip.STALE else waiting or everything)
        answer = self.perform(remind_lead, RemindLead(lead_id=named(slip, lead.id)))
        if slip is Slip.UNKNOWN:
            require_slip(slip, answer, foreign=EntityNotFound)

    @rule(meanwhile=MEANWHILE, hours=HOURS)
    def an_address_is_left_and_followed_up(self, *, meanwhile: str, hours: int) -> None:
        email = self.fresh_email()
        lead = self.leave_address(email)
        if meanwhile == "signs up" and when.newcomers_may_come(self):
            self.newcomer(email)
            assert self._lead(lead).converted is not None, "who signs up is no lead any more"
        self.clock.advance(hours=hours)
        if meanwhile == "worker":
            self.act(lambda lane: lane.worker.remind(), told="worker.remind()")
        else:
            for _ in range(2):
                self.perform(remind_lead, RemindLead(lead_id=lead.id))
        if meanwhile == "signs up late" and when.newcomers_may_come(self):
            self.newcomer(email)
        self.mailed()
        letters = self.lanes.first.mail.letters
        reminders = [one for one in letters if (one.to, one.subject) == (email, REMINDER)]
        after = self._lead(lead)
        assert len(reminders) <= (after.reminded is not None), "one reminder at most"
        assert not (reminders and after.converted), "no reminder for who has signed up"

    def _lead(self, lead: LeadCapture) -> LeadCapture:
        return next(one for one in self.now.leads if one.id == lead.id)

    # ── everything at once ───────────────────────────────────────────────────────────────────

    @precondition(when.is_plain)
    @precondition(when.newcomers_may_come)
    @precondition(when.tracks_are_welcome)
    @rule(
        which=WHICH,
        kind=st.sampled_from(("new", "lead", "taken", "invalid")),
        password=sayings.PASSWORDS,
        name=sayings.ARTIST_NAMES,
        title=sayings.TITLES,
        link=sayings.LINKS,
        genres=sayings.TRACK_GENRES,
        duration=sayings.DURATIONS,
    )
    def somebody_wants_feedback(
        self,
        *,
        which: int,
        kind: str,
        password: str,
        name: str,
        title: str,
        link: str,
        genres: tuple[str, ...],
        duration: int | None,
    ) -> None:
        email = {
            "new": self.fresh_email(),
            "lead": pick(which, [one.email for one in self.now.leads] or ["lead@example.com"]),
            "taken": pick(which, self.now.present).email,
            "invalid": "nobody at all",
        }[kind]
        command = GetFeedback(
            email=email,
            password=password,
            artist_name=name,
            title=title,
            source_url=link,
            genres=genres,
            duration=duration,
        )
        before = self.now
        if isinstance(self.drive(get_feedback, command), Refusal):
            assert self.now == before, "all or nothing"

    @precondition(when.newcomers_may_come)
    @precondition(when.tracks_are_welcome)
    @rule(was_lead=st.booleans(), verified=st.booleans())
    def a_lead_comes_with_a_track(self, *, was_lead: bool, verified: bool) -> None:
        email = self.fresh_email()
        if was_lead:
            self.leave_address(email)
        wanted = self.come_with_a_track(email)
        assert wanted is not None, "nothing is wrong with it"
        assert not [one for one in self.now.leads if one.email == email and one.is_waiting]
        again = SubmitTrack(
            artist_id=wanted.artist.id, title="Second Light", source_url=LINK, genres=("house",)
        )
        answer = self.perform(submit_track, again)
        assert isinstance(answer, Refusal)
        assert answer.kind is EmailNotVerified
        if verified:
            self.perform(verify_email, VerifyEmail(token=self.mailed()))
            self.pay(wanted.track.id)
