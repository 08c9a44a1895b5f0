"""E-mail addresses: the one spelling that we store, and the person behind its variants."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from reviewcore.domain.errors import InvalidEmail

# RFC 5321, 4.5.3.1; 254 is what is left of a 256 octet path once < and > are taken.
EMAIL_CHARACTERS_MAX: Final = 254
LOCAL_PART_CHARACTERS_MAX: Final = 64

# RFC 5322 dot-atom: no quoted strings, comments or commas that could start a second recipient.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")

# The last label is a name: addresses of machines (10.0.0.1) are not addresses of people.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")

# IDNA 2003, the standard library's, maps these to other letters or to nothing; IDNA 2008, the
# registries', gives them domains of their own. Guessing could mail a token to a stranger.
_AMBIGUOUS_IN_IDNA: Final = frozenset("\u00df\u03c2\u1e9e")

_GMAIL_DOMAINS: Final = frozenset({"gmail.com", "googlemail.com"})


def normalise_email(text: str) -> str:
    """Return the address in the one spelling that is stored, compared and sent to.

    Outer whitespace goes, letters become lower case, an international domain becomes its ASCII
    form. The local part must be ASCII: folding other letters (Kelvin sign to k, sharp s to ss)
    makes another person's address, and few relays carry SMTPUTF8. Idempotent.

    Raises InvalidEmail.
    """
    address = text.strip()
    # Before any work on it: the IDNA codec is quadratic in the length of a label.
    if len(address) > EMAIL_CHARACTERS_MAX:
        raise InvalidEmail(reason=f"the address is over {EMAIL_CHARACTERS_MAX} characters long")
    # C: control, format (zero-width), surrogate, unassigned. Z: spaces.
    if any(unicodedata.category(character)[0] in "CZ" for character in address):
        raise InvalidEmail(reason="the address contains a space or an invisible character")
    if address.count("@") != 1:
        raise InvalidEmail(reason="the address must contain exactly one @")

    local, _, domain = address.partition("@")
    _require_local_part(local)
    normalised = f"{local.casefold()}@{_ascii_domain(domain)}"
    if len(normalised) > EMAIL_CHARACTERS_MAX:
        raise InvalidEmail(reason=f"the address is over {EMAIL_CHARACTERS_MAX} characters long")
    return normalised


def canonical_email(email: str) -> str:
    """Return the identity behind the variants of a normalised address.

    `+tag` is dropped everywhere; dots are dropped and googlemail.com is read as gmail.com where
    Google ignores the difference. Only to tell that two users may be one person: never store it as
    his address, send to it or sign in by it, because some hosts give `a` and `a+b` to two people.
    """
    local, _, domain = email.rpartition("@")

    # A local part that starts with + is all tag; without this, all such addresses were one person.
    base = local.partition("+")[0] or local
    if domain in _GMAIL_DOMAINS:
        return f"{base.replace('.', '')}@gmail.com"
    return f"{base}@{domain}"


def _require_local_part(local: str) -> None:
    if not 1 <= len(local) <= LOCAL_PART_CHARACTERS_MAX:
        raise InvalidEmail(
            reason=f"the part before the @ must have 1 to {LOCAL_PART_CHARACTERS_MAX} characters"
        )
    if not _LOCAL_PART.fullmatch(local):
        raise InvalidEmail(reason="the part before the @ contains a character that is not accepted")


def _ascii_domain(domain: str) -> str:
    if _AMBIGUOUS_IN_IDNA.intersection(domain):
        raise InvalidEmail(reason="the domain is ambiguous; write it in its xn-- form")
    try:
        ascii_domain = (domain if domain.isascii() else domain.encode("idna").decode()).lower()
    except UnicodeError as error:
        raise InvalidEmail(reason="the domain is not a valid international name") from error
    if not _DOMAIN.fullmatch(ascii_domain):
        raise InvalidEmail(reason="the domain is not a host name with a dot in it")
    return ascii_domain
