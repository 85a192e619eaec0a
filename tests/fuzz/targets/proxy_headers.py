"""PROXY headers: any bytes announce somebody, nobody, or are refused; however they are cut, the outcome is one."""

from ipaddress import ip_address

from runtime.http.proxy_protocol import ProxyHeaderError, ProxyHeaderReader


def run(data: bytes) -> None:
    whole, in_bytes = _read([data]), _read([data[at : at + 1] for at in range(len(data))])
    assert whole == in_bytes
    if isinstance(whole, tuple) and whole[0] is not None:
        address, port = whole[0]
        assert str(ip_address(address)) == address
        assert 0 <= port <= 65535


def _read(pieces: list[bytes]):
    """Who is announced and how long the header is; None for an incomplete one, False for a refused one."""
    reader = ProxyHeaderReader()
    used = 0
    for piece in pieces:
        try:
            taken = reader.feed(piece)
        except ProxyHeaderError:
            return False
        used += taken
        if reader.done:
            return reader.announced, used
        assert taken == len(piece)
    return None
