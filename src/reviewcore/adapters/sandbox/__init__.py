"""A bank to play with: all processor ports, its own books, and pages for payer and payee."""

from reviewcore.adapters.sandbox.bank import SandboxBank
from reviewcore.adapters.sandbox.books import NotSandboxBooks
from reviewcore.adapters.sandbox.desk import MoreThanIsLeft
from reviewcore.adapters.sandbox.disputes import DISPUTE_FEE
from reviewcore.adapters.sandbox.pages import account_page, checkout_page, dashboard_page
from reviewcore.adapters.sandbox.views import (
    AccountPage,
    AccountState,
    CheckoutPage,
    Paid,
    PayeeOutcome,
    PayerOutcome,
    Refunded,
    Transferred,
)

__all__ = [
    "DISPUTE_FEE",
    "AccountPage",
    "AccountState",
    "CheckoutPage",
    "MoreThanIsLeft",
    "NotSandboxBooks",
    "Paid",
    "PayeeOutcome",
    "PayerOutcome",
    "Refunded",
    "SandboxBank",
    "Transferred",
    "account_page",
    "checkout_page",
    "dashboard_page",
]
