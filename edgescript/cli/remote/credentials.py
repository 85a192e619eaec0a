"""
The tokens of the consoles that `edgescript login` signed in to, in a file of the person.

A token is kept under the console's URL in its one spelling (`console_url`) and never goes anywhere else.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import SplitResult, urlsplit

import click

from edgescript.cli.files import Unreadable
from edgescript.cli.remote.personal import PersonalFile, folder

_PORTS: Final = {"http": 80, "https": 443}
_TOKEN_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/=")
MAX_TOKEN: Final = 512


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A console's token, never shown. `insecure` was said when its URL is plain HTTP over a network."""

    token: str = field(repr=False)
    label: str = ""
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """By console; `latest` is the one signed in to last, '' for none."""

    consoles: Mapping[str, SignedIn] = field(default_factory=dict)
    latest: str = ""

    def with_console(self, url: str, signed_in: SignedIn) -> "Credentials":
        return Credentials({**self.consoles, url: signed_in}, url)

    def without(self, url: str) -> "Credentials":
        left = {each: signed_in for each, signed_in in self.consoles.items() if each != url}
        latest = self.latest if self.latest in left else next(reversed(left), "")
        return replace(self, consoles=left, latest=latest)


def console_url(text: str) -> str:
    """
    The one spelling of a console's URL: lower-case scheme and host, no default port, no slash at its end.

    Raises a usage error for anything else than http(s)://host[:port][/path].
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise click.UsageError(f"{text!r} is no URL") from None
    if parts.scheme not in _PORTS or not parts.hostname or not text.isprintable() or " " in text:
        raise click.UsageError(f"{text!r}: want a console's URL, such as https://console.example.com")
    if parts.username is not None or parts.query or parts.fragment:
        raise click.UsageError("a console's URL has no user, query or fragment")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown_port = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}{parts.path.rstrip('/')}"


def goes_in_clear(url: str) -> bool:
    """Whether a token sent there could be read on the way: plain HTTP to anything but this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_loopback(parts)


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761 §6.3


def check_token(text: str) -> str:
    """`text` without white space around it. Raises a usage error for what no token can be; the text is not repeated."""
    token = text.strip()
    if not token:
        raise click.UsageError("no token given")
    if len(token) > MAX_TOKEN or not _TOKEN_LETTERS.issuperset(token):
        raise click.UsageError("that is no token: want what 'edgescript tokens create' printed")
    return token


def read(environment: Mapping[str, str]) -> Credentials:
    """What was kept; nothing before the first login. Raises `Unreadable`."""
    file = _file(environment)
    if file.is_open_to_others():
        raise Unreadable(f"others may read {str(file.path)!r}: chmod 600 it, and revoke the tokens in it")
    return _decoded(file)


def change(environment: Mapping[str, str], change: Callable[[Credentials], Credentials]) -> None:
    """Keep what `change` makes of what was kept. Raises `Unreadable`."""
    file = _file(environment)
    with file.changing():
        changed = change(read(environment))
        consoles = {
            url: {"token": each.token, "label": each.label, "insecure": each.insecure}
            for url, each in changed.consoles.items()
        }
        file.replace({"consoles": consoles, "latest": changed.latest})


def _file(environment: Mapping[str, str]) -> PersonalFile:
    return PersonalFile(folder(environment, "XDG_CONFIG_HOME") / "credentials.json")


def _decoded(file: PersonalFile) -> Credentials:
    value = file.read()
    if value is None and not file.path.exists():
        return Credentials()
    try:
        consoles = {
            str(url): SignedIn(str(each["token"]), str(each["label"]), each["insecure"] is True)
            for url, each in value["consoles"].items()
        }
        return Credentials(consoles, str(value["latest"]))
    except (KeyError, TypeError, AttributeError):
        raise Unreadable(f"{str(file.path)!r} is damaged: remove it and log in again") from None
