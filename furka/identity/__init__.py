"""Logging in by an outside identity provider (OpenID Connect), as each reseller sets it up for its people."""
