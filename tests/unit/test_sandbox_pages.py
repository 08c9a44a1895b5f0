from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import attrs
import pytest

from reviewcore.adapters.sandbox import (
    AccountPage,
    AccountState,
    CheckoutPage,
    Transferred,
    account_page,
    checkout_page,
    dashboard_page,
)
from reviewcore.adapters.sandbox.pages import amount_text
from reviewcore.domain.money import Cents
from reviewcore.ports.processor import SessionState

CHECKOUT = CheckoutPage(
    session_id="cs_1",
    title="5 reviews of Tide",
    amount=Cents(1995),
    currency="usd",
    state=SessionState.OPEN,
    success_url="http://shop.test/thanks?a=1&b=2",
    cancel_url="http://shop.test/back",
)
ACCOUNT = AccountPage(
    account_id="acct_1",
    reviewer_id="reviewer-1",
    country="US",
    state=AccountState.NEW,
    return_url="http://shop.test/back",
)
NASTY = """<script>alert("1")</script>'&"""


class Seen(HTMLParser):
    """Reads a page as a browser would: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag]


def test_an_open_checkout_offers_the_payer_every_outcome() -> None:
    page = Seen(checkout_page(CHECKOUT))

    assert page.all("form") == [{"method": "post"}]
    assert page.all("button") == [
        {"name": "outcome", "value": "pay"},
        {"name": "outcome", "value": "decline"},
        {"name": "outcome", "value": "abandon"},
    ]
    assert "5 reviews of Tide" in page.text
    assert "Pay 19.95 USD" in page.text


@pytest.mark.parametrize(
    ("state", "way_back"),
    [
        (SessionState.PAID, CHECKOUT.success_url),
        (SessionState.PROCESSING, CHECKOUT.cancel_url),
        (SessionState.EXPIRED, CHECKOUT.cancel_url),
        (SessionState.FAILED, CHECKOUT.cancel_url),
    ],
)
def test_a_checkout_that_is_over_only_leads_back(state: SessionState, way_back: str) -> None:
    page = Seen(checkout_page(attrs.evolve(CHECKOUT, state=state)))

    assert page.all("button") == []
    assert [link["href"] for link in page.all("a")] == [way_back]


@pytest.mark.parametrize("state", AccountState)
def test_an_account_offers_the_payee_every_outcome(state: AccountState) -> None:
    page = Seen(account_page(attrs.evolve(ACCOUNT, state=state)))

    assert page.all("form") == [{"method": "post"}]
    assert page.all("button") == [
        {"name": "outcome", "value": "complete"},
        {"name": "outcome", "value": "refuse"},
    ]


def test_a_dashboard_lists_what_was_paid_newest_first() -> None:
    first = Transferred(
        external_id="tr_1",
        payout_id="payout-1",
        account_id="acct_1",
        amount=Cents(1250),
        currency="usd",
        made_at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC),
    )
    second = attrs.evolve(first, amount=Cents(700))

    page = Seen(dashboard_page(attrs.evolve(ACCOUNT, transfers=(first, second))))

    assert "2026-01-05 12:00 UTC" in page.text
    assert page.text.index("7.00 USD") < page.text.index("12.50 USD")


def test_an_empty_dashboard_says_so() -> None:
    assert "Nothing was paid yet." in Seen(dashboard_page(ACCOUNT)).text


@pytest.mark.parametrize(
    "html",
    [
        checkout_page(attrs.evolve(CHECKOUT, title=NASTY, currency=NASTY)),
        checkout_page(attrs.evolve(CHECKOUT, state=SessionState.EXPIRED, cancel_url=NASTY)),
        account_page(attrs.evolve(ACCOUNT, country=NASTY)),
    ],
    ids=["open", "over", "account"],
)
def test_foreign_text_stays_text(html: str) -> None:
    page = Seen(html)

    assert page.all("script") == []
    shown = page.text + "".join(link["href"] or "" for link in page.all("a"))
    assert NASTY in shown


@pytest.mark.parametrize(
    "html", [checkout_page(CHECKOUT), account_page(ACCOUNT), dashboard_page(ACCOUNT)]
)
def test_a_page_needs_nothing_from_elsewhere(html: str) -> None:
    page = Seen(html)

    assert html.startswith("<!doctype html>")
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(5, "usd", "0.05 USD"), (123456, "eur", "1234.56 EUR"), (1995, "jpy", "1995 JPY")],
)
def test_an_amount_is_written_for_people(amount: int, currency: str, text: str) -> None:
    assert amount_text(Cents(amount), currency) == text
