"""Request targets and hosts (RFC 9112 §3.2, RFC 9110 §4.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.framing import RequestHead, accept_request
from runtime.http.refusal import Refuse
from runtime.http.target import Target, parse_authority, parse_target
from tests.http.notation import fields, table


@table(
    "method target form path_and_query authority",
    [
        ("3.2.1", b"GET", b"/", "origin", b"/", None),
        ("3.2.1", b"GET", b"/a/b?c=d&e", "origin", b"/a/b?c=d&e", None),
        ("3.2.1", b"GET", b"//a/..%2f", "origin", b"//a/..%2f", None),
        ("3.2.1 beyond the URI grammar", b"GET", b'/a|b{"}', "origin", b'/a|b{"}', None),
        ("3.2.2", b"GET", b"http://a.b/c?d", "absolute", b"/c?d", b"a.b"),
        ("3.2.2", b"GET", b"HTTPS://A.b:8080/c", "absolute", b"/c", b"a.b:8080"),
        ("3.2.2 no path", b"GET", b"http://a", "absolute", b"/", b"a"),
        ("3.2.2 no path", b"GET", b"http://a?q", "absolute", b"/?q", b"a"),
        ("3.2.4", b"OPTIONS", b"*", "asterisk", b"*", None),
        ("3.2.4", b"OPTIONS", b"http://a:80", "asterisk", b"*", b"a:80"),
        ("3.2.4", b"OPTIONS", b"http://a/", "absolute", b"/", b"a"),
    ],
)
def test_forms(method, target, form, path_and_query, authority):
    parsed = parse_target(target, method)
    assert isinstance(parsed, Target)
    assert (parsed.form, parsed.path_and_query) == (form, path_and_query)
    assert (None if parsed.authority is None else bytes(parsed.authority)) == authority


@table(
    "method target status",
    [
        ("3.2", b"GET", b"", 400),
        ("3.2", b"GET", b"a", 400),
        ("3.2", b"GET", b"/a b", 400),
        ("3.2", b"GET", b"/a\tb", 400),
        ("3.2", b"GET", b"/a\n", 400),
        ("3.2", b"GET", b"/a\x00", 400),
        ("3.2", b"GET", b"/a\x7f", 400),
        ("3.2", b"GET", b"/\xe4", 400),
        ("3.2", b"GET", b"/a#b", 400),
        ("3.2.4", b"GET", b"*", 400),
        ("3.2.3", b"GET", b"a.b:80", 400),
        ("3.2.3", b"CONNECT", b"a.b:80", 501),
        ("3.2.2", b"GET", b"ftp://a/", 400),
        ("3.2.2", b"GET", b"http:///a", 400),
        ("3.2.2", b"GET", b"http:/a", 400),
        ("9110 4.2.4", b"GET", b"http://user@a/", 400),
        ("9110 4.2.4", b"GET", b"http://user:pw@a/", 400),
        ("9110 4.2.4", b"GET", b"http://a\\@b/", 400),
    ],
)
def test_refused(method, target, status):
    refusal = parse_target(target, method)
    assert isinstance(refusal, Refuse)
    assert refusal.status == status


@pytest.mark.parametrize(
    ("value", "authority"),
    [
        (b"example.com", b"example.com"),
        (b"EXAMPLE.com:8080", b"example.com:8080"),
        (b"example.com.", b"example.com"),
        (b"a_b-c.d", b"a_b-c.d"),
        (b"127.0.0.1:80", b"127.0.0.1:80"),
        (b"example.com:", b"example.com"),
        (b"example.com:080", b"example.com:80"),
        (b"[::1]:80", b"[::1]:80"),
        (b"[0:0:0:0:0:0:0:1]", b"[::1]"),
        (b"a" * 253, b"a" * 253),
        (b"a" * 254, None),
        (b"", None),
        (b".", None),
        (b".a", None),
        (b"a..b", None),
        (b"a..", None),
        (b"a b", None),
        (b"a,b", None),
        (b"a;b", None),
        (b"a/b", None),
        (b"a@b", None),
        (b"a%62", None),
        (b"a\x00", None),
        (b"a\n", None),
        (b"\xe4", None),
        (b"a:b", None),
        (b"a:-1", None),
        (b"a:0", None),
        (b"a:65535", b"a:65535"),
        (b"a:65536", None),
        (b"a:80:80", None),
        (b":80", None),
        (b"::1", None),
        (b"[]", None),
        (b"[::1", None),
        (b"[::1%25eth0]", None),
        (b"[1.2.3.4]", None),
        (b"[v1.a]", None),
    ],
)
def test_authority(value, authority):
    parsed = parse_authority(value)
    assert (None if parsed is None else bytes(parsed)) == authority


@table(
    "target version field_text decision",
    [
        ("3.2", b"/", b"1.1", "Host: A", b"a"),
        ("3.2", b"/", b"1.1", "Host: a:80", b"a"),
        ("3.2 none", b"/", b"1.1", "X: y", 400),
        ("3.2 two", b"/", b"1.1", "Host: a | Host: b", 400),
        ("3.2 two agreeing", b"/", b"1.1", "Host: a | HOST: a", 400),
        ("3.2 two", b"/", b"1.0", "Host: a | Host: a", 400),
        ("3.2 invalid", b"/", b"1.1", "Host: a@b", 400),
        ("3.2 empty", b"/", b"1.1", "Host:", 400),
        ("3.2 none in 1.0", b"/", b"1.0", "", None),
        ("3.2.2 target wins", b"http://b/", b"1.1", "Host: a", b"b"),
        ("3.2.2 but Host is still one", b"http://b/", b"1.1", "X: y", 400),
        ("3.2.2 and valid", b"http://b/", b"1.1", "Host: a b", 400),
        ("3.2.2", b"http://b/", b"1.0", "", b"b"),
    ],
)
def test_host_asked_for(target, version, field_text, decision):
    found = fields(field_text)
    head = accept_request(b"GET", target, version, found)
    if isinstance(head, RequestHead):
        assert (None if head.authority is None else head.authority.host) == decision
    else:
        assert head.status == decision


@given(st.binary(max_size=40), st.sampled_from([b"GET", b"OPTIONS", b"CONNECT"]))
def test_any_bytes_are_parsed_or_refused(target, method):
    parsed = parse_target(target, method)
    if isinstance(parsed, Target):
        assert parsed.path_and_query == b"*" or parsed.path_and_query.startswith(b"/")
        assert all(0x21 <= octet <= 0x7E and octet != 0x23 for octet in parsed.path_and_query)


@given(
    st.one_of(
        st.binary(max_size=30), st.from_regex(rb"[a-zA-Z0-9.\-_\[\]:]{1,20}(:[0-9]{0,5})?", fullmatch=True)
    )
)
def test_a_normalised_authority_is_normal(value):
    parsed = parse_authority(value)
    if parsed is not None:
        assert parse_authority(bytes(parsed)) == parsed
        assert bytes(parsed) == bytes(parsed).lower()
