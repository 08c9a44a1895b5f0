"""The payee's part, and his bank's: accounts completed and refused, payouts, reversals."""

from __future__ import annotations

from reviewcore.testing.stripe import accounts, payouts, transfers
from reviewcore.testing.stripe.money import available, book
from reviewcore.testing.stripe.played import Played
from reviewcore.testing.stripe.world import Json, World, snapshot

FINGERPRINT_LETTERS = 16


class Payees(Played):
    """What becomes of connected accounts, transfers and the balance outside the API."""

    def onboard(self, account_id: str) -> Json:
        """Complete an account: it can be paid, and pay out. Raises Refusal."""
        with self._playing() as world:
            account = world.get("account", account_id)
            if not account["external_accounts"]["data"]:
                _attach_bank(world, account)
            return _updated(
                world,
                account,
                capabilities=dict.fromkeys(account["capabilities"], "active"),
                charges_enabled=account["capabilities"].get("card_payments") is not None,
                details_submitted=True,
                payouts_enabled=True,
                requirements=accounts.requirements(),
            )

    def submit_details(self, account_id: str) -> Json:
        """Hand everything in, and leave it to be verified. Raises Refusal."""
        with self._playing() as world:
            account = world.get("account", account_id)
            waiting = accounts.requirements(disabled_reason="requirements.pending_verification")
            waiting["pending_verification"] = list(accounts.WANTED[:1])
            return _updated(
                world,
                account,
                capabilities=dict.fromkeys(account["capabilities"], "pending"),
                details_submitted=True,
                requirements=waiting,
            )

    def disable(self, account_id: str, *, reason: str = "rejected.other") -> Json:
        """Let Stripe hold an account back: it can neither be paid nor pay out. Raises Refusal."""
        with self._playing() as world:
            account = world.get("account", account_id)
            return _updated(
                world,
                account,
                capabilities=dict.fromkeys(account["capabilities"], "inactive"),
                charges_enabled=False,
                payouts_enabled=False,
                requirements=accounts.requirements(due=accounts.WANTED[:1], disabled_reason=reason),
            )

    def deauthorize(self, account_id: str) -> Json:
        """Let the payee disconnect: the platform may no longer act for him. Raises Refusal."""
        with self._playing() as world:
            account = world.get("account", account_id)
            application = {"id": world.new_id("ca"), "object": "application", "name": None}
            world.emit("account.application.deauthorized", application, account=account_id)
            world.deauthorized.add(account_id)
            return snapshot(account)

    def change_external_account(self, account_id: str, *, last4: str = "6789") -> Json:
        """Let the payee name another bank account; return the account. Raises Refusal."""
        with self._playing() as world:
            account = world.get("account", account_id)
            for old in account["external_accounts"]["data"]:
                world.emit("account.external_account.deleted", old)
            account["external_accounts"]["data"].clear()
            _attach_bank(world, account, last4=last4)
            return _updated(world, account)

    def pay_out(self, account_id: str, *, amount: int, currency: str = "usd") -> Json:
        """Send *amount* minor units of a connected account to its bank; it is paid at once."""
        with self._playing() as world:
            account = world.get("account", account_id)
            return snapshot(payouts.pay(world, account, amount=amount, currency=currency))

    def fail_payout(self, payout_id: str, *, code: str = "account_closed") -> Json:
        """Let the bank send a payout back, also one that was paid. Raises Refusal."""
        with self._playing() as world:
            return snapshot(payouts.fail(world, payout_id, code=code))

    def reverse_transfer(self, transfer_id: str, *, amount: int | None = None) -> Json:
        """Take *amount*, or the rest, of a transfer back, as a person in the dashboard does."""
        with self._playing() as world:
            transfer = world.get("transfer", transfer_id)
            rest = transfer["amount"] - transfer["amount_reversed"]
            taken = rest if amount is None else amount
            transfers.reverse(world, transfer, amount=taken, metadata={})
            return snapshot(transfer)

    def set_balance(
        self, amount: int, *, currency: str = "usd", account_id: str | None = None
    ) -> None:
        """Top up, or take away, until *amount* minor units are available."""
        with self._playing() as world:
            account = world.platform if account_id is None else account_id
            change = amount - available(world, account=account, currency=currency)
            if change:
                book(
                    world,
                    account=account,
                    kind="topup" if change > 0 else "topup_reversal",
                    amount=change,
                    currency=currency,
                    source=None,
                )


def _updated(world: World, account: Json, **changes: object) -> Json:
    previous = world.change(account, **changes)
    world.emit("account.updated", account, previous=previous)
    return snapshot(account)


def _attach_bank(world: World, account: Json, *, last4: str = "6789") -> None:
    bank = {
        "id": world.new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": world.new_id("", letters=FINGERPRINT_LETTERS)[1:],
        "future_requirements": None,
        "last4": last4,
        "metadata": {},
        "requirements": None,
        "routing_number": "110000000",
        "status": "new",
    }
    account["external_accounts"]["data"].append(bank)
    world.keep(bank, account=account["id"])
    world.emit("account.external_account.created", bank)
