"""nginx variables as the placeholder `${x}` of add_rsp_header names them (reference section 7.6)."""

from collections.abc import Callable
from typing import Final

from edgescript.request import Request

_PLAIN: Final[dict[str, Callable[[Request], str | None]]] = {
    "args": lambda request: request.query,
    "document_uri": lambda request: request.path,
    "host": lambda request: request.host,
    "query_string": lambda request: request.query,
    "remote_addr": lambda request: request.client_addr,
    "remote_port": lambda request: str(request.client_port),
    "request_id": lambda request: request.id,
    "request_method": lambda request: request.method,
    "request_uri": lambda request: request.target,
    "scheme": lambda request: request.scheme,
    "server_addr": lambda request: request.server_addr,
    "server_port": lambda request: str(request.server_port),
    "server_protocol": lambda request: request.protocol,
    "uri": lambda request: request.path,
}
_PREFIXED: Final[dict[str, Callable[[Request, str], str | None]]] = {
    "arg_": lambda request, name: request.arguments.get(name),
    "cookie_": lambda request, name: request.cookies.get(name),
    "http_": lambda request, name: request.headers.get(name.replace("_", "-")),
}


def nginx_variable(request: Request, name: str) -> str | None:
    """The value of `$name`, or None when it is absent or unknown."""
    plain = _PLAIN.get(name)
    if plain is not None:
        return plain(request)
    for prefix, read in _PREFIXED.items():
        if name.startswith(prefix):
            return read(request, name[len(prefix) :])
    return None
