"""The demo's customer: a domain, a script live in both environments, tokens for its author and for the nodes."""

import time
from typing import Final, NamedTuple

from runtime.console.client import Address, ConsoleClient

DOMAIN: Final = "demo"
HOST: Final = "demo.localhost"
SCRIPT: Final = "greeting"
SOURCE: Final = "# position: head\nadd_rsp_header('X-Greeting', 'hello')\n"


class Customer(NamedTuple):
    """Tokens."""

    author: str
    staging: str
    production: str


def settle(console: str, operator: str, origin: str) -> Customer:
    """Make the customer. Raises ConsoleError."""
    with ConsoleClient(Address(console, operator), time.sleep) as client:
        client.post("/domains", {"name": DOMAIN, "settings": {"hosts": [HOST], "origin": origin}})
        author = client.post("/tokens", {"label": "author", "grants": [{"domain": DOMAIN, "scope": "admin"}]})
        nodes = {
            environment: client.post(
                "/tokens",
                {
                    "label": f"{environment} nodes",
                    "node": {"environment": environment, "pool": "demo", "region": "here"},
                },
            )
            for environment in ("staging", "production")
        }
    with ConsoleClient(Address(console, author["secret"]), time.sleep) as client:
        versions = f"/domains/{DOMAIN}/scripts/{SCRIPT}/versions"
        client.post(versions, {"message": "greet", "source": SOURCE, "rule": {}, "tests": None})
        for environment in nodes:
            client.post(
                f"/domains/{DOMAIN}/publish",
                {"environment": environment, "settings": True, "message": "the first"},
            )
    return Customer(author["secret"], nodes["staging"]["secret"], nodes["production"]["secret"])
