"""
TLS with clients: which certificate a client gets, and how certificates are replaced while connections last.

A client that names a host (SNI, RFC 6066 section 3) gets the first certificate that has it among its subject alternative
names, a wildcard standing for exactly one label (RFC 9525 section 6.3); any other client gets the first certificate of
all. Connections keep what they began with, so certificates may be replaced at any time.

Sessions are resumed by tickets, whose keys OpenSSL makes for each process and each certificate's context; a context is
kept while its files stay the same. Renegotiation and compression are off, and only ciphers with forward secrecy and
authenticated encryption are on: Mozilla's "intermediate" set without its CBC and DHE members.
"""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from runtime.config.problems import ConfigError, Problem

MAX_FILE_BYTES: Final = 1 << 20
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
_ALPN: Final = ("http/1.1",)
_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class CertificateFiles(Protocol):
    """PEM files: the chain, the node's own certificate first, and its key."""

    @property
    def certificate(self) -> str: ...
    @property
    def key(self) -> str: ...


class _Loaded(NamedTuple):
    """A certificate and its key, found to fit."""

    read: tuple[bytes, bytes]
    """What was in the files: while it stays the same, so does the context."""
    names: tuple[str, ...]
    """The hosts it is for, in lower case; `*.` begins a wildcard."""
    expires: float
    """Unix seconds."""
    context: ssl.SSLContext


class ServerTls:
    """
    The certificates of a node's TLS listeners. `minimum` is the oldest version of TLS, `1.2` or `1.3`.

    `context` is what a handshake begins with; it is another one after `reload`.
    """

    def __init__(self, files: Sequence[CertificateFiles], minimum: str) -> None:
        """Raises ConfigError, which names each file that cannot be used and why."""
        self._loaded: tuple[_Loaded, ...] = ()
        self._exact: Mapping[str, ssl.SSLContext] = {}
        self._minimum = ""
        self.reload(files, minimum)

    @property
    def context(self) -> ssl.SSLContext:
        return self._loaded[0].context

    def reload(self, files: Sequence[CertificateFiles], minimum: str) -> None:
        """Read the files anew: all of them are taken, or none and ConfigError is raised."""
        kept = {each.read: each for each in self._loaded} if minimum == self._minimum else {}
        loaded: list[_Loaded] = []
        problems: list[Problem] = []
        for index, each in enumerate(files):
            try:
                loaded.append(self._load(each, minimum, kept))
            except _UnusableError as error:
                problems.append(Problem(("certificates", index), str(error)))
        if not files:
            problems.append(Problem(("certificates",), "got none, want one at least for TLS"))
        if problems:
            raise ConfigError(problems)
        exact: dict[str, ssl.SSLContext] = {}
        for certificate in loaded:
            for name in certificate.names:
                exact.setdefault(name, certificate.context)
        self._loaded, self._exact, self._minimum = tuple(loaded), exact, minimum

    def expired(self, now: float) -> list[str]:
        """The names of those certificates whose time is over at `now` (Unix seconds)."""
        return [each.names[0] if each.names else "" for each in self._loaded if each.expires <= now]

    def find(self, host: str) -> ssl.SSLContext:
        """The context for a client that asks for `host`."""
        name = host.lower().removesuffix(".")
        found = self._exact.get(name)
        if found is None:
            found = self._exact.get("*." + name.partition(".")[2])
        return self.context if found is None else found

    def _choose(self, connection: ssl.SSLObject, host: str | None, _first: ssl.SSLContext) -> None:
        if host is not None:
            connection.context = self.find(host)

    def _load(
        self, files: CertificateFiles, minimum: str, kept: Mapping[tuple[bytes, bytes], _Loaded]
    ) -> _Loaded:
        read = (_read(files.certificate), _read(files.key))
        if read in kept:
            return kept[read]
        certificate = _certificate(files.certificate, read[0])
        key = _key(files.key, read[1])
        if _public(certificate.public_key()) != _public(key.public_key()):
            raise _UnusableError(
                f"the key in {files.key} is not that of the certificate in {files.certificate}"
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[minimum]
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_ciphers(_CIPHERS)
        context.set_alpn_protocols(_ALPN)
        context.sni_callback = self._choose
        try:
            context.load_cert_chain(files.certificate, files.key)
        except (ssl.SSLError, OSError) as error:
            raise _UnusableError(f"{files.certificate} with {files.key}: {_reason(error)}") from None
        return _Loaded(read, _names(certificate), certificate.not_valid_after_utc.timestamp(), context)


class _UnusableError(Exception):
    """A file is not what it must be; the text names it. Nothing of a key is in it."""


def _read(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _UnusableError(f"{file}: {_reason(error)}") from None
    if len(data) > MAX_FILE_BYTES:
        raise _UnusableError(f"{file}: longer than {MAX_FILE_BYTES} bytes")
    return data


def _certificate(file: str, data: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(data)[0]
    except ValueError:
        raise _UnusableError(f"{file}: no certificate in PEM form") from None


def _key(file: str, data: bytes) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        raise _UnusableError(f"{file}: the key is encrypted, want one without a password") from None
    except Exception:  # noqa: BLE001 - the library has an error of its own for each kind of key it does not know
        raise _UnusableError(f"{file}: no private key in PEM form") from None


class _PublicKey(Protocol):
    def public_bytes(self, encoding: Encoding, format: PublicFormat, /) -> bytes: ...  # noqa: A002 - its name there


def _public(key: _PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The DNS names it is for. The subject's common name is none (RFC 9525 section 6.3)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names: Iterable[str] = found.value.get_values_for_type(x509.DNSName)
    return tuple(name.lower().removesuffix(".") for name in names)


def _reason(error: OSError) -> str:
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    return str(reason).lower().replace("_", " ")
