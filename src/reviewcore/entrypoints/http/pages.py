"""The pages for people: plain, self-contained, every text escaped."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.feedback import FirstImpression
from reviewcore.domain.links import SourceType

if TYPE_CHECKING:
    from reviewcore.entrypoints.http.views.reviews import SharedView, TimestampView

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #586173; --paper: #fff;
  --ground: #f1f3f7; --line: #dce1ea; --accent: #5b3df5; --warm: #b7791f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ecf3; --soft: #a3acbd; --paper: #1a1f2a;
  --ground: #10141c; --line: #323a4a; --accent: #9d8bff; --warm: #f0c36d; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--ground); color: var(--ink);
  font: 17px/1.6 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 2.25rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 1rem; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 1.75rem 0 .4rem; font-size: 1.05rem; }
p, blockquote { margin: .4rem 0; overflow-wrap: anywhere; white-space: pre-line; }
blockquote { padding: .2rem 0 .2rem 1rem; border-left: 3px solid var(--accent); }
.soft { color: var(--soft); font-size: .92rem; }
.gem { color: var(--warm); font-weight: 600; }
a { color: var(--accent); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1.25rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
.bar { letter-spacing: .1em; color: var(--accent); }
ul { margin: .4rem 0; padding-left: 1.2rem; }
button { margin-top: 1rem; padding: .7rem 1.2rem; border: 0; border-radius: .6rem; cursor: pointer;
  background: var(--accent); color: var(--paper); font: inherit; font-weight: 600; }
button:focus-visible, a:focus-visible { outline: 3px solid var(--warm); outline-offset: 2px; }
code { font-size: .92em; }
"""

IMPRESSIONS = MappingProxyType(
    {
        FirstImpression.STRONG_HOOK: "Hooked from the start",
        FirstImpression.DECENT: "A decent start",
        FirstImpression.LOST_INTEREST: "Lost interest early",
    }
)


def front_page() -> str:
    """Say what this is and where to go on."""
    return _page(
        "reviewcore",
        "<h1>reviewcore</h1>"
        "<p>A market for music feedback: artists submit tracks, matched reviewers listen, write "
        "structured reviews and are paid for them.</p>"
        '<p>This is its HTTP interface. <a href="/docs">Read how to use it</a>, or fetch the '
        '<a href="/openapi.json">OpenAPI document</a>.</p>',
    )


def checkout_return_page(*, paid: bool) -> str:
    """Tell the payer how it ended."""
    if paid:
        told = "<h1>Thank you</h1><p>The payment has arrived. Your track is in the queue.</p>"
    else:
        told = (
            "<h1>Not paid yet</h1><p>No payment has arrived. If you have just paid, it will show "
            "in a moment; if not, you can check out again.</p>"
        )
    return _page("Checkout", told)


def payouts_return_page() -> str:
    """Receive the payee."""
    return _page(
        "Payouts", "<h1>Payout account</h1><p>Thank you. You can close this page and withdraw.</p>"
    )


def verification_page(token: str) -> str:
    """Ask for the click that spends *token*."""
    return _page(
        "Confirm your address",
        "<h1>Confirm your address</h1><p>One click, and the address is yours.</p>"
        '<form method="post" action="/verify-email">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        "<button>Confirm</button></form>",
    )


def verified_page() -> str:
    """Tell that it worked."""
    return _page("Confirmed", "<h1>Confirmed</h1><p>Your address is confirmed.</p>")


def unverified_page() -> str:
    """Tell that it did not work."""
    return _page(
        "Not confirmed",
        "<h1>Not confirmed</h1><p>This link was used before or is too old. Sign in and ask for "
        "another one.</p>",
    )


def reset_page(token: str, *, refusal: str = "") -> str:
    """Ask for the password that *token* gives, and say why the last one was refused."""
    return _page(
        "Choose another password",
        "<h1>Choose another password</h1><p>You will be signed out everywhere.</p>"
        f"{f'<p class=soft>{escape(refusal)}</p>' if refusal else ''}"
        '<form method="post" action="/reset-password">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        '<label>New password <input type="password" name="password" required minlength="8" '
        'maxlength="256" autocomplete="new-password"></label><br>'
        "<button>Change it</button></form>",
    )


def reset_done_page() -> str:
    """Tell that it worked."""
    return _page(
        "Changed",
        "<h1>Changed</h1><p>Your password is changed. Sign in with the new one.</p>",
    )


def reset_failed_page() -> str:
    """Tell that it did not work."""
    return _page(
        "Not changed",
        "<h1>Not changed</h1><p>This link was used before or is too old. Ask for another one.</p>",
    )


def problem_page(name: str, kind: type[ReviewcoreError], *, status: int) -> str:
    """Explain a problem's `type`."""
    title = (kind.__doc__ or name).strip().splitlines()[0]
    return _page(
        name, f"<h1>{escape(name)}</h1><p>{escape(title)}</p><p class=soft>Status {status}</p>"
    )


def _link(view: SharedView) -> str:
    # An upload is for those who review it; its link is a name and no place.
    # The track of an artist who has left has none.
    if view.track.source_type is SourceType.UPLOAD or not view.track.source_url:
        return ""
    url = escape(view.track.source_url)
    return f' &middot; <a href="{url}" rel="noopener nofollow ugc">listen</a>'


def shared_page(view: SharedView) -> str:
    """Show a review as its artist likes to show it."""
    gem = (
        '<p class="gem">&#9670; The artist marked this review as a gem.</p>' if view.is_gem else ""
    )
    return _page(
        f"A review of {view.track.title}",
        f"<h1>{escape(view.track.title)}</h1>"
        f'<p class="soft">by {escape(view.track.artist_name)}{_link(view)}</p>'
        f"{gem}{_scores(view)}"
        f"{_part('What works best', view.best_part, view.best_part_timestamp)}"
        f"{_part('What could be stronger', view.weakest_part, view.weakest_timestamp)}"
        f"{_part('Next steps', view.next_actions)}{_part('Also', view.additional_notes)}"
        f"{_moments(view.timestamps)}"
        f'<p class="soft">Reviewed by {escape(view.reviewer.name)} ({view.reviewer.tier}) on '
        f"{view.completed_at:%d %B %Y}</p>",
    )


@cache
def docs_page() -> str:
    """Show the OpenAPI document; the page fetches it from this server and nothing else."""
    return files(__package__).joinpath("static", "docs.html").read_text(encoding="utf-8")


def _scores(view: SharedView) -> str:
    scores = {
        "Production": view.production_score,
        "Vocals": view.vocal_score,
        "Originality": view.originality_score,
    }
    rows = [("First impression", escape(IMPRESSIONS[view.first_impression]))]
    rows += [(name, _bar(score)) for name, score in scores.items() if score is not None]
    if view.perceived_genre:
        rows.append(("Sounds like", escape(view.perceived_genre)))
    if view.similar_artists:
        rows.append(("In the vein of", escape(view.similar_artists)))
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{told}</dd>" for name, told in rows) + "</dl>"


def _bar(score: int) -> str:
    filled = "&#9679;" * score + "&#9675;" * (5 - score)
    return f'<span class="bar" aria-hidden="true">{filled}</span> {score} of 5'


def _part(title: str, text: str | None, moment: int | None = None) -> str:
    if not text:
        return ""
    at = f' <span class="soft">at {_clock(moment)}</span>' if moment is not None else ""
    return f"<h2>{title}{at}</h2><blockquote>{escape(text)}</blockquote>"


def _moments(timestamps: tuple[TimestampView, ...]) -> str:
    if not timestamps:
        return ""
    lines = "".join(f"<li>{_clock(one.seconds)} {escape(one.note)}</li>" for one in timestamps)
    return f"<h2>Moments</h2><ul>{lines}</ul>"


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )
