"""A certificate authority of a provider's own: what is typed is checked, and what is kept are certificates alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST = 20_000
MOST = 5


class NoAuthority(ValueError):
    """This can't be one; says why."""

    def __init__(self, sentence: Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Authority:
    """One certificate, for people who compare it with theirs."""

    name: str
    ends_at: datetime
    fingerprint: str


def checked_authority(text: str, at: datetime) -> str:
    """The certificates in a text, as PEM and nothing else; "" for none. Raises NoAuthority."""
    if not text.strip():
        return ""
    if len(text) > LONGEST:
        raise NoAuthority(_("This is too long: at most five certificates."))
    if "PRIVATE KEY" in text:
        raise NoAuthority(_("This holds a private key. Enter the certificate only, and replace that key."))
    certificates = _read(text)
    if len(certificates) > MOST:
        raise NoAuthority(_("This is too long: at most five certificates."))
    for each in certificates:
        if not _may_vouch(each):
            raise NoAuthority(_("This certificate is not one of an authority."))
        if each.not_valid_after_utc <= at:
            raise NoAuthority(_("This certificate has expired."))
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def authorities_in(pem: str) -> list[Authority]:
    """What is kept, in words."""
    return [
        Authority(
            each.subject.rfc4514_string(), each.not_valid_after_utc, each.fingerprint(SHA256()).hex(":")
        )
        for each in (_read(pem) if pem else [])
    ]


def _read(text: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise NoAuthority(
            _("Please enter a certificate that begins with -----BEGIN CERTIFICATE-----.")
        ) from None


def _may_vouch(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
