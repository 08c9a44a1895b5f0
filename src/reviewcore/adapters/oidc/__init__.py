"""OpenID Connect providers, reached over HTTPS; needs the extra `oidc`."""

from reviewcore.adapters.oidc.identities import OidcIdentities
from reviewcore.adapters.oidc.settings import OidcSettings

__all__ = ["OidcIdentities", "OidcSettings"]
