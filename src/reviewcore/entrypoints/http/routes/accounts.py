"""Accounts: signing up, proving an address, signing in and out, and who one is."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody

from reviewcore.domain.throttling import Limit
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import from_our_pages, signed_in
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.views.people import (
    MeView,
    SessionView,
    UserView,
    artist_view,
    reviewer_view,
    user_view,
)
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.waiting import waits
from reviewcore.ports.store import Transaction
from reviewcore.usecases import (
    EraseUser,
    ExportUser,
    RequestEmailVerification,
    SignIn,
    SignOut,
    SignUp,
    VerifyEmail,
    erase_user,
    export_user,
    request_email_verification,
    sign_in,
    sign_out,
    sign_up,
    verify_email,
)


@post("/users", guards=[from_our_pages], opt={STATUSES: (429,)}, summary="Sign up")
@waits
def create_user(data: JSONBody[bodies.NewUser], desk: TheDesk) -> UserView:
    """Make an account; a mail with a verification token goes to the address."""
    desk.throttle(Limit.SIGN_UP)
    command = SignUp(email=data.email, password=data.password, name=data.name or "")
    return user_view(desk.drive(sign_up, command))


@post(
    "/email-verifications",
    status_code=204,
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Verify an address",
)
def create_verification(data: JSONBody[bodies.MailedToken], desk: TheDesk) -> None:
    """Spend the token of a verification mail."""
    desk.throttle(Limit.VERIFICATION)
    desk.app.perform(verify_email, VerifyEmail(token=data.token))
    desk.take_back(Limit.VERIFICATION)


@post(
    "/email-verifications/resend",
    status_code=202,
    guards=[signed_in],
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Have another verification mail sent",
)
def resend_verification(desk: TheDesk) -> None:
    """Mail another token; earlier ones stay good until they expire."""
    desk.throttle_account(Limit.VERIFICATION_RESEND_ACCOUNT)
    desk.perform(_resend, RequestEmailVerification(user_id=desk.user.id))


def _resend(tx: Transaction, command: RequestEmailVerification) -> None:
    # The use case tells the user, whose password's hash must not be kept under the request's key.
    request_email_verification(tx, command)


@post("/sessions", guards=[from_our_pages], opt={STATUSES: (401, 429)}, summary="Sign in")
@waits
def create_session(data: JSONBody[bodies.Credentials], desk: TheDesk) -> Response[SessionView]:
    """Begin a session, always a new one; its token comes in the answer and as a cookie."""
    desk.throttle_sign_in(data.email)
    signed = desk.drive(sign_in, SignIn(email=data.email, password=data.password))
    desk.welcome(signed.user)
    view = SessionView(
        token=signed.token, expires_at=signed.session.expires_at, user=user_view(signed.user)
    )
    return Response(view, status_code=201, cookies=[desk.gate.cookie(signed.token)])


@delete("/sessions/current", guards=[signed_in], sync_to_thread=True, summary="Sign out")
def delete_session(desk: TheDesk) -> Response[None]:
    """End the session that this request belongs to."""
    command = SignOut(session_id=desk.caller.session.id, user_id=desk.user.id)
    desk.app.perform(sign_out, command)
    return Response(None, status_code=204, cookies=[desk.gate.cookie("")])


@get("/me", guards=[signed_in], sync_to_thread=True, summary="Who is signed in")
def read_me(desk: TheDesk) -> MeView:
    """Tell the user with his profiles."""
    user = desk.user
    with desk.app.store.read() as tx:
        artist = tx.artists.of_user(user.id) if user.is_artist else None
        reviewer = tx.reviewers.of_user(user.id) if user.is_reviewer else None
    spell = desk.spelling.slugs
    return shape(
        MeView,
        user,
        is_admin=desk.gate.is_admin(user),
        artist=artist and artist_view(artist, spell),
        reviewer=reviewer and reviewer_view(reviewer, spell),
    )


@get("/me/export", guards=[signed_in], sync_to_thread=True, summary="All that is held about one")
def read_export(desk: TheDesk) -> Response[dict[str, Any]]:
    """Tell everything as one document, to be saved: no secret, and nobody else's."""
    told = desk.ask(export_user, ExportUser(user_id=desk.user.id))
    headers = {"Content-Disposition": 'attachment; filename="reviewcore-export.json"'}
    return Response(told, headers=headers)


@delete("/me", guards=[signed_in], sync_to_thread=True, summary="Leave for good")
def delete_me(
    desk: TheDesk, data: JSONBody[bodies.Farewell] = bodies.NOTHING_GIVEN_UP
) -> Response[None]:
    """Erase what is personal, and end all sessions; all that is in the way is named at once.

    What one has earned and not withdrawn is lost only if that is said.
    """
    command = EraseUser(user_id=desk.user.id, forfeit_balance=data.forfeit_balance)
    desk.app.perform(erase_user, command)
    return Response(None, status_code=204, cookies=[desk.gate.cookie("")])


ROUTES: list[Any] = [
    Router(
        "/v1",
        route_handlers=[
            create_user,
            create_verification,
            resend_verification,
            create_session,
            delete_session,
            read_me,
            read_export,
            delete_me,
        ],
        tags=["accounts"],
    )
]
