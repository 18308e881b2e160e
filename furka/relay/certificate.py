"""A certificate of the relay's own, where no known authority has signed one; gateways are told which it is."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from furka.relay.folder import write

_LASTS = timedelta(days=3650)
_BEHIND = timedelta(days=1)  # clocks in the field may be late

#: Its own authority, and a server.
_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def own(folder: Path, host: str, at: datetime) -> tuple[Path, Path]:
    """The own certificate for that host and its key, both made if they are missing or for another host."""
    place, key_place = folder / "certificate.pem", folder / "key.pem"
    if not (key_place.exists() and place.exists() and _is_for(place, host, at)):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _made(key, host, at)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write(key_place, private.decode(), 0o600)
        write(place, made.public_bytes(serialization.Encoding.PEM).decode(), 0o644)
    return place, key_place


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """How the relay speaks TLS. Raises OSError (ssl.SSLError) if the files are not what they should be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def client_context(certificate: str) -> ssl.SSLContext:
    """How a gateway checks a relay: by that certificate alone, or by the authorities of its system.

    Raises ValueError if it is no certificate.
    """
    try:
        context = ssl.create_default_context(cadata=certificate or None)
    except ssl.SSLError as error:
        raise ValueError("the relay's certificate is not understood") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _made(key: ec.EllipticCurvePrivateKey, host: str, at: datetime) -> x509.Certificate:
    try:
        name: x509.GeneralName = x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        name = x509.DNSName(host)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Furka relay")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BEHIND)
        .not_valid_after(at + _LASTS)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )


def _is_for(place: Path, host: str, at: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(place.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    known = {str(one) for one in names.get_values_for_type(x509.IPAddress)}
    known |= set(names.get_values_for_type(x509.DNSName))
    return host.strip("[]") in known and found.not_valid_after_utc - at > _LASTS / 20
