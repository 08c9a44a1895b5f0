"""Credentials: another password, another address, and the sessions that one has."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from reviewcore.domain.throttling import Limit
from reviewcore.entrypoints.http import bodies
from reviewcore.entrypoints.http.auth import signed_in
from reviewcore.entrypoints.http.desk import TheDesk
from reviewcore.entrypoints.http.openapi import STATUSES
from reviewcore.entrypoints.http.paging import Page, whole
from reviewcore.entrypoints.http.views.people import OpenSessionView
from reviewcore.entrypoints.http.views.shape import shape
from reviewcore.entrypoints.http.waiting import waits
from reviewcore.usecases import (
    ChangeEmail,
    RequestPasswordReset,
    ResetPassword,
    SignOutEverywhere,
    change_email,
    request_password_reset,
    reset_password,
    sign_out_everywhere,
)


@post(
    "/password-resets",
    status_code=202,
    opt={STATUSES: (429,)},
    sync_to_thread=True,
    summary="Ask for leave to choose another password",
)
def create_reset(data: JSONBody[bodies.Address], desk: TheDesk) -> None:
    """Mail a token if a user has the address; the answer is the same if nobody has."""
    desk.throttle(Limit.RESET_REQUEST)
    desk.throttle_account(Limit.RESET_REQUEST_ACCOUNT, data.email)
    desk.app.perform(request_password_reset, RequestPasswordReset(email=data.email))


@put(
    "/password-resets/{token:str}",
    status_code=204,
    opt={STATUSES: (429,)},
    summary="Choose another password",
)
@waits
def update_reset(
    token: FromPath[str], data: JSONBody[bodies.NewPassword], desk: TheDesk
) -> Response[None]:
    """Spend a mailed token: the password changes, and all sessions end."""
    desk.throttle(Limit.PASSWORD_RESET)
    desk.drive(reset_password, ResetPassword(token=token, password=data.password))
    return Response(None, status_code=204, cookies=[desk.gate.cookie("")])


@put(
    "/me/email",
    status_code=202,
    guards=[signed_in],
    opt={STATUSES: (429,)},
    summary="Ask for another address",
)
@waits
def update_email(data: JSONBody[bodies.NewAddress], desk: TheDesk) -> None:
    """Mail a token to the new address, whoever has it; it counts once the token is used."""
    desk.throttle_account(Limit.EMAIL_CHANGE_ACCOUNT)
    command = ChangeEmail(user_id=desk.user.id, email=data.email, password=data.password)
    desk.drive(change_email, command)


@get("/me/sessions", guards=[signed_in], sync_to_thread=True, summary="Where one is signed in")
def list_sessions(desk: TheDesk) -> Page[OpenSessionView]:
    """List the sessions that have not expired, oldest first."""
    with desk.app.store.read() as tx:
        found = [one for one in tx.sessions.of_user(desk.user.id) if one.expires_at > tx.now]
    current = desk.caller.session.id
    return whole([shape(OpenSessionView, one, current=one.id == current) for one in found])


@delete("/me/sessions", guards=[signed_in], sync_to_thread=True, summary="Sign out everywhere")
def delete_sessions(desk: TheDesk) -> Response[None]:
    """End all sessions, this one as well."""
    desk.app.perform(sign_out_everywhere, SignOutEverywhere(user_id=desk.user.id))
    return Response(None, status_code=204, cookies=[desk.gate.cookie("")])


ROUTES: list[Any] = [
    Router(
        "/v1",
        route_handlers=[
            create_reset,
            update_reset,
            update_email,
            list_sessions,
            delete_sessions,
        ],
        tags=["accounts"],
    )
]
