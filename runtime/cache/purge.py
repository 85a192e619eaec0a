"""
A purge: which stored responses it is about, and what it does to them.

A URL means the object a client names by it: both schemes, since an operator purges content and not a port; whatever
upstream a script chose for it; and every variant. Scheme and host are compared in lower case, a fragment is dropped, an
empty path is `/`. A key that scripts made (`set_cache_key`) is purged by being stated as it is, after scheme and
authority; one with ` @` or `#` in it by a prefix that ends before that, or by tag. A prefix is compared with the URL in the same way, byte by byte: `http://a.example/im` covers `/images` too.
What names no host, as `http:` or a path alone, could be meant as anything, and is refused.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple, TypeAlias

PurgeKind: TypeAlias = Literal["url", "prefix", "tag", "all"]

UPSTREAM_MARK: Final = " @"
"""What separates a URL from the name of the upstream a script chose, in a primary key. No URL has a space."""
MAX_SHOWN: Final = 100
_SCHEMES: Final = ("http://", "https://")


class Purge(NamedTuple):
    """Make from what people write by `purge_of`, which brings `value` into the form of keys."""

    kind: PurgeKind
    value: str
    """One code point per byte; of `all` it means nothing."""
    soft: bool = False
    """What it is about becomes stale, to be revalidated or served in grace, instead of going."""
    hosts: tuple[str, ...] = ()
    """It is about these only, as sites name theirs (`runtime.scripts.hosts`); () for all."""


def purge_of(kind: PurgeKind, text: str, *, soft: bool = False) -> Purge:
    """The purge meant by a person's `text`. Raises ValueError where it could mean anything."""
    value = text.strip().encode("utf-8").decode("latin-1")
    if kind == "all":
        return Purge(kind, "", soft)
    if not value:
        raise ValueError(f"want a {kind} to purge")
    if kind != "tag":
        value = _url(value, whole=kind == "url")
    return Purge(kind, value, soft)


def _url(text: str, *, whole: bool) -> str:
    text = text.partition("#")[0]
    scheme, mark, rest = text.partition("://")
    if text.startswith("//"):
        scheme, mark, rest = "http", "://", text[2:]
    if not (mark and rest) or scheme.lower() not in {"http", "https"}:
        raise ValueError(f"want http or https, a host, and a path, got {_shortened(text)!r}")
    ends = [at for sign in "/? " if (at := rest.find(sign)) >= 0]
    end = min(ends, default=len(rest))
    authority, path = rest[:end].lower(), rest[end:]
    if whole and not path.startswith(("/", " ")):
        path = f"/{path}"
    return f"http://{authority}{path}"


def _shortened(text: str) -> str:
    """So much of `text` as a message should repeat."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def both_schemes(value: str) -> tuple[str, ...]:
    """The keys, or beginnings of keys, that `value` of a URL or prefix stands for."""
    for scheme in _SCHEMES:
        if value.startswith(scheme):
            rest = value[len(scheme) :]
            return tuple(each + rest for each in _SCHEMES)
    return (value,)


def without_scheme(value: str) -> str:
    """The same for the two values of `both_schemes`, and for no others."""
    for scheme in _SCHEMES:
        if value.startswith(scheme):
            return value[len(scheme) - 2 :]
    return value


def url_of(primary: str) -> str:
    """A primary key without the upstream that a script chose."""
    return primary.partition(UPSTREAM_MARK)[0]


def concerns(purge: Purge, primary: str, tags: Collection[str]) -> bool:
    """Whether a stored response with this key and these tags is one the purge is about."""
    if purge.hosts and not is_within(purge.hosts, primary):
        return False
    kind = purge.kind
    if kind == "all":
        return True
    if kind == "tag":
        return purge.value in tags
    stated = both_schemes(purge.value)
    return url_of(primary) in stated or primary in stated if kind == "url" else primary.startswith(stated)


def is_within(hosts: Collection[str], primary: str) -> bool:
    """Whether the host in a primary key is one of `hosts`: names, `*.` before a name, or `*` for every one."""
    rest = primary.partition("://")[2]
    end = min((at for sign in "/? " if (at := rest.find(sign)) >= 0), default=len(rest))
    authority = rest[:end]
    port = authority.rfind(":")
    # An address in brackets has colons of its own.
    host = authority[:port] if port > authority.rfind("]") else authority
    host = host.removesuffix(".")
    return any(
        host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
        if pattern.startswith("*.")
        else pattern in {host, "*"}
        for pattern in map(str.lower, hosts)
    )
