"""The origin of a simulated request, asked over HTTP."""

from typing import TYPE_CHECKING, Final

import click

from runtime.proxy.forward import Forward
from runtime.proxy.messages import UpstreamFailed
from runtime.proxy.simulate import Origin, OriginAnswer
from runtime.trial.stated import Url

if TYPE_CHECKING:
    from http.client import HTTPConnection

TIMEOUT_S: Final = 10.0
"""For connecting and for each read."""
MAX_BODY: Final = 8 << 20
"""`run` shows answers; it is no way to fetch large files."""


def real(url: Url) -> Origin:
    """The origin that listens at `url`. One that cannot be reached or breaks off gives what a node makes of it."""
    import http.client

    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    host = url.host.rpartition(":")[0] if url.host.endswith(f":{url.port}") else url.host

    def ask(forward: Forward) -> OriginAnswer | UpstreamFailed:
        connection = kind(host.strip("[]"), url.port, timeout=TIMEOUT_S)
        try:
            _send(connection, forward)
            response = connection.getresponse()
            body = response.read(MAX_BODY + 1)
        except TimeoutError:
            return UpstreamFailed(silent=True, may_have_acted=True)
        except (OSError, http.client.HTTPException):
            return UpstreamFailed(silent=False, may_have_acted=True)
        finally:
            connection.close()
        if len(body) > MAX_BODY:
            raise click.UsageError(f"the origin's answer is larger than {MAX_BODY} bytes")
        fields = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
        ]
        return OriginAnswer(response.status, fields, body)

    return ask


def _send(connection: "HTTPConnection", forward: Forward) -> None:
    connection.putrequest(
        forward.method.decode("latin-1"),
        forward.target.decode("latin-1"),
        skip_host=True,
        skip_accept_encoding=True,
    )
    for name, value in forward.fields:
        connection.putheader(name, value)
    connection.endheaders()
