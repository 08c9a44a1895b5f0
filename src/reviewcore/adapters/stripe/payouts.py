"""Money out through Stripe Connect: Express accounts, transfers, reversals."""

from __future__ import annotations

from reviewcore.adapters.stripe.desk import PAGE, Desk, Json
from reviewcore.domain.money import ZERO, Cents
from reviewcore.ports.processor import (
    AccountOrder,
    AccountView,
    Outcome,
    ReversalOrder,
    ReversalView,
    TransferOrder,
    TransferView,
)

REVIEWER = "reviewer_id"
PAYOUT = "payout_id"
REVERSAL = "reversal_id"
"""Under which names our ids stand in metadata."""


class StripePayouts(Desk):
    """The port Payouts at Stripe; threads may share it.

    Payees have Express accounts that can receive transfers and nothing else; Stripe asks them for
    their papers, and the market bears fees and losses. Every transfer has our payout's id as its
    group and in its metadata, for that is how it is found again.
    """

    def open_account(self, order: AccountOrder, /) -> Outcome[AccountView]:
        return self._run(
            lambda: _account_view(
                self._told(
                    self._stripe.accounts.create(
                        {
                            "country": order.country,
                            # What `type: express` was, in the words that replace it.
                            "controller": {
                                "fees": {"payer": "application"},
                                "losses": {"payments": "application"},
                                "requirement_collection": "stripe",
                                "stripe_dashboard": {"type": "express"},
                            },
                            "capabilities": {"transfers": {"requested": True}},
                            "metadata": {REVIEWER: order.reviewer_id},
                        },
                        {"idempotency_key": order.key},
                    )
                )
            )
        )

    def account(self, account_id: str, /) -> Outcome[AccountView]:
        return self._run(
            lambda: _account_view(self._told(self._stripe.accounts.retrieve(account_id)))
        )

    def account_link(self, account_id: str, /, *, return_url: str) -> Outcome[str]:
        # Links die within minutes and open once. Who comes with a dead one is sent back to where
        # he began, with a word that tells it from having finished. The library gives each such
        # call a key of its own: a link that was lost is of no use, so another is made.
        mark = "&" if "?" in return_url else "?"
        return self._run(
            lambda: _url(
                self._told(
                    self._stripe.account_links.create(
                        {
                            "account": account_id,
                            "type": "account_onboarding",
                            "return_url": return_url,
                            "refresh_url": f"{return_url}{mark}refresh=1",
                        }
                    )
                )
            )
        )

    def dashboard_link(self, account_id: str, /) -> Outcome[str]:
        return self._run(
            lambda: _url(self._told(self._stripe.accounts.login_links.create(account_id)))
        )

    def transfer(self, order: TransferOrder, /) -> Outcome[TransferView]:
        return self._run(
            lambda: self._transfer_view(
                self._told(
                    self._stripe.transfers.create(
                        {
                            "amount": order.amount,
                            "currency": order.currency,
                            "destination": order.account_id,
                            "transfer_group": order.payout_id,
                            "metadata": {PAYOUT: order.payout_id},
                        },
                        {"idempotency_key": order.key},
                    )
                )
            )
        )

    def find_transfer(self, payout_id: str, /) -> Outcome[TransferView | None]:
        return self._run(lambda: self._find_transfer(payout_id))

    def transfer_view(self, external_id: str, /) -> Outcome[TransferView]:
        return self._run(
            lambda: self._transfer_view(self._told(self._stripe.transfers.retrieve(external_id)))
        )

    def reverse(self, order: ReversalOrder, /) -> Outcome[ReversalView]:
        return self._run(
            lambda: _reversal_view(
                self._told(
                    self._stripe.transfers.reversals.create(
                        order.external_id,
                        {"amount": order.amount, "metadata": {REVERSAL: order.reversal_id}},
                        {"idempotency_key": order.key},
                    )
                )
            )
        )

    def available(self, currency: str, /) -> Outcome[Cents]:
        return self._run(lambda: _available(self._told(self._stripe.balance.retrieve()), currency))

    def _find_transfer(self, payout_id: str) -> TransferView | None:
        listed = self._stripe.transfers.list({"transfer_group": payout_id, "limit": PAGE})
        # A group is only a label, which transfers by hand may carry, too.
        found = [told for told in self._each(listed) if told["metadata"].get(PAYOUT) == payout_id]
        # Newest first; should there be several, the first one is what was meant.
        return self._transfer_view(found[-1]) if found else None

    def _transfer_view(self, told: Json) -> TransferView:
        reversals: Json = told["reversals"]
        listed: list[Json] = reversals["data"]
        if reversals["has_more"]:
            # A transfer shows its newest ten.
            listed = list(
                self._each(self._stripe.transfers.reversals.list(told["id"], {"limit": PAGE}))
            )
        return TransferView(
            external_id=told["id"],
            payout_id=told["metadata"].get(PAYOUT, ""),
            amount=Cents(told["amount"]),
            reversals=tuple(_reversal_view(reversal) for reversal in reversed(listed)),
        )


def _account_view(told: Json) -> AccountView:
    ready = (
        told["details_submitted"]
        and told["payouts_enabled"]
        and (told["capabilities"] or {}).get("transfers") == "active"
    )
    return AccountView(account_id=told["id"], ready=bool(ready))


def _reversal_view(told: Json) -> ReversalView:
    return ReversalView(external_id=told["id"], amount=Cents(told["amount"]))


def _available(told: Json, currency: str) -> Cents:
    for money in told["available"]:
        if money["currency"] == currency.lower():
            return Cents(money["amount"])
    return ZERO


def _url(told: Json) -> str:
    url: str = told["url"]
    return url
