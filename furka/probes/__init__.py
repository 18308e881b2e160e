"""Looks at something from outside, as a stranger would: a page, a mail server, TLS, the time. No Django."""
