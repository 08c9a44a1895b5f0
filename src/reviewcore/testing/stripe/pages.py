"""The pages to which Stripe sends people: pay a session, complete an account, see a dashboard."""

from __future__ import annotations

import re
from html import escape
from typing import Protocol
from urllib.parse import parse_qs

from reviewcore.testing.stripe.answers import HTML_TYPE, Answer, Incoming
from reviewcore.testing.stripe.checkout import NOUN
from reviewcore.testing.stripe.errors import Refusal, missing
from reviewcore.testing.stripe.world import Json, Link, World

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}"
    "form{display:grid;gap:.6rem}button{padding:.7rem;font:inherit;cursor:pointer}"
    "td{padding:.3rem 1rem .3rem 0}"
)
PAGE = re.compile(r"/(c/pay|setup/e|express)/([A-Za-z0-9_]+)(?:/([A-Za-z0-9_-]+))?")
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


class Player(Protocol):
    """What a person at a page can make happen."""

    def pay(self, session_id: str, /) -> Json:
        """Pay by card."""
        ...

    def pay_later(self, session_id: str, /) -> Json:
        """Pay by a method that takes days."""
        ...

    def decline(self, session_id: str, /) -> Json:
        """Try a card that is declined."""
        ...

    def onboard(self, account_id: str, /) -> Json:
        """Complete an account."""
        ...

    def disable(self, account_id: str, /) -> Json:
        """Be refused."""
        ...


class Pages:
    """Draws pages, and turns what is pressed there into what happens."""

    def __init__(self, world: World, player: Player) -> None:
        self._world = world
        self._player = player

    def answer(self, incoming: Incoming) -> Answer | None:
        """Answer a request for a page; None for any other path."""
        found = PAGE.fullmatch(incoming.path)
        if found is None:
            return None
        outcome = parse_qs(incoming.form).get("outcome", [""])[0]
        pressed = outcome if incoming.method == "POST" else None
        pages = {"c/pay": self._checkout, "setup/e": self._onboarding, "express": self._dashboard}
        try:
            with self._world.lock:
                return pages[found[1]](found[2], found[3] or "", pressed)
        except Refusal as refusal:
            return _page("Not here", f"<p>{escape(refusal.message)}</p>", status=refusal.status)

    def _checkout(self, session_id: str, _: str, pressed: str | None) -> Answer:
        session = self._world.get(NOUN, session_id)
        if pressed is None or session["status"] != "open":
            return _checkout_page(self._world, session)
        home = f"{self._world.url}/c/pay/{session_id}"
        success = session["success_url"].replace(PLACEHOLDER, session_id)
        cancel = session["cancel_url"] or home
        match pressed:
            case "pay":
                self._player.pay(session_id)
                return _see_other(success)
            case "later":
                self._player.pay_later(session_id)
                return _see_other(success)
            case "decline":
                self._player.decline(session_id)
                return _see_other(cancel)
            case "abandon":
                return _see_other(cancel)
            case _:
                return _see_other(home)

    def _onboarding(self, account_id: str, token: str, pressed: str | None) -> Answer:
        link = self._world.links.get(token)
        if link is None or link.account != account_id:
            raise missing("account_link", token)
        if link.finished or link.expires_at <= self._world.now():
            return _see_other(link.refresh_url)
        if pressed is None:
            return _open_once(link)
        link.finished = True
        match pressed:
            case "complete":
                self._player.onboard(account_id)
            case "refuse":
                self._player.disable(account_id)
            case _:
                pass  # He left without finishing, and comes back as if he had.
        return _see_other(link.return_url)

    def _dashboard(self, account_id: str, token: str, _: str | None) -> Answer:
        if self._world.logins.get(token) != account_id:
            raise missing("login_link", token)
        rows = "".join(
            f"<tr><td>{escape(payment['id'])}</td>"
            f"<td>{_amount(payment['amount'], payment['currency'])}</td></tr>"
            for payment in self._world.all("charge", account=account_id)
        )
        return _page("Payments", f"<table>{rows}</table>" if rows else "<p>Nothing yet.</p>")


def _checkout_page(world: World, session: Json) -> Answer:
    amount = _amount(session["amount_total"], session["currency"])
    lines = world.notes[session["id"]]["line_items"]["data"]
    title = ", ".join(line["description"] for line in lines)
    if session["status"] != "open":
        return _page(title, f"<p>{amount}</p><p>This session is {session['status']}.</p>")
    buttons = {
        "pay": f"Pay {amount}",
        "later": "Pay by a method that takes days",
        "decline": "Pay with a card that is declined",
        "abandon": "Go back",
    }
    return _page(title, f"<p>{amount}</p>{_form(buttons)}")


def _open_once(link: Link) -> Answer:
    # Programs that look at links in mails use them up: the second look finds a new link instead.
    if link.opened:
        return _see_other(link.refresh_url)
    link.opened = True
    buttons = {"complete": "Complete", "refuse": "Be refused", "leave": "Leave"}
    return _page("Your account", _form(buttons))


def _form(buttons: dict[str, str]) -> str:
    drawn = "".join(
        f'<button name="outcome" value="{value}">{escape(label)}</button>'
        for value, label in buttons.items()
    )
    return f'<form method="post">{drawn}</form>'


def _amount(amount: int, currency: str) -> str:
    # Currencies without a hundredth are shown as if they had one: this is a toy's page.
    return f"{amount // 100}.{amount % 100:02d} {escape(currency.upper())}"


def _page(title: str, body: str, *, status: int = 200) -> Answer:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><p>Not Stripe: no real money moves here.</p><h1>{escape(title)}</h1>{body}</body>"
        "</html>\n"
    )
    return Answer(status=status, body=text.encode(), content_type=HTML_TYPE)


def _see_other(url: str) -> Answer:
    return Answer(status=303, body=b"", content_type=HTML_TYPE, headers={"Location": url})
