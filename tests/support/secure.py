"""Clients that speak TLS with a node."""

import asyncio
import contextlib
import ssl

from runtime.config.tables import Listener
from tests.support.rawclient import RawClient

SECURE = (Listener(address="127.0.0.1:0", tls=True),)


@contextlib.asynccontextmanager
async def secure(node, authority, host="a.test", *, context=None, alpn=("http/1.1",)):
    """A client of `node` that asks for `host` and believes `authority`; `host` None names nobody and believes anyone."""
    context = context or authority.trusting()
    if alpn:
        context.set_alpn_protocols(alpn)
    if host is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(
        *node.address, ssl=context, server_hostname=host or "", limit=1 << 20
    )
    client = RawClient(reader, writer)
    node.connected.append(client)
    try:
        yield client
    finally:
        client.close()


def names(client):
    """The hosts of the certificate that `client` was shown."""
    return [value for _, value in client.writer.get_extra_info("peercert")["subjectAltName"]]
