"""
Which failures another server may make good.

A connection that never came about has asked nothing: any request may try elsewhere. Once bytes were sent, only a
request whose repetition changes nothing may (RFC 9110 section 9.2.2), and only without content, which is not kept.
"""

from typing import Final, Literal

Failure = Literal["unresolved", "forbidden", "refused", "tls", "timeout", "cut", "malformed", "down", "busy"]
"""
How an origin fails: its name has no address, it is where it may not be (`Upstream.refused`), it is not reached, its
certificate or TLS will not do, it is silent for too long, gone before the end, or does not speak HTTP; or no server may
be asked, or all have their `max_connections`.
"""
IDEMPOTENT: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})
"""RFC 9110 section 9.2.2. Methods nobody here knows are not."""
_MAY_BE_ANOTHERS_LUCK: Final[frozenset[Failure]] = frozenset({"timeout", "cut"})
"""Once it was sent something. What does not speak HTTP has answered: asking on would hide it."""


def may_try_another(failure: Failure, *, sent: bool, method: bytes, has_content: bool) -> bool:
    """
    Whether a request that came to `failure` before a response head may go to another server.

    `sent` when any of it was written to the connection. How often is `Upstream.retries`.
    """
    if not sent:
        return True
    return failure in _MAY_BE_ANOTHERS_LUCK and method in IDEMPOTENT and not has_content
