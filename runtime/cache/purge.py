"""
A purge: which stored responses it is about, and what it does to them.

A URL means the object a client names by it: both schemes, since an operator purges content and not a port; whatever
upstream a script chose for it; and every variant. Scheme and host are compared in lower case, a fragment is dropped, an
empty path is `/`. A key that scripts made (`set_cache_key`) is purged by being stated as it is, after scheme and
authority; one with ` @` or `#` in it by a prefix that ends before that, or by tag. A prefix is compared with the URL in the same way, byte by byte: `http://a.example/im` covers `/images` too.
A value without a scheme and `//` is compared with keys as it stands.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple, TypeAlias

PurgeKind: TypeAlias = Literal["url", "prefix", "tag", "all"]

UPSTREAM_MARK: Final = " @"
"""What separates a URL from the name of the upstream a script chose, in a primary key. No URL has a space."""
_SCHEMES: Final = ("http://", "https://")


class Purge(NamedTuple):
    """Make from what people write by `purge_of`, which brings `value` into the form of keys."""

    kind: PurgeKind
    value: str
    """One code point per byte; of `all` it means nothing."""
    soft: bool = False
    """What it is about becomes stale, to be revalidated or served in grace, instead of going."""


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
    if not mark or scheme.lower() not in {"http", "https"}:
        return text
    ends = [at for sign in "/? " if (at := rest.find(sign)) >= 0]
    end = min(ends, default=len(rest))
    authority, path = rest[:end].lower(), rest[end:]
    if whole and not path.startswith(("/", " ")):
        path = f"/{path}"
    return f"http://{authority}{path}"


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
    kind = purge.kind
    if kind == "all":
        return True
    if kind == "tag":
        return purge.value in tags
    stated = both_schemes(purge.value)
    return url_of(primary) in stated or primary in stated if kind == "url" else primary.startswith(stated)
