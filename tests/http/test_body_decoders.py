"""Bodies on the wire and the content in them (RFC 9112 sections 6 and 7), or that they are not well formed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.body import (
    MAX_CHUNK_LINE,
    MAX_TRAILER_BYTES,
    BodyError,
    ChunkedDecoder,
    LengthDecoder,
    UntilCloseDecoder,
)


def decode(decoder, *pieces):
    """The content of `pieces`, and what of the last one was not body."""
    content = b""
    rest = b""
    for piece in pieces:
        assert not decoder.done, "more was given after the end"
        fed = decoder.feed(piece)
        content += fed.content
        rest = piece[fed.used :]
        assert not rest or decoder.done, "bytes were left although the body goes on"
    return content, rest


def bytewise(data):
    return [data[i : i + 1] for i in range(len(data))]


WELL_FORMED = {
    "one chunk": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "two chunks": (b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello"),
    "no content": (b"0\r\n\r\n", b""),
    "many zeros": (b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
    "upper-case hex": (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "lower-case hex": (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "content like framing": (b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", b"\r\n0\r\n\r\n"),
    "extension": (b"5;a=b\r\nhello\r\n0;z\r\n\r\n", b"hello"),
    "extension with spaces": (b'5 ; a = "b c"\r\nhello\r\n0\r\n\r\n', b"hello"),
    "extension with a quoted quote": (b'5;a="b\\"c";d\r\nhello\r\n0\r\n\r\n', b"hello"),
    "extension with obs-text": (b"5;\xe4\r\nhello\r\n0\r\n\r\n", b"hello"),
    "longest line": (
        b"5;" + b"x" * (MAX_CHUNK_LINE - 2) + b"\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
    "trailer": (b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-B:\r\n\r\n", b"hello"),
    "trailer that would frame": (b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", b"hello"),
    "fifteen digits": (b"000000000000005\r\nhello\r\n0\r\n\r\n", b"hello"),
}


@pytest.mark.parametrize("name", WELL_FORMED)
@pytest.mark.parametrize("split", [lambda data: [data], bytewise], ids=["whole", "bytewise"])
def test_chunks(name, split):
    wire, content = WELL_FORMED[name]
    decoder = ChunkedDecoder()
    assert decode(decoder, *split(wire)) == (content, b"")
    assert decoder.done
    assert decoder.close()


MALFORMED = {
    "bare LF after size": b"5\nhello\r\n0\r\n\r\n",
    "bare LF after content": b"5\r\nhello\n0\r\n\r\n",
    "bare LF at the end": b"5\r\nhello\r\n0\r\n\n",
    "bare CR after size": b"5\rhello\r\n0\r\n\r\n",
    "CR in extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "LF in extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "quotation without end in extension": b'5;a="b\r\nhello\r\n0\r\n\r\n',
    "quotation ended by an escaped quote": b'5;a="b\\"\r\nhello\r\n0\r\n\r\n',
    "NUL in extension": b"5;\x00\r\nhello\r\n0\r\n\r\n",
    "control in extension": b"5;\x1b\r\nhello\r\n0\r\n\r\n",
    "sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "underscore": b"1_0\r\nhello\r\n0\r\n\r\n",
    "space before size": b" 5\r\nhello\r\n0\r\n\r\n",
    "space after size": b"5 \r\nhello\r\n0\r\n\r\n",
    "space in size": b"0 5\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "extension alone": b";a\r\nhello\r\n0\r\n\r\n",
    "not hex": b"g\r\nhello\r\n0\r\n\r\n",
    "comma": b"5,\r\nhello\r\n0\r\n\r\n",
    "non-ASCII digit": b"\xd9\xa5\r\nhello\r\n0\r\n\r\n",
    "sixteen digits": b"0000000000000005\r\nhello\r\n0\r\n\r\n",
    "largest 64 bits": b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "size too small": b"4\r\nhello\r\n0\r\n\r\n",
    "size too large": b"6\r\nhello\r\n0\r\n\r\n",
    "no CRLF after content": b"5\r\nhello0\r\n\r\n",
    "two CRLF after content": b"5\r\nhello\r\n\r\n0\r\n\r\n",
    "trailer without colon": b"0\r\nfoo\r\n\r\n",
    "trailer with space before colon": b"0\r\nfoo : b\r\n\r\n",
    "folded trailer": b"0\r\na: b\r\n c\r\n\r\n",
    "trailer with NUL": b"0\r\na: \x00\r\n\r\n",
    "trailer with bare CR": b"0\r\na: b\rc\r\n\r\n",
    "trailer with bare LF": b"0\r\na: b\nc: d\r\n\r\n",
    "trailer without name": b"0\r\n: b\r\n\r\n",
    "a request for a trailer": b"0\r\nGET / HTTP/1.1\r\n\r\n",
    "size line too long": b"5;" + b"x" * MAX_CHUNK_LINE + b"\r\nhello\r\n0\r\n\r\n",
    "endless size line": b"5;" + b"x" * 100_000,
    "endless zeros": b"0" * 100_000,
    "trailer section too long": b"0\r\n" + b"a: b\r\n" * (MAX_TRAILER_BYTES // 4 + 1) + b"\r\n",
    "endless trailer line": b"0\r\na:" + b"x" * 100_000,
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("split", [lambda data: [data], bytewise], ids=["whole", "bytewise"])
def test_malformed_chunks(name, split):
    decoder = ChunkedDecoder()
    with pytest.raises(BodyError):
        decode(decoder, *split(MALFORMED[name]))


@pytest.mark.parametrize("cut", range(len(b"5\r\nhello\r\n0\r\n\r\n")))
def test_chunks_that_break_off_are_never_complete(cut):
    decoder = ChunkedDecoder()
    decode(decoder, b"5\r\nhello\r\n0\r\n\r\n"[:cut])
    assert not decoder.close()


def test_bytes_after_the_last_chunk_are_not_body():
    assert decode(ChunkedDecoder(), b"1\r\na\r\n0\r\n\r\nGET /b") == (b"a", b"GET /b")


def test_a_line_is_bounded_before_it_ends():
    decoder = ChunkedDecoder()
    with pytest.raises(BodyError):
        decode(decoder, *[b"0"] * (MAX_CHUNK_LINE + 3))


def test_length():
    decoder = LengthDecoder(5)
    assert decode(decoder, b"hel") == (b"hel", b"")
    assert not decoder.done
    assert not decoder.close()
    assert decode(decoder, b"lo", *[]) == (b"lo", b"")
    assert decoder.done
    assert decoder.close()


def test_bytes_after_a_length_are_not_body():
    assert decode(LengthDecoder(2), b"hiGET /b") == (b"hi", b"GET /b")


def test_no_length_is_complete_at_once():
    assert LengthDecoder(0).done


def test_until_close():
    decoder = UntilCloseDecoder()
    assert decode(decoder, b"a", b"b") == (b"ab", b"")
    assert not decoder.done
    assert decoder.close()
    assert decoder.done


pieces = st.lists(st.binary(max_size=40), max_size=6)


def in_chunks(contents):
    framed = b"".join(b"%x\r\n%b\r\n" % (len(content), content) for content in contents if content)
    return framed + b"0\r\n\r\n"


@st.composite
def split(draw, wire):
    """`wire` in pieces, none of them empty."""
    cuts = sorted({0, len(wire), *draw(st.lists(st.integers(0, len(wire)), max_size=8))})
    return [wire[start:end] for start, end in pairwise(cuts)]


@given(pieces, st.data())
def test_any_split_of_chunks_gives_the_same_content(contents, data):
    wire = in_chunks(contents)
    assert decode(ChunkedDecoder(), *data.draw(split(wire))) == (b"".join(contents), b"")


@given(st.binary(max_size=60), st.binary(max_size=20), st.data())
def test_any_split_of_a_length_gives_the_same_content(content, after, data):
    decoder = LengthDecoder(len(content))
    got = b""
    parts = data.draw(split(content + after)) if content else []
    for part in parts:
        fed = decoder.feed(part)
        got += fed.content
        if decoder.done:
            break
    assert got == content


def outcome(pieces):
    """Content and number of bytes used, or that the body is malformed."""
    decoder = ChunkedDecoder()
    content, used = b"", 0
    try:
        for piece in pieces:
            fed = decoder.feed(piece)
            content += fed.content
            used += fed.used
            if decoder.done:
                break
    except BodyError:
        return "malformed"
    return content, used, decoder.done


noise = st.one_of(
    st.binary(max_size=30),
    st.lists(st.sampled_from([b"0", b"5", b"\r\n", b"\n", b"\r", b";", b"a", b"hello", b" ", b": "])).map(
        b"".join
    ),
)


@given(pieces, noise, st.data())
def test_any_split_of_noise_is_judged_alike(contents, wild, data):
    wire = in_chunks(contents)[: data.draw(st.integers(0, 60))] + wild
    assert outcome(data.draw(split(wire))) == outcome([wire] if wire else [])
