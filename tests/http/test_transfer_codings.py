"""Transfer codings (RFC 9112 §6.1, §7): a list of them by itself, from either side, with the status it is refused with."""

from runtime.http.framing import (
    Chunked,
    HeadLimits,
    decide_request_framing,
    decide_response_framing,
)
from runtime.http.refusal import Refuse
from tests.http.notation import fields, table


@table(
    "coding from_client from_origin",
    [
        ("7.1", "chunked", None, None),
        ("7 any case", "Chunked", None, None),
        ("7 no longer a coding", "identity", 400, 502),
        ("7 below chunked", "identity, chunked", 501, 502),
        ("7.1 has no parameters", "chunked;a=b", 400, 502),
        ("7.2", "gzip", 400, 502),
        ("7.2 below chunked", "gzip, chunked", 501, 502),
    ],
)
def test_only_chunked_is_understood(coding, from_client, from_origin):
    field = f"Transfer-Encoding: {coding}"
    asked = decide_request_framing(b"POST", b"/", b"1.1", fields(f"Host: a | {field}"), HeadLimits())
    answered = decide_response_framing(b"GET", 200, b"1.1", fields(field))
    assert refused(asked) == from_client
    assert refused(answered) == from_origin


def refused(decided):
    """The status of a refusal, None for chunks."""
    return decided.status if isinstance(decided, Refuse) else None if decided == Chunked() else decided
