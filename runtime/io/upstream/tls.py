"""TLS to an origin: verified unless configuration says otherwise, HTTP/1.1 only."""

import ssl

from runtime.upstreams.upstream import Tls


def origin_context(tls: Tls) -> ssl.SSLContext:
    """
    The context for connections to an origin. Raises OSError for certificates that cannot be read (ssl.SSLError is one).

    Without verification anyone on the way can be the origin; it is for origins in one's own hands.
    """
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def trusting_nobody() -> ssl.SSLContext:
    """For an origin whose certificates cannot be read: every connection fails, and nothing else does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    return context
