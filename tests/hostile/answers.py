"""
Answers no origin should send, and what may come of them.

Each row is what the origin does on a connection: bytes it writes, seconds it waits, `CLOSE` or `RESET`. Every answer
says that it may be stored for a minute; none may be. Times the origin only stalls are the node's to end.
`GARBAGE` rows are a 502, or a 504 when nothing came in time.
`CUT` rows begin well: the client is sent a head and perhaps some body, and then is cut, visibly.
`SOUND` rows look odd and are fine: the status and body the client gets.
"""

from tests.support.raworigin import CLOSE, RESET

OK_LINE = b"HTTP/1.1 200 OK\r\n"
CC = b"Cache-Control: max-age=60\r\n"
CL5 = b"Content-Length: 5\r\n"
TE = b"Transfer-Encoding: chunked\r\n"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


def head(*lines, status=OK_LINE):
    return status + CC + b"".join(lines) + b"\r\n"


def garbage(*lines, status=OK_LINE, body=b"hello"):
    return [head(*lines, status=status) + body]


GARBAGE = {
    # Framing (RFC 9112 section 6.3)
    "two lengths that differ": garbage(CL5, b"Content-Length: 6\r\n"),
    "two lengths that agree": garbage(CL5, CL5),
    "a list of lengths": garbage(b"Content-Length: 5, 5\r\n"),
    "length and chunks": garbage(CL5, TE, body=b"5\r\nhello\r\n0\r\n\r\n"),
    "chunks and length": garbage(TE, CL5, body=b"5\r\nhello\r\n0\r\n\r\n"),
    "length signed": garbage(b"Content-Length: +5\r\n"),
    "length negative": garbage(b"Content-Length: -5\r\n"),
    "length hex": garbage(b"Content-Length: 0x5\r\n"),
    "length empty": garbage(b"Content-Length:\r\n"),
    "length letters": garbage(b"Content-Length: five\r\n"),
    "length over 64 bits": garbage(b"Content-Length: 18446744073709551621\r\n"),
    "length with space before the colon": garbage(b"Content-Length : 5\r\n"),
    "length folded": garbage(b"Content-Length:\r\n 5\r\n"),
    "gzip coding": garbage(b"Transfer-Encoding: gzip\r\n"),
    "gzip under chunked": garbage(b"Transfer-Encoding: gzip, chunked\r\n"),
    "chunked twice": garbage(b"Transfer-Encoding: chunked, chunked\r\n"),
    "chunked in two lines": garbage(TE, TE),
    "chunked misspelt": garbage(b"Transfer-Encoding: xchunked\r\n"),
    "chunked in HTTP/1.0": garbage(TE, status=b"HTTP/1.0 200 OK\r\n"),
    "chunked with space before the colon": garbage(b"Transfer-Encoding : chunked\r\n"),
    "length with a NUL": garbage(b"Content-Length: 5\x00\r\n"),
    "length with a parameter": garbage(b"Content-Length: 5;a\r\n"),
    "length of 5000 digits": garbage(b"Content-Length: " + b"0" * 5000 + b"5\r\n"),
    "three lengths": garbage(CL5, CL5, CL5),
    "identity coding": garbage(b"Transfer-Encoding: identity\r\n"),
    "chunked before identity": garbage(b"Transfer-Encoding: chunked, identity\r\n"),
    "empty coding": garbage(b"Transfer-Encoding:\r\n"),
    "chunked with a parameter": garbage(b"Transfer-Encoding: chunked;a=b\r\n"),
    "chunked folded": garbage(b"Transfer-Encoding:\r\n chunked\r\n"),
    # Lines
    "obs-fold": garbage(CL5, b"X: a\r\n b\r\n"),
    "obs-fold with tab": garbage(CL5, b"X: a\r\n\tb\r\n"),
    "bare LF in a value": garbage(CL5, b"X: a\nSet-Cookie: evil=1\r\n"),
    "bare CR in a value": garbage(CL5, b"X: a\rSet-Cookie: evil=1\r\n"),
    "bare LF everywhere": [b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"],
    "bare LF after the status line": [b"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello"],
    "NUL in a value": garbage(CL5, b"X: a\x00b\r\n"),
    "NUL in the reason": garbage(CL5, status=b"HTTP/1.1 200 O\x00K\r\n"),
    "escape in a value": garbage(CL5, b"X: \x1b[31m\r\n"),
    "escape in the reason": garbage(CL5, status=b"HTTP/1.1 200 \x1b[31m\r\n"),
    "no name": garbage(CL5, b": a\r\n"),
    "no colon": garbage(CL5, b"X\r\n"),
    "space in a name": garbage(CL5, b"X Y: a\r\n"),
    "obs-text in a name": garbage(CL5, b"\xc3\xa4: a\r\n"),
    "a status line for a field": garbage(CL5, b"HTTP/1.1 200 OK\r\n"),
    # Status line (RFC 9112 section 4)
    "HTTP/2.0": garbage(CL5, status=b"HTTP/2.0 200 OK\r\n"),
    "HTTP/0.9": garbage(CL5, status=b"HTTP/0.9 200 OK\r\n"),
    "another protocol": garbage(CL5, status=b"ICY 200 OK\r\n"),
    "no version": garbage(CL5, status=b"200 OK\r\n"),
    "lower-case http": garbage(CL5, status=b"http/1.1 200 OK\r\n"),
    "HTTP/1.10": garbage(CL5, status=b"HTTP/1.10 200 OK\r\n"),
    "tab after the status": garbage(CL5, status=b"HTTP/1.1 200\tOK\r\n"),
    "status signed": garbage(CL5, status=b"HTTP/1.1 +200 OK\r\n"),
    "status 099": garbage(CL5, status=b"HTTP/1.1 099 OK\r\n"),
    "bare CR for line ends": [b"HTTP/1.1 200 OK\rContent-Length: 5\r\rhello", CLOSE],
    "a request": [b"GET / HTTP/1.1\r\nHost: site.test\r\n\r\n"],
    "a frame of HTTP/2": [b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00\x03" * 9],
    "status of two digits": garbage(CL5, status=b"HTTP/1.1 20 OK\r\n"),
    "status of four digits": garbage(CL5, status=b"HTTP/1.1 2000 OK\r\n"),
    "status 0": garbage(CL5, status=b"HTTP/1.1 000 OK\r\n"),
    "status 600": garbage(CL5, status=b"HTTP/1.1 600 OK\r\n"),
    "status 999": garbage(CL5, status=b"HTTP/1.1 999 OK\r\n"),
    "status letters": garbage(CL5, status=b"HTTP/1.1 OK\r\n"),
    "two spaces before the status": garbage(CL5, status=b"HTTP/1.1  200 OK\r\n"),
    "space before the status line": garbage(CL5, status=b" HTTP/1.1 200 OK\r\n"),
    "an empty line before the status line": garbage(CL5, status=b"\r\nHTTP/1.1 200 OK\r\n"),
    "a body alone": [b"<html>hello</html>\r\n\r\n"],
    "a body alone, closed": [b"<html>hello</html>", CLOSE],
    "another protocol's greeting": [b"SSH-2.0-OpenSSH_9.0\r\n"],
    "a TLS alert": [b"\x15\x03\x01\x00\x02\x02\x28"],
    # Size and number
    "a huge head": garbage(CL5, b"X: " + b"a" * 70_000 + b"\r\n"),
    "a head without end": [OK_LINE + b"X: " + b"a" * 200_000],
    "300 fields": garbage(CL5, *[b"X-%d: a\r\n" % i for i in range(300)]),
    "interim answers without end": [b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100 + head(CL5) + b"hello"],
    # Interim answers
    "switching protocols": [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello"
    ],
    "switching protocols without an upgrade": [b"HTTP/1.1 101 Switching Protocols\r\n\r\nhello"],
    "an interim answer that is malformed": [
        b"HTTP/1.1 100 Continue\r\nX Y: a\r\n\r\n" + head(CL5) + b"hello"
    ],
    "an interim answer and the end": [b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE],
    "an interim answer with a body": [
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" + head(CL5) + b"hello"
    ],
    "an interim answer in chunks": [
        b"HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + head(CL5) + b"hello"
    ],
    "interim answers of 100 without end": [b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + head(CL5) + b"hello"],
    "interim answers that are long": [
        (b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 30_000 + b"\r\n\r\n") * 4 + head(CL5) + b"hello"
    ],
    "an interim answer of HTTP/1.2": [b"HTTP/1.2 103 Early Hints\r\n\r\n" + head(CL5) + b"hello"],
    "another 101 behind an interim one": [
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: upgrade\r\n\r\n" + EVIL
    ],
    # More of the head
    "a reason of 70000 letters": garbage(CL5, status=b"HTTP/1.1 200 " + b"a" * 70_000 + b"\r\n"),
    "a name of 70000 letters": garbage(CL5, b"X" * 70_000 + b": a\r\n"),
    "DEL in the reason": garbage(CL5, status=b"HTTP/1.1 200 O\x7fK\r\n"),
    "bare CR in the reason": garbage(CL5, status=b"HTTP/1.1 200 O\rSet-Cookie: evil=1\r\n"),
    "a line end in the version": garbage(CL5, status=b"HTTP/1.1\r\n200 OK\r\n"),
    "a pseudo-header of HTTP/2": garbage(CL5, b":status: 200\r\n"),
    "vertical tab for a line end": garbage(CL5, b"X: a\x0bSet-Cookie: evil=1\r\n"),
    "a line of a space": garbage(CL5, b" \r\n"),
    "a first line that is folded": garbage(CL5, status=OK_LINE + b" X: a\r\n"),
    "length in fullwidth digits": garbage(b"Content-Length: \xef\xbc\x95\r\n"),
    "length with an exponent": garbage(b"Content-Length: 5e0\r\n"),
    "length with a comma behind it": garbage(b"Content-Length: 5,\r\n"),
    "length of 19 digits": garbage(b"Content-Length: 1000000000000000005\r\n"),
    "chunked and a vertical tab": garbage(b"Transfer-Encoding: \x0bchunked\r\n"),
    "chunked and a comma": garbage(b"Transfer-Encoding: chunked,\r\n"),
    "chunked in quotes": garbage(b'Transfer-Encoding: "chunked"\r\n'),
    "length and identity": garbage(CL5, b"Transfer-Encoding: identity\r\n"),
    "a whole answer as a reason": [b"HTTP/1.1 200 " + EVIL.replace(b"\r\n", b"\n") + b"\r\n\r\n"],
    "304 that nobody asked for": garbage(status=b"HTTP/1.1 304 Not Modified\r\n", body=b""),
    # The end, early
    "closed at once": [CLOSE],
    "reset at once": [RESET],
    "closed in the status line": [b"HTTP/1.1 2", CLOSE],
    "closed in a field": [OK_LINE + b"X: a", CLOSE],
    "closed before the empty line": [OK_LINE + CC + CL5, CLOSE],
    "reset in the head": [OK_LINE + CC, 0.01, RESET],
    "silent": [60],
    "silent in the head": [OK_LINE + CC, 60],
}

CHUNKS = head(TE)
CUT = {
    "length, closed at once": [head(CL5), CLOSE],
    "length, closed early": [head(CL5) + b"hel", CLOSE],
    "length, reset early": [head(CL5) + b"hel", 0.02, RESET],
    "length, silent": [head(CL5) + b"hel", 60],
    "a length far too long": [head(b"Content-Length: 999999999999\r\n") + b"hello", CLOSE],
    "until close, reset": [head() + b"hello", 0.02, RESET],
    "until close, silent": [head() + b"hello", 60],
    "chunks, closed at once": [CHUNKS, CLOSE],
    "chunks, closed in a size": [CHUNKS + b"5", CLOSE],
    "chunks, closed in a chunk": [CHUNKS + b"5\r\nhel", CLOSE],
    "chunks, closed after a chunk": [CHUNKS + b"5\r\nhello", CLOSE],
    "chunks, closed between chunks": [CHUNKS + b"5\r\nhello\r\n", CLOSE],
    "chunks, closed in the last": [CHUNKS + b"5\r\nhello\r\n0\r\n", CLOSE],
    "chunks, closed in the trailer": [CHUNKS + b"5\r\nhello\r\n0\r\nX: a\r\n", CLOSE],
    "chunks, silent": [CHUNKS + b"5\r\nhello\r\n", 60],
    "chunk size no hex": [CHUNKS + b"five\r\nhello\r\n0\r\n\r\n"],
    "chunk size signed": [CHUNKS + b"+5\r\nhello\r\n0\r\n\r\n"],
    "chunk size with 0x": [CHUNKS + b"0x5\r\nhello\r\n0\r\n\r\n"],
    "chunk size negative": [CHUNKS + b"-5\r\nhello\r\n0\r\n\r\n"],
    "chunk size over 64 bits": [CHUNKS + b"10000000000000005\r\nhello\r\n0\r\n\r\n"],
    "chunk size with space before it": [CHUNKS + b" 5\r\nhello\r\n0\r\n\r\n"],
    "chunk with nothing after it": [CHUNKS + b"5\r\nhello0\r\n\r\n"],
    "last chunk and bare LF": [CHUNKS + b"5\r\nhello\r\n0\n\n"],
    "chunk extension with NUL": [CHUNKS + b"5;\x00\r\nhello\r\n0\r\n\r\n"],
    "trailer with bare LF": [CHUNKS + b"5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n"],
    "trailer folded": [CHUNKS + b"5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"],
    "chunk size empty": [CHUNKS + b"\r\nhello\r\n0\r\n\r\n"],
    "chunk size and bare LF": [CHUNKS + b"5\nhello\n0\n\n"],
    "chunk longer than its size": [CHUNKS + b"4\r\nhello\r\n0\r\n\r\n"],
    "chunk shorter than its size": [CHUNKS + b"6\r\nhello\r\n0\r\n\r\n"],
    "chunk extension with a bare LF": [CHUNKS + b"5;a\nb\r\nhello\r\n0\r\n\r\n"],
    "chunk extension without end": [CHUNKS + b"5;" + b"a" * 100_000],
    "no chunks at all": [CHUNKS + b"hello"],
    "trailer without colon": [CHUNKS + b"5\r\nhello\r\n0\r\nX\r\n\r\n"],
    "trailers without end": [CHUNKS + b"5\r\nhello\r\n0\r\n" + b"X: a\r\n" * 10_000],
    "chunk size in octal": [CHUNKS + b"0o5\r\nhello\r\n0\r\n\r\n"],
    "chunk size and NUL": [CHUNKS + b"5\x00\r\nhello\r\n0\r\n\r\n"],
    "chunk size and CR CR LF": [CHUNKS + b"5\r\r\nhello\r\n0\r\n\r\n"],
    "two chunk sizes": [CHUNKS + b"5 5\r\nhello\r\n0\r\n\r\n"],
    "size of zeros without end": [CHUNKS + b"0" * 100_000],
    "chunk with LF CR after it": [CHUNKS + b"5\r\nhello\n\r0\r\n\r\n"],
    "extension of a quoted line end": [CHUNKS + b'5;a="\r\nhello\r\n0\r\n\r\n'],
    "trailer with NUL": [CHUNKS + b"5\r\nhello\r\n0\r\nX: \x00\r\n\r\n"],
    "trailer with space before the colon": [CHUNKS + b"5\r\nhello\r\n0\r\nX : a\r\n\r\n"],
    "chunks cut and another answer": [CHUNKS + b"5\r\nhel" + EVIL, CLOSE],
    "a status line for a trailer": [CHUNKS + b"5\r\nhello\r\n0\r\n" + EVIL],
}

SOUND = {
    "no reason": ([head(CL5, status=b"HTTP/1.1 200 \r\n") + b"hello"], 200, b"hello"),
    "space before the colon": ([head(CL5, b"X : a\r\n") + b"hello"], 200, b"hello"),
    "no reason and no space": ([head(CL5, status=b"HTTP/1.1 200\r\n") + b"hello"], 200, b"hello"),
    "a reason of one's own": (
        [head(CL5, status=b"HTTP/1.1 200 Gr\xc3\xbc\xc3\x9fe\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "an unknown status": ([head(CL5, status=b"HTTP/1.1 299 Odd\r\n") + b"hello"], 299, b"hello"),
    "status 599": ([head(CL5, status=b"HTTP/1.1 599 Odd\r\n") + b"hello"], 599, b"hello"),
    "HTTP/1.0": ([head(CL5, status=b"HTTP/1.0 200 OK\r\n") + b"hello", CLOSE], 200, b"hello"),
    "HTTP/1.0 until close": ([head(status=b"HTTP/1.0 200 OK\r\n") + b"hello", CLOSE], 200, b"hello"),
    "until close": ([head() + b"hello", CLOSE], 200, b"hello"),
    "until close, nothing": ([head(), CLOSE], 200, b""),
    "chunks": ([CHUNKS + b"5\r\nhello\r\n0\r\n\r\n"], 200, b"hello"),
    "chunks, one byte at a time": (
        [CHUNKS] + [bytes([octet]) for octet in b"3\r\nhel\r\n02\r\nlo\r\n0\r\n\r\n"],
        200,
        b"hello",
    ),
    "chunks with extensions": ([CHUNKS + b"5;a=b\r\nhello\r\n0;c\r\n\r\n"], 200, b"hello"),
    "chunks with a trailer": ([CHUNKS + b"5\r\nhello\r\n0\r\nX: a\r\n\r\n"], 200, b"hello"),
    "chunks in capitals": (
        [head(b"TRANSFER-ENCODING: CHUNKED\r\n") + b"5\r\nhello\r\n0\r\n\r\n"],
        200,
        b"hello",
    ),
    "a head one byte at a time": ([bytes([octet]) for octet in head(CL5) + b"hello"], 200, b"hello"),
    "interim answers": (
        [
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            + head(CL5)
            + b"hello"
        ],
        200,
        b"hello",
    ),
    "an empty value": ([head(CL5, b"X:\r\n") + b"hello"], 200, b"hello"),
    "no space after the colon": ([head(b"Content-Length:5\r\n") + b"hello"], 200, b"hello"),
    "spaces around a value": ([head(b"Content-Length: \t5 \t\r\n") + b"hello"], 200, b"hello"),
    "obs-text in a value": ([head(CL5, b"X: \xe4\xff\r\n") + b"hello"], 200, b"hello"),
    "250 fields": ([head(CL5, *[b"X-%d: a\r\n" % i for i in range(250)]) + b"hello"], 200, b"hello"),
    "a head of 60000 bytes": ([head(CL5, b"X: " + b"a" * 60_000 + b"\r\n") + b"hello"], 200, b"hello"),
    "many cookies": (
        [head(CL5, *[b"Set-Cookie: a=%d\r\n" % i for i in range(50)]) + b"hello"],
        200,
        b"hello",
    ),
    "no content with a length": ([head(CL5, status=b"HTTP/1.1 204 No Content\r\n")], 204, b""),
    "a length of leading zeros": ([head(b"Content-Length: 0005\r\n") + b"hello"], 200, b"hello"),
    "connection names fields": (
        [head(CL5, b"Connection: close, X-Hop\r\nX-Hop: a\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "bytes after the body": ([head(CL5) + b"hello" + EVIL], 200, b"hello"),
    "bytes after no body": ([head(status=b"HTTP/1.1 204 No Content\r\n") + EVIL], 204, b""),
    "an error with a body": (
        [head(CL5, status=b"HTTP/1.1 503 Service Unavailable\r\n") + b"sorry"],
        503,
        b"sorry",
    ),
    "a coding that lies": ([head(CL5, b"Content-Encoding: gzip\r\n") + b"hello"], 200, b"hello"),
    "codings that lie without end": (
        [head(CL5, b"Content-Encoding: " + b"gzip, " * 5000 + b"br\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "a part that nobody asked for": (
        [head(CL5, b"Content-Range: bytes 0-4/9\r\n", status=b"HTTP/1.1 206 Partial Content\r\n") + b"hello"],
        206,
        b"hello",
    ),
    "a part of a range that is none": (
        [head(CL5, b"Content-Range: bytes 9-4/x\r\n", status=b"HTTP/1.1 206 Partial Content\r\n") + b"hello"],
        206,
        b"hello",
    ),
    "a range on a whole": ([head(CL5, b"Content-Range: bytes 1-5/9\r\n") + b"hello"], 200, b"hello"),
    "an upgrade offered": (
        [head(CL5, b"Connection: upgrade\r\n", b"Upgrade: h2c\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "an upgrade demanded": (
        [
            head(CL5, b"Connection: upgrade\r\n", b"Upgrade: h2c\r\n", status=b"HTTP/1.1 426 Upgrade\r\n")
            + b"hello"
        ],
        426,
        b"hello",
    ),
    "a redirect to itself": (
        [head(b"Content-Length: 0\r\n", b"Location: /c\r\n", status=b"HTTP/1.1 301 Moved\r\n")],
        301,
        b"",
    ),
    "locations that are none": (
        [head(CL5, b"Location: http://[::g]:x/\r\n", b"Content-Location: //\\@\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "times that are none": (
        [
            head(
                CL5,
                b"Date: yesterday\r\n",
                b"Expires: 0\r\n",
                b"Last-Modified: Sun, 99 Foo 9999 99:99:99 GMT\r\n",
                b"Age: 99999999999999999999\r\n",
            )
            + b"hello"
        ],
        200,
        b"hello",
    ),
    "lifetimes beyond all numbers": (
        [head(CL5, b"Cache-Control: max-age=" + b"9" * 5000 + b", s-maxage=-1\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "an entity-tag that is none": ([head(CL5, b'ETag: "a\r\n') + b"hello"], 200, b"hello"),
    "Vary of a thousand names": (
        [head(CL5, b"Vary: " + b"x-a, " * 1000 + b"b\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "Vary of no names": ([head(CL5, b'Vary: "a b", @\r\n') + b"hello"], 200, b"hello"),
    "tags without end": ([head(CL5, b"Cache-Tag: " + b"a," * 20_000 + b"\r\n") + b"hello"], 200, b"hello"),
    "a reason that looks like fields": (
        [head(CL5, status=b"HTTP/1.1 200 Set-Cookie: a=b\r\n") + b"hello"],
        200,
        b"hello",
    ),
    "no content in chunks": (
        [head(TE, status=b"HTTP/1.1 204 No Content\r\n") + b"5\r\nhello\r\n0\r\n\r\n"],
        204,
        b"",
    ),
    "a reset of content with content": (
        [head(CL5, status=b"HTTP/1.1 205 Reset Content\r\n") + b"hello"],
        205,
        b"hello",
    ),
    "a redirect": (
        [head(b"Content-Length: 0\r\n", b"Location: /x\r\n", status=b"HTTP/1.1 302 Found\r\n")],
        302,
        b"",
    ),
}
