"""What is known of a provider beforehand; the rest it tells itself."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class OidcSettings:
    """One provider: *name* as it stands in addresses, *issuer* exactly as the provider spells it.

    It is asked at `<issuer>/.well-known/openid-configuration` for all else.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
