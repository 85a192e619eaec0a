"""Which trailer fields go on, and to whom (RFC 9110 §6.5, §10.1.4)."""

from runtime.http.trailers import forwardable, trailer_section, wants_trailers
from tests.http.notation import fields, table, text


@table(
    "received passed",
    [
        (
            "6.5.1 fields of one's own",
            "X-Sum: 1 | Server-Timing: a;dur=1",
            "X-Sum: 1 | Server-Timing: a;dur=1",
        ),
        ("6.5.1 framing", "Content-Length: 5 | Transfer-Encoding: chunked", ""),
        ("6.5.1 routing", "Host: a | X-Forwarded-For: b | x-forwarded-port: 1 | Forwarded: c", ""),
        ("6.5.1 authentication", "Authorization: a | WWW-Authenticate: b | Set-Cookie: c | Cookie: d", ""),
        ("6.5.1 content", "Content-Type: a/b | Content-Range: bytes 0-1/2 | Content-Digest: x", ""),
        ("6.5.1 control", "Cache-Control: no-store | Age: 5 | If-None-Match: x | TE: y", ""),
        (
            "6.5.1 names that CGI makes of others",
            "Transfer_Encoding: chunked | content_length: 5 | X_Sum: 1",
            "X_Sum: 1",
        ),
        ("6.5.1 the hop's", "Connection: close | Proxy-Thing: x", ""),
    ],
)
def test_what_passes(received, passed):
    assert text(forwardable(fields(received))) == passed


@table(
    "request_ wants",
    [
        ("10.1.4", "TE: trailers", True),
        ("10.1.4 among others", "TE: gzip;q=0.5, Trailers", True),
        ("10.1.4 not", "TE: gzip", False),
        ("10.1.4 none", "", False),
    ],
)
def test_who_keeps_them(request_, wants):
    assert wants_trailers(fields(request_)) is wants


def test_the_end_of_a_body():
    assert trailer_section([]) == b"0\r\n\r\n"
    assert trailer_section([(b"X-Sum", b"1")]) == b"0\r\nX-Sum: 1\r\n\r\n"
