"""Who may do what, in one table: a route that has no line here fails a test.

Each asks for what is his own, where he can have it. What comes back is the status that turns him
away, or `ok`: he may, even if what he asks for is refused on its merits.

nob  nobody, without a session
new  a newcomer with both profiles, whose address is not verified and who has no track or review
art  an artist with tracks of every kind, no reviewer
rev  a reviewer with reviews of every kind and payouts, no artist
bar  the same, restricted
adm  an administrator without a profile, for what is other people's

404 is what does not exist for him: it is not his, or he has no profile that could own it. Nobody
here comes from an identity provider, so there is none of the name.
"""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["nobody", "newcomer", "artist", "reviewer", "restricted", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

SAID = """
                                                    nob new art rev bar adm
# For everybody
GET /healthz                                        ok  ok  ok  ok  ok  ok
GET /readyz                                         ok  ok  ok  ok  ok  ok
POST /v1/leads                                      ok  ok  ok  ok  ok  ok
POST /v1/get-feedback                               ok  ok  ok  ok  ok  ok
GET /v1/genres                                      ok  ok  ok  ok  ok  ok
GET /v1/packages                                    ok  ok  ok  ok  ok  ok
GET /v1/shared/{share_id}                           ok  ok  ok  ok  ok  ok
POST /v1/webhooks/stripe                            ok  ok  ok  ok  ok  ok
POST /v1/webhooks/stripe-connect                    ok  ok  ok  ok  ok  ok

# For users
POST /v1/users                                      ok  ok  ok  ok  ok  ok
POST /v1/email-verifications                        ok  ok  ok  ok  ok  ok
POST /v1/email-verifications/resend                 401 ok  ok  ok  ok  ok
POST /v1/sessions                                   ok  ok  ok  ok  ok  ok
GET /v1/me                                          401 ok  ok  ok  ok  ok
GET /v1/me/export                                   401 ok  ok  ok  ok  ok
POST /v1/password-resets                            ok  ok  ok  ok  ok  ok
PUT /v1/password-resets/{token}                     ok  ok  ok  ok  ok  ok
PUT /v1/me/email                                    401 ok  ok  ok  ok  ok
GET /v1/me/sessions                                 401 ok  ok  ok  ok  ok
GET /v1/oauth/{provider}                            404 404 404 404 404 404
GET /v1/oauth/{provider}/callback                   404 404 404 404 404 404
GET /v1/support/tickets                             401 ok  ok  ok  ok  ok
POST /v1/support/tickets                            401 ok  ok  ok  ok  ok
GET /v1/support/tickets/{ticket_id}                 401 404 ok  ok  ok  ok
POST /v1/support/tickets/{ticket_id}/messages       401 404 ok  ok  ok  ok
DELETE /v1/sessions/current                         401 ok  ok  ok  ok  ok
DELETE /v1/me/sessions                              401 ok  ok  ok  ok  ok
DELETE /v1/me                                       401 ok  ok  ok  ok  ok

# For artists
GET /v1/me/artist                                   401 ok  ok  404 404 404
GET /v1/tracks                                      401 ok  ok  403 403 403
POST /v1/tracks                                     401 403 ok  403 403 403
GET /v1/tracks/{track_id}                           401 404 ok  404 404 404
PATCH /v1/tracks/{track_id}                         401 404 ok  404 404 404
POST /v1/tracks/{track_id}/cancel                   401 404 ok  404 404 404
POST /v1/tracks/{track_id}/close                    401 404 ok  404 404 404
GET /v1/tracks/{track_id}/reviews                   401 404 ok  404 404 404
POST /v1/uploads                                    401 403 ok  403 403 403
POST /v1/tracks/{track_id}/checkout                 401 404 ok  404 404 404
GET /v1/checkouts/{session_id}                      401 404 ok  404 404 404
PUT /v1/reviews/{review_id}/rating                  401 404 ok  404 404 404
PUT /v1/reviews/{review_id}/gem                     401 404 ok  404 404 404
DELETE /v1/reviews/{review_id}/gem                  401 404 ok  404 404 404
POST /v1/reviews/{review_id}/flag                   401 404 ok  404 404 404
PUT /v1/me/artist                                   401 ok  ok  ok  ok  ok

# For reviewers
GET /v1/me/reviewer                                 401 ok  404 ok  ok  404
GET /v1/me/reviewer/quiz                            401 ok  403 ok  ok  403
POST /v1/me/reviewer/quiz                           401 ok  403 ok  ok  403
POST /v1/me/reviewer/onboarding                     401 ok  403 ok  ok  403
POST /v1/me/reviewer/payout-account                 401 403 403 ok  ok  403
GET /v1/me/reviewer/payout-dashboard                401 ok  403 ok  ok  403
GET /v1/me/reviewer/balance                         401 ok  403 ok  ok  403
GET /v1/queue                                       401 403 403 ok  403 403
GET /v1/reviews/{review_id}                         401 404 ok  ok  ok  404
POST /v1/reviews/{review_id}/heartbeat              401 404 404 ok  ok  404
POST /v1/reviews/{review_id}/complete               401 404 404 ok  403 404
POST /v1/reviews/{review_id}/skip                   401 404 404 ok  403 404
POST /v1/reviews/{review_id}/unplayable             401 404 404 ok  403 404
GET /v1/payouts                                     401 ok  403 ok  ok  403
POST /v1/payouts                                    401 403 403 ok  ok  403
GET /v1/payouts/{payout_id}                         401 404 404 ok  ok  404
PUT /v1/me/reviewer                                 401 ok  ok  ok  ok  ok

# For administrators
GET /v1/tracks/{track_id}/plan                      401 403 403 403 403 ok
GET /v1/admin/tickets                               401 403 403 403 403 ok
GET /v1/admin/tickets/{ticket_id}                   401 403 403 403 403 ok
POST /v1/admin/tickets/{ticket_id}/messages         401 403 403 403 403 ok
POST /v1/admin/tickets/{ticket_id}/status           401 403 403 403 403 ok
GET /v1/admin/users                                 401 403 403 403 403 ok
GET /v1/admin/reviewers                             401 403 403 403 403 ok
GET /v1/admin/tracks                                401 403 403 403 403 ok
GET /v1/admin/flags                                 401 403 403 403 403 ok
GET /v1/admin/flags/{flag_id}                       401 403 403 403 403 ok
GET /v1/admin/payouts                               401 403 403 403 403 ok
GET /v1/admin/refunds                               401 403 403 403 403 ok
GET /v1/admin/events                                401 403 403 403 403 ok
GET /v1/admin/processor-events                      401 403 403 403 403 ok
GET /v1/admin/laws                                  401 403 403 403 403 ok
POST /v1/admin/users/{user_id}/verify-email         401 403 403 403 403 ok
POST /v1/admin/reviewers/{reviewer_id}/restrict     401 403 403 403 403 ok
POST /v1/admin/reviewers/{reviewer_id}/unrestrict   401 403 403 403 403 ok
POST /v1/admin/reviewers/{reviewer_id}/tier         401 403 403 403 403 ok
POST /v1/admin/artists/{artist_id}/credits          401 403 403 403 403 ok
POST /v1/admin/tracks/{track_id}/cancel             401 403 403 403 403 ok
POST /v1/admin/tracks/{track_id}/refund             401 403 403 403 403 ok
POST /v1/admin/flags/{flag_id}/uphold               401 403 403 403 403 ok
POST /v1/admin/flags/{flag_id}/dismiss              401 403 403 403 403 ok
POST /v1/admin/payouts/{payout_id}/settle           401 403 403 403 403 ok
POST /v1/admin/payouts/{payout_id}/resolve          401 403 403 403 403 ok
POST /v1/admin/refunds/{refund_id}/settle           401 403 403 403 403 ok
POST /v1/admin/events/{event_id}/retry              401 403 403 403 403 ok
"""


def _read(line: str) -> tuple[str, dict[Role, str]]:
    method, path, *told = line.split()
    return f"{method} {path}", dict(zip(ROLES, told, strict=True))


TABLE: dict[str, dict[Role, str]] = dict(
    _read(line) for line in SAID.splitlines()[2:] if line and not line.startswith("#")
)
