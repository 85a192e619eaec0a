"""How a node reaches its console, and as whom."""

import ipaddress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from runtime.bundles.node_token import NodeToken


class ConsoleAccess(NamedTuple):
    """The token's secret is in nothing that is shown: `NodeToken` hides it."""

    url: str
    """`http://` or `https://`, with a path or without, no slash at the end. A relay's as well as the console's."""
    token: NodeToken
    node: str
    """What the node is called."""
    state: Path
    """Where what was sent last is kept (`runtime.state.bundles`)."""
    ca_file: str = ""
    """Certificates to trust, PEM; '' for the system's."""
    version: str = ""
    """Of the program."""

    @property
    def is_in_clear(self) -> bool:
        """Whether the token can be read on its way: HTTP without TLS, to another machine."""
        split = urlsplit(self.url)
        if split.scheme == "https":
            return False
        try:
            return not ipaddress.ip_address(split.hostname or "").is_loopback
        except ValueError:
            return split.hostname != "localhost"
