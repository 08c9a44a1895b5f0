"""The two pages on which a developer plays payer and payee, and the payee's dashboard."""

from __future__ import annotations

from html import escape

from reviewcore.adapters.sandbox.views import (
    AccountPage,
    AccountState,
    CheckoutPage,
    PayeeOutcome,
    PayerOutcome,
)
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import SessionState

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6577; --paper: #fff;
  --ground: #eef1f6; --line: #d5dbe5; --accent: #2f5bea; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --soft: #a0a9ba;
  --paper: #1b202b; --ground: #11151d; --line: #343c4c; --accent: #4f77f5; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 1rem; }
.bank { margin: 0 0 1.5rem; color: var(--soft); font-size: .85rem; }
h1 { margin: 0; font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
.amount { margin: .25rem 0 1.5rem; font-size: 2.25rem; font-weight: 700;
  font-variant-numeric: tabular-nums; }
form { display: grid; gap: .6rem; margin: 1.5rem 0 0; }
button, a.button { padding: .7rem 1rem; border: 1px solid var(--line); border-radius: .6rem;
  background: none; color: inherit; font: inherit; text-align: center; text-decoration: none;
  cursor: pointer; }
a.button { display: block; margin-top: 1.5rem; }
button:first-child, a.button { border-color: var(--accent); background: var(--accent);
  color: #fff; font-weight: 600; }
button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { width: 100%; margin-top: 1.5rem; border-collapse: collapse; }
th { color: var(--soft); font-size: .85rem; font-weight: 500; text-align: left; }
th, td { padding: .4rem 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
"""

TWO_PLACES = 100
WITHOUT_CENTS = frozenset({"bif", "clp", "gnf", "jpy", "krw", "pyg", "rwf", "ugx", "vnd", "xaf"})
"""Currencies whose minor unit is the unit itself."""

CHECKOUT_ENDS = {
    SessionState.PROCESSING: "The payment is on its way.",
    SessionState.PAID: "This was paid. Thank you.",
    SessionState.EXPIRED: "This checkout has expired. Nothing was paid.",
    SessionState.FAILED: "The payment was declined. Nothing was paid.",
}

ACCOUNT_STATES = {
    AccountState.NEW: "To be paid, complete your account.",
    AccountState.READY: "Your account is complete. You can be paid.",
    AccountState.REFUSED: "Your account was refused. You cannot be paid.",
}


def amount_text(amount: Cents, currency: str) -> str:
    """Write an amount for people: 995 of usd as `9.95 USD`."""
    if currency.lower() in WITHOUT_CENTS:
        return f"{amount} {currency.upper()}"
    return f"{amount // TWO_PLACES}.{amount % TWO_PLACES:02d} {currency.upper()}"


def checkout_page(view: CheckoutPage) -> str:
    """Draw the page where the payer pays, declines or abandons; later, how that ended."""
    amount = amount_text(view.amount, view.currency)
    if view.state is SessionState.OPEN:
        rest = _form(
            (PayerOutcome.PAY, f"Pay {amount}"),
            (PayerOutcome.DECLINE, "Decline"),
            (PayerOutcome.ABANDON, "Abandon"),
        )
    else:
        rest = f"<p>{CHECKOUT_ENDS[view.state]}</p>{_way_back(view.return_url)}"
    return _document(
        "Checkout",
        f'<h1>{escape(view.title)}</h1><p class="amount">{escape(amount)}</p>{rest}',
    )


def account_page(view: AccountPage) -> str:
    """Draw the page where the payee completes his account or is refused."""
    return _document(
        "Payout account",
        f"<h1>Payout account</h1><p>{ACCOUNT_STATES[view.state]}</p>"
        f"<p>Country: {escape(view.country)}</p>"
        + _form((PayeeOutcome.COMPLETE, "Complete"), (PayeeOutcome.REFUSE, "Refuse")),
    )


def dashboard_page(view: AccountPage) -> str:
    """Draw the page where the payee sees what he was paid, newest first."""
    rows = "".join(
        f"<tr><td>{transfer.made_at:%Y-%m-%d %H:%M} UTC</td>"
        f"<td>{escape(amount_text(transfer.amount, transfer.currency))}</td></tr>"
        for transfer in reversed(view.transfers)
    )
    paid = (
        f"<table><tr><th>Paid</th><th>Amount</th></tr>{rows}</table>"
        if rows
        else ("<p>Nothing was paid yet.</p>")
    )
    return _document("Payouts", f"<h1>Payouts</h1><p>{ACCOUNT_STATES[view.state]}</p>{paid}")


def _form(*choices: tuple[PayerOutcome | PayeeOutcome, str]) -> str:
    # Without an action a form posts to the address of its own page.
    buttons = "".join(
        f'<button name="outcome" value="{outcome}">{escape(label)}</button>'
        for outcome, label in choices
    )
    return f'<form method="post">{buttons}</form>'


def _way_back(url: str) -> str:
    return f'<a class="button" href="{escape(url)}">Continue</a>'


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)} | sandbox bank</title><style>{STYLE}</style></head>"
        '<body><main><p class="bank">Sandbox bank: no real money moves here.</p>'
        f"{body}</main></body></html>\n"
    )
