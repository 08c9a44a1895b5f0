"""The verbs of the market: each a frozen command and a function of the same words."""

from reviewcore.usecases.accept_upload import AcceptUpload, accept_upload
from reviewcore.usecases.answer_quiz import AnswerQuiz, answer_quiz
from reviewcore.usecases.assign_reviewers import AssignReviewers, assign_reviewers
from reviewcore.usecases.cancel_track import CancelTrack, cancel_track
from reviewcore.usecases.capture_lead import CaptureLead, capture_lead
from reviewcore.usecases.change_email import ChangeEmail, change_email
from reviewcore.usecases.check_laws import CheckLaws, check_laws
from reviewcore.usecases.check_out import CheckOut, check_out
from reviewcore.usecases.close_track import CloseTrack, close_track
from reviewcore.usecases.complete_review import CompleteReview, Remark, complete_review
from reviewcore.usecases.confirm_email_as_admin import ConfirmEmailAsAdmin, confirm_email_as_admin
from reviewcore.usecases.confirm_payment import ConfirmPayment, confirm_payment
from reviewcore.usecases.connect_payout_account import (
    AccountConnected,
    ConnectPayoutAccount,
    connect_payout_account,
)
from reviewcore.usecases.dismiss_flag import DismissFlag, dismiss_flag
from reviewcore.usecases.end_grants import EndGrants, end_grants
from reviewcore.usecases.erase_user import EraseUser, erase_user
from reviewcore.usecases.expire_assignments import ExpireAssignments, expire_assignments
from reviewcore.usecases.expire_checkout import ExpireCheckout, expire_checkout
from reviewcore.usecases.explain_balance import Balance, ExplainBalance, explain_balance
from reviewcore.usecases.export_user import ExportUser, export_user
from reviewcore.usecases.extend_session import ExtendSession, extend_session
from reviewcore.usecases.finish_onboarding import FinishOnboarding, finish_onboarding
from reviewcore.usecases.flag_review import FlagReview, flag_review
from reviewcore.usecases.gem_review import GemReview, gem_review
from reviewcore.usecases.get_feedback import FeedbackWanted, GetFeedback, get_feedback
from reviewcore.usecases.grant_free_credit import GrantFreeCredit, grant_free_credit
from reviewcore.usecases.grant_tier import GrantTier, grant_tier
from reviewcore.usecases.handle_event import HandleEvent, handle_event
from reviewcore.usecases.link_account import LinkAccount, link_account
from reviewcore.usecases.open_artist_profile import OpenArtistProfile, open_artist_profile
from reviewcore.usecases.open_checkout import OpenCheckout, open_checkout
from reviewcore.usecases.open_payout_dashboard import (
    OpenPayoutDashboard,
    PayoutDashboard,
    open_payout_dashboard,
)
from reviewcore.usecases.open_reviewer_profile import OpenReviewerProfile, open_reviewer_profile
from reviewcore.usecases.open_ticket import OpenTicket, open_ticket
from reviewcore.usecases.plan_assignment import PlanAssignment, plan_assignment
from reviewcore.usecases.rate_review import RateReview, rate_review
from reviewcore.usecases.receive_event import ReceiveEvent, receive_event
from reviewcore.usecases.reconcile import Reconcile, Reconciliation, Sweep, reconcile
from reviewcore.usecases.record_heartbeat import RecordHeartbeat, record_heartbeat
from reviewcore.usecases.remind_lead import RemindLead, remind_lead
from reviewcore.usecases.reply_to_ticket import ReplyToTicket, reply_to_ticket
from reviewcore.usecases.report_unplayable import ReportUnplayable, report_unplayable
from reviewcore.usecases.request_email_verification import (
    RequestEmailVerification,
    request_email_verification,
)
from reviewcore.usecases.request_password_reset import (
    RequestPasswordReset,
    request_password_reset,
)
from reviewcore.usecases.reset_password import ResetPassword, reset_password
from reviewcore.usecases.resolve_payout import PayoutTruth, ResolvePayout, resolve_payout
from reviewcore.usecases.restrict_reviewer import RestrictReviewer, restrict_reviewer
from reviewcore.usecases.retry_event import RetryEvent, retry_event
from reviewcore.usecases.send_payout import SendPayout, send_payout
from reviewcore.usecases.send_refund import SendRefund, send_refund
from reviewcore.usecases.set_ticket_status import SetTicketStatus, set_ticket_status
from reviewcore.usecases.settle_payout import SettlePayout, settle_payout
from reviewcore.usecases.settle_refund import SettleRefund, settle_refund
from reviewcore.usecases.sign_in import SignIn, sign_in
from reviewcore.usecases.sign_in_with_account import SignInWithAccount, sign_in_with_account
from reviewcore.usecases.sign_out import SignOut, sign_out
from reviewcore.usecases.sign_out_everywhere import SignOutEverywhere, sign_out_everywhere
from reviewcore.usecases.sign_up import SignUp, sign_up
from reviewcore.usecases.skip_review import SkipReview, skip_review
from reviewcore.usecases.start_upload import StartUpload, start_upload
from reviewcore.usecases.steps.arriving import Arrival
from reviewcore.usecases.steps.comparing import Finding
from reviewcore.usecases.steps.credentials import SignedIn
from reviewcore.usecases.submit_track import SubmitTrack, submit_track
from reviewcore.usecases.ungem_review import UngemReview, ungem_review
from reviewcore.usecases.unrestrict_reviewer import UnrestrictReviewer, unrestrict_reviewer
from reviewcore.usecases.update_source import UpdateSource, update_source
from reviewcore.usecases.uphold_flag import UpholdFlag, uphold_flag
from reviewcore.usecases.verify_email import VerifyEmail, verify_email
from reviewcore.usecases.withdraw import Withdraw, withdraw

__all__ = [
    "AcceptUpload",
    "AccountConnected",
    "AnswerQuiz",
    "Arrival",
    "AssignReviewers",
    "Balance",
    "CancelTrack",
    "CaptureLead",
    "ChangeEmail",
    "CheckLaws",
    "CheckOut",
    "CloseTrack",
    "CompleteReview",
    "ConfirmEmailAsAdmin",
    "ConfirmPayment",
    "ConnectPayoutAccount",
    "DismissFlag",
    "EndGrants",
    "EraseUser",
    "ExpireAssignments",
    "ExpireCheckout",
    "ExplainBalance",
    "ExportUser",
    "ExtendSession",
    "FeedbackWanted",
    "Finding",
    "FinishOnboarding",
    "FlagReview",
    "GemReview",
    "GetFeedback",
    "GrantFreeCredit",
    "GrantTier",
    "HandleEvent",
    "LinkAccount",
    "OpenArtistProfile",
    "OpenCheckout",
    "OpenPayoutDashboard",
    "OpenReviewerProfile",
    "OpenTicket",
    "PayoutDashboard",
    "PayoutTruth",
    "PlanAssignment",
    "RateReview",
    "ReceiveEvent",
    "Reconcile",
    "Reconciliation",
    "RecordHeartbeat",
    "Remark",
    "RemindLead",
    "ReplyToTicket",
    "ReportUnplayable",
    "RequestEmailVerification",
    "RequestPasswordReset",
    "ResetPassword",
    "ResolvePayout",
    "RestrictReviewer",
    "RetryEvent",
    "SendPayout",
    "SendRefund",
    "SetTicketStatus",
    "SettlePayout",
    "SettleRefund",
    "SignIn",
    "SignInWithAccount",
    "SignOut",
    "SignOutEverywhere",
    "SignUp",
    "SignedIn",
    "SkipReview",
    "StartUpload",
    "SubmitTrack",
    "Sweep",
    "UngemReview",
    "UnrestrictReviewer",
    "UpdateSource",
    "UpholdFlag",
    "VerifyEmail",
    "Withdraw",
    "accept_upload",
    "answer_quiz",
    "assign_reviewers",
    "cancel_track",
    "capture_lead",
    "change_email",
    "check_laws",
    "check_out",
    "close_track",
    "complete_review",
    "confirm_email_as_admin",
    "confirm_payment",
    "connect_payout_account",
    "dismiss_flag",
    "end_grants",
    "erase_user",
    "expire_assignments",
    "expire_checkout",
    "explain_balance",
    "export_user",
    "extend_session",
    "finish_onboarding",
    "flag_review",
    "gem_review",
    "get_feedback",
    "grant_free_credit",
    "grant_tier",
    "handle_event",
    "link_account",
    "open_artist_profile",
    "open_checkout",
    "open_payout_dashboard",
    "open_reviewer_profile",
    "open_ticket",
    "plan_assignment",
    "rate_review",
    "receive_event",
    "reconcile",
    "record_heartbeat",
    "remind_lead",
    "reply_to_ticket",
    "report_unplayable",
    "request_email_verification",
    "request_password_reset",
    "reset_password",
    "resolve_payout",
    "restrict_reviewer",
    "retry_event",
    "send_payout",
    "send_refund",
    "set_ticket_status",
    "settle_payout",
    "settle_refund",
    "sign_in",
    "sign_in_with_account",
    "sign_out",
    "sign_out_everywhere",
    "sign_up",
    "skip_review",
    "start_upload",
    "submit_track",
    "ungem_review",
    "unrestrict_reviewer",
    "update_source",
    "uphold_flag",
    "verify_email",
    "withdraw",
]
