"""What is true of every ticket, message, lead, upload, event and counter by itself."""

from __future__ import annotations

from reviewcore.domain.events import EventRecord
from reviewcore.domain.leads import LeadCapture
from reviewcore.domain.support import SupportMessage, SupportTicket, TicketStatus
from reviewcore.domain.throttling import RateLimit
from reviewcore.domain.uploads import AUDIO_TYPES, INCOMING, UPLOAD_MAX_BYTES, Upload, UploadStatus
from reviewcore.domain.webhooks import StripeWebhookEvent
from reviewcore.testing.builders.fits.fitting import in_order, sentences

TICKET = sentences(
    only_a_CLOSED_ticket_may_have_lost_its_words=lambda it: (
        bool(it.subject) or it.status is TicketStatus.CLOSED
    ),
    the_times_of_a_ticket_are_in_order=lambda it: in_order(it.created_at, it.updated_at),
)

MESSAGE = sentences(a_message_is_about_a_ticket=lambda it: bool(it.ticket_id))

LEAD = sentences(
    a_lead_has_an_address=lambda it: "@" in it.email,
    the_times_of_a_lead_are_in_order=lambda it: (
        in_order(it.created_at, it.reminded) and in_order(it.created_at, it.converted)
    ),
)

UPLOAD = sentences(
    an_upload_is_of_a_type_and_size_that_are_taken=lambda it: (
        it.content_type in AUDIO_TYPES and 1 <= it.content_length <= UPLOAD_MAX_BYTES
    ),
    an_upload_has_a_length_exactly_when_ACCEPTED=lambda it: (
        (it.duration is not None) is (it.status is UploadStatus.ACCEPTED)
    ),
    an_upload_says_why_exactly_when_REFUSED=lambda it: (
        (it.refusal is not None) is (it.status is UploadStatus.REFUSED)
    ),
    an_ACCEPTED_upload_has_left_where_it_came_in=lambda it: (
        it.key.startswith(f"{INCOMING}/") is (it.status is not UploadStatus.ACCEPTED)
    ),
)

RECORD = sentences(
    events_are_numbered_from_1=lambda it: it.sequence >= 1,
    the_times_of_an_event_are_in_order=lambda it: in_order(it.at, it.delivered_at),
)

COUNTER = sentences(a_counter_was_hit=lambda it: it.count >= 0)

TOLD = sentences(
    a_handled_event_has_no_failure=lambda it: it.handled_at is None or it.failure is None,
    a_failed_event_says_why=lambda it: it.attempts > 0 or it.failure is None,
    the_times_of_an_event_are_in_order=lambda it: in_order(it.received_at, it.handled_at),
)

SENTENCES = {
    SupportTicket: TICKET,
    SupportMessage: MESSAGE,
    LeadCapture: LEAD,
    Upload: UPLOAD,
    EventRecord: RECORD,
    RateLimit: COUNTER,
    StripeWebhookEvent: TOLD,
}
