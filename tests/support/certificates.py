"""Certificates for tests: an authority of one's own, and files signed by it."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from runtime.config.tables import Certificate

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FAR_OFF = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def general_name(host):
    """A host name or an address, as a certificate names it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass
class Authority:
    """Signs certificates, files of which go into `folder`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self):
        self.certificate = self._sign("authority", self.key, (), FAR_OFF, is_authority=True)

    def issue(self, file, *names, expires=FAR_OFF, key=None):
        """Files `FILE.pem` and `FILE.key` for the hosts `names`; with `key`, the key file holds another than its own."""
        own = ec.generate_private_key(ec.SECP256R1())
        made = Certificate(certificate=str(self.folder / f"{file}.pem"), key=str(self.folder / f"{file}.key"))
        Path(made.certificate).write_bytes(self._sign(file, own, names, expires).public_bytes(Encoding.PEM))
        Path(made.key).write_bytes(pem(key or own))
        return made

    @property
    def pem(self):
        """Its own certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    def trusting(self):
        """What a client has that trusts this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.pem.decode())
        return context

    def _sign(self, subject, key, names, expires, *, is_authority=False):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(LONG_AGO)
            .not_valid_after(expires)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if names:
            alternatives = x509.SubjectAlternativeName([general_name(each) for each in names])
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self.key, hashes.SHA256())
