"""What an origin is told: rows of settings, what the client said, and the fields that go on."""

import ipaddress

import pytest

from edgescript.effects import HeaderOp
from edgescript.request import Connection, Request
from runtime.http.framing import NO_BODY, Chunked, Length, accept_request
from runtime.proxy.forward import build, goes_in_circles
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.hops import answered_here
from runtime.upstreams.forwarding import Forwarding
from runtime.upstreams.upstream import Upstream

CLIENT = "192.0.2.9"
TRUSTED = (ipaddress.ip_network("192.0.2.0/28"), ipaddress.ip_network("2001:db8::/32"))
NODE = "7f3a"


def pairs(text):
    """`A: 1 | B: 2` as fields."""
    split = (line.partition(":") for line in text.split(" | ") if line)
    return [(name.encode(), value.strip().encode()) for name, _, value in split]


def asked(text="", method="GET", client=CLIENT, scheme="http", version="1.1"):
    """A request with the fields of `text`, and its header block."""
    fields = [(b"Host", b"site.test"), *pairs(text)]
    head = accept_request(method.encode(), b"/p", version.encode(), fields)
    block = HeaderBlock(fields, head, scheme, version)
    connection = Connection(client, scheme=scheme)
    request = Request(method, "/p", f"HTTP/{version}", block.host, block.headers, connection, "a" * 32)
    return request, block


def upstream(host="", **settings):
    return Upstream("u", (), host=host, forwarding=Forwarding(**settings))


def forwarded(text="", origin=None, ops=(), **request):
    request, block = asked(text, **request)
    return build(request, block.fields, "/p", ops, origin or upstream(), block)


def named(forward, *names):
    """The values of `names`, in one line."""
    wanted = {name.encode() for name in names}
    return " | ".join(
        f"{name.decode()}: {value.decode()}" for name, value in forward.fields if name.lower() in wanted
    )


X = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded")
OWN = f"X-Forwarded-For: {CLIENT} | X-Forwarded-Proto: http | X-Forwarded-Host: site.test"
HTTPS_OF_H = "X-Forwarded-Proto: https | X-Forwarded-Host: h"
ELEMENT = f"for={CLIENT};host=site.test;proto=http"
CLAIM = "X-Forwarded-For: 203.0.113.1 | X-Forwarded-Proto: https | X-Forwarded-Host: h | Forwarded: for=_a"


@pytest.mark.parametrize(
    ("told", "trusted", "said", "fields"),
    [
        ("x", (), "", OWN),
        ("x", (), CLAIM, OWN),
        ("x", TRUSTED, "", OWN),
        (
            "x",
            TRUSTED,
            CLAIM,
            f"Forwarded: for=_a | X-Forwarded-For: 203.0.113.1, {CLIENT} | {HTTPS_OF_H}",
        ),
        ("rfc7239", (), "", f"Forwarded: {ELEMENT}"),
        ("rfc7239", (), CLAIM, f"Forwarded: {ELEMENT}"),
        ("rfc7239", TRUSTED, "Forwarded: for=_a", f"Forwarded: for=_a, {ELEMENT}"),
        ("both", (), CLAIM, f"{OWN} | Forwarded: {ELEMENT}"),
        ("off", (), CLAIM, ""),
        ("off", TRUSTED, CLAIM, CLAIM),
    ],
)
def test_forwarding_fields(told, trusted, said, fields):
    assert named(forwarded(said, upstream(told=told, trusted=trusted)), *X) == fields


CLAIMS_OF_OTHERS = "X-Forwarded-Port: 1 | X-Forwarded-Ssl: on | X-Real-IP: 203.0.113.1"


@pytest.mark.parametrize(
    ("trusted", "said", "sent"),
    [
        ((), CLAIMS_OF_OTHERS, ""),
        (TRUSTED, CLAIMS_OF_OTHERS, CLAIMS_OF_OTHERS),
        # CGI knows no difference between "-" and "_"
        ((), "X_Forwarded_For: 203.0.113.1 | x_real_ip: a", ""),
        (TRUSTED, "X_Forwarded_For: 203.0.113.1 | x-forwarded_for: a | X_Real_IP: b", ""),
        ((), "X_Forward: 1 | X-Forward: 2", "X_Forward: 1 | X-Forward: 2"),
    ],
)
def test_what_origins_believe_of_a_client_comes_from_trusted_proxies_alone(trusted, said, sent):
    names = {name.lower().decode() for name, _ in pairs(said)}
    assert named(forwarded(said, upstream(told="off", trusted=trusted)), *names) == sent


@pytest.mark.parametrize(
    ("client", "element"),
    [
        ("2001:db8::1", 'for="[2001:db8::1]";host=site.test;proto=https'),
        ("", "for=unknown;host=site.test;proto=https"),
    ],
)
def test_rfc_7239_node_names(client, element):
    got = forwarded(origin=upstream(told="rfc7239"), client=client, scheme="https")
    assert named(got, "forwarded") == f"Forwarded: {element}"


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("192.0.2.9", True),
        ("192.0.2.16", False),
        ("2001:db8::5", True),
        ("::ffff:192.0.2.9", True),
        ("x", False),
    ],
)
def test_who_is_trusted(address, trusted):
    assert Forwarding(trusted=TRUSTED).trusts(address) is trusted


@pytest.mark.parametrize(
    ("said", "host", "ops", "sent"),
    [
        ("", "", (), "site.test"),
        ("", "origin.test", (), "origin.test"),
        ("", "origin.test", (HeaderOp("set", "Host", "script.test"),), "script.test"),
        ("", "", (HeaderOp("add", "host", "script.test"),), "script.test"),
        ("", "origin.test", (HeaderOp("delete", "Host"),), "site.test"),
    ],
)
def test_host(said, host, ops, sent):
    got = forwarded(said, upstream(host=host), ops)
    assert named(got, "host").lower() == f"host: {sent}"
    assert named(got, "x-forwarded-host") == "X-Forwarded-Host: site.test"


@pytest.mark.parametrize(
    ("said", "hop", "gone"),
    [
        # RFC 9110 section 7.6.1: what a connection's own fields mean ends here
        ("Connection: X-Hop, close | X-Hop: 1 | Keep-Alive: timeout=5", b"", b"X-Hop"),
        ("Proxy-Connection: keep-alive | Proxy-Authorization: x", b"", b"Proxy-"),
        ("TE: deflate", b"", b"TE"),
        ("TE: trailers;q=0.5", b"", b"TE"),
        ("TE: gzip, Trailers | Connection: TE", b"Connection: TE\r\nTE: trailers\r\n", b"gzip"),
        ("Upgrade: h2c | Connection: Upgrade, HTTP2-Settings | HTTP2-Settings: a", b"", b"h2c"),
        (
            "Upgrade: websocket | Connection: Upgrade",
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
            b"keep-alive",
        ),
        ("Expect: 100-continue", b"", b"Expect"),
    ],
)
def test_fields_of_the_connection(said, hop, gone):
    head = forwarded(said).head(NO_BODY)
    assert head.endswith(hop + b"\r\n")
    assert gone not in head
    assert head.count(b"Connection") == hop.count(b"Connection")


@pytest.mark.parametrize(
    ("method", "framing", "line"),
    [
        ("GET", NO_BODY, b""),
        ("POST", NO_BODY, b"Content-Length: 0\r\n"),
        ("DELETE", NO_BODY, b""),
        ("PUT", Length(3), b"Content-Length: 3\r\n"),
        ("PUT", Chunked(), b"Transfer-Encoding: chunked\r\n"),
    ],
)
def test_framing_is_said_anew(method, framing, line):
    head = forwarded(method=method).head(framing)
    assert head.endswith(b"Via: 1.1 edgescript\r\n" + line + b"\r\n")
    assert head.startswith(b"%b /p HTTP/1.1\r\nHost: site.test\r\n" % method.encode())


def test_a_header_block_is_prepared_once_and_not_for_another_client_or_origin():
    request, block = asked("A: 1")
    origin, other = upstream(), upstream(told="off")
    first = build(request, block.fields, "/1", (), origin, block)
    assert build(request, block.fields, "/2", (), origin, block).fields is first.fields
    assert named(build(request, block.fields, "/2", (), other, block), *X) == ""
    neighbour = Request("GET", "/p", "HTTP/1.1", block.host, block.headers, Connection("192.0.2.7"))
    got = build(neighbour, block.fields, "/", (), other, block)
    assert build(neighbour, block.fields, "/", (), origin, block).fields != first.fields
    assert got.head(NO_BODY).count(b"\r\n") == 5


@pytest.mark.parametrize("ops", [(), (HeaderOp("set", "A", "2"),), (HeaderOp("add", "B", "2"),)])
def test_the_head_has_the_fields(ops):
    got = forwarded("A: 1 | A: 2", ops=ops)
    lines = b"".join(b"%b: %b\r\n" % field for field in got.fields)
    assert got.head(NO_BODY) == b"GET /p HTTP/1.1\r\n" + lines + b"\r\n"
    changed = got._replace(fields=[*got.fields, (b"If-None-Match", b'"1"')])
    assert changed.head(NO_BODY).endswith(b'If-None-Match: "1"\r\n\r\n')


@pytest.mark.parametrize(
    ("via", "node_id", "circles", "sent"),
    [
        ("", "", False, "1.1 edgescript"),
        ("1.0 a, 1.1 b (c)", NODE, False, f"1.0 a, 1.1 b (c), 1.1 edgescript-{NODE}"),
        (f"1.1 edgescript-{NODE}", NODE, True, ""),
        (f"1.0 a, HTTP/1.1 edgescript-{NODE} (x)", NODE, True, ""),
        ("1.1 edgescript", NODE, False, f"1.1 edgescript, 1.1 edgescript-{NODE}"),
        ("1.1 edgescript", "", False, "1.1 edgescript, 1.1 edgescript"),
        (f"1.1 edgescript-{NODE}0", NODE, False, f"1.1 edgescript-{NODE}0, 1.1 edgescript-{NODE}"),
    ],
)
def test_via_and_circles(via, node_id, circles, sent):
    forwarding = Forwarding(node_id=node_id)
    request, block = asked(f"Via: {via}" if via else "")
    assert goes_in_circles(block.fields, forwarding) is circles
    answer = answered_here(request, block.fields, True, forwarding, 0.0)
    assert (answer is not None and answer.head.startswith(b"HTTP/1.1 508 ")) is circles
    if not circles:
        origin = upstream(node_id=node_id)
        assert named(build(request, block.fields, "/p", (), origin, block), "via") == f"Via: {sent}"


@pytest.mark.parametrize(
    ("ops", "sent"),
    [
        ((HeaderOp("delete", "Via"),), "Via: 1.1 edgescript"),
        ((HeaderOp("set", "via", "1.1 other"),), "via: 1.1 other | Via: 1.1 edgescript"),
        ((HeaderOp("set", "Via", "1.1 edgescriptx"),), "Via: 1.1 edgescriptx | Via: 1.1 edgescript"),
        ((HeaderOp("set", "X-A", "1"),), "Via: 1.1 edgescript"),
    ],
)
def test_a_script_does_not_take_away_the_nodes_via(ops, sent):
    assert named(forwarded("", ops=ops), "via") == sent


@pytest.mark.parametrize(
    ("method", "left", "sent"),
    [
        ("OPTIONS", "3", "Max-Forwards: 2"),
        ("TRACE", "1", "Max-Forwards: 0"),
        ("GET", "3", "Max-Forwards: 3"),
        ("OPTIONS", "x", "Max-Forwards: x"),
        ("OPTIONS", "1000000000", "Max-Forwards: 999999999"),
        ("TRACE", "9" * 300, "Max-Forwards: 999999999"),
    ],
)
def test_max_forwards_is_counted_down(method, left, sent):
    """RFC 9110 section 7.6.2."""
    said = f"Max-Forwards: {left}"
    assert named(forwarded(said, method=method), "max-forwards") == sent
    request, block = asked(said, method=method)
    assert answered_here(request, block.fields, True, Forwarding(), 0.0) is None


@pytest.mark.parametrize("left", ["0", "00"])
def test_at_0_the_node_answers(left):
    said = f"Max-Forwards: {left} | Authorization: secret | Cookie: secret | Accept: */*"
    request, block = asked(said, method="TRACE")
    answer = answered_here(request, block.fields, True, Forwarding(), 0.0)
    assert answer.head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: message/http\r\n")
    assert answer.body == (
        b"TRACE /p HTTP/1.1\r\nHost: site.test\r\nMax-Forwards: " + left.encode() + b"\r\nAccept: */*\r\n\r\n"
    )
    request, block = asked(said, method="OPTIONS")
    answer = answered_here(request, block.fields, True, Forwarding(), 0.0)
    assert answer.head.startswith(b"HTTP/1.1 204 ")
    request, block = asked(said)
    assert answered_here(request, block.fields, True, Forwarding(), 0.0) is None


def test_the_trace_is_made_for_each_request():
    def trace(fields, request_id):
        assert (b"traceparent", b"bad") in fields
        return [(b"traceparent", b"00-" + request_id.encode())]

    origin = upstream(trace=trace)
    got = forwarded("traceparent: bad | tracestate: x", origin)
    assert got.trace == b"traceparent: 00-" + b"a" * 32 + b"\r\n"
    assert got.head(NO_BODY).count(b"trace") == 1
    kept = forwarded("traceparent: bad | tracestate: x")
    assert named(kept, "traceparent", "tracestate") == "traceparent: bad | tracestate: x"


def test_scripts_see_the_trace_among_the_fields_and_may_change_it():
    origin = upstream(trace=lambda _fields, _id: [(b"traceparent", b"made"), (b"tracestate", b"x")])
    request, block = asked("traceparent: bad")
    ops = (HeaderOp("set", "traceparent", "chosen"),)
    got = build(request, block.fields, "/p", ops, origin, block)
    assert (named(got, "traceparent"), got.trace) == ("traceparent: chosen", b"")
    plain = build(request, block.fields, "/p", (), origin, block)
    assert plain.head(NO_BODY).endswith(b"\r\ntraceparent: made\r\ntracestate: x\r\n\r\n")
