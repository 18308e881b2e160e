"""Who can log in to the sample, and which of its sites the lab serves; known to everybody, and to the tests."""

from __future__ import annotations

#: The same everywhere, which is why the sample exists on a loopback address only.
PASSWORD = "Beispiel-Anlage-2026"  # noqa: S105  # of plainly invented people

LOGINS = (
    ("rita@example.org", "reseller: Muster Gebäudetechnik AG"),
    ("karl@example.org", "customer: Gemeinde Beispielwil"),
    ("sonja@example.org", "supporter at Schulhaus Dorf"),
)

#: The site that the lab's first plant belongs to.
LAB_SITE = "Schulhaus Dorf"
