"""A letter as a page, for mail programs that show one; needs the extra `mail`."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from reviewcore.ports.mail import Letter

if TYPE_CHECKING:
    from css_inline import CSSInliner
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("letter.html.jinja")


@attrs.frozen
class Paragraph:
    """Some lines of a letter; a link alone may be followed."""

    text: str

    @property
    def is_link(self) -> bool:
        """Whether it is an address of the web and nothing else."""
        return self.text.startswith(("http://", "https://")) and len(self.text.split()) == 1


def page_of(letter: Letter) -> str | None:
    """Make the page, its styles written into each element; None when the extra is missing.

    What people typed is told as text and never as markup.
    """
    if not is_installed():
        return None
    template, inliner = _tools()
    told = [part.strip("\n") for part in letter.text.split("\n\n")]
    paragraphs = [Paragraph(part) for part in told if part.strip()]
    return inliner.inline(template.render(subject=letter.subject, paragraphs=paragraphs))


@cache
def is_installed() -> bool:
    """Tell whether the extra `mail` is there."""
    return find_spec("jinja2") is not None and find_spec("css_inline") is not None


@cache
def _tools() -> tuple[Template, CSSInliner]:
    from css_inline import CSSInliner  # noqa: PLC0415 - the base install does without
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - as above

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    # Nothing is ever fetched for a mail.
    return template, CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)
