"""What is no text gets one diagnostic; strange bytes that a script may have get none of that."""

import gzip

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.parsing.lexical import MANY_STRANGE
from edgescript.source import Source


def codes(data):
    compiled = compile_source(Source.from_bytes("a.es", data), stdlib.registry())
    return [each.code for each in compiled.diagnostics if each.severity == "error"]


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        gzip.compress(bytes(range(256)) * 8),
        "say('a')\nexit(200)\nsay('b')\n".encode("utf-16"),
        b"\x00" * MANY_STRANGE,
        b"\xff" * MANY_STRANGE,
    ],
    ids=["bytes", "gzip", "utf-16", "control characters", "not UTF-8"],
)
def test_what_is_no_text_gets_one_diagnostic(data):
    assert codes(data) == ["not-text"]


@pytest.mark.parametrize(
    "data",
    [
        b"# " + "注释".encode("gbk") * 20 + b"\nsay('a')\n",
        b"say('" + "中文".encode("gbk") * 20 + b"')\n",
        b"say('" + b"\x01" * 40 + b"')\n",
    ],
    ids=["a comment in GBK", "a string in GBK", "control characters in a string"],
)
def test_comments_and_strings_may_have_any_bytes(data):
    assert codes(data) == []


def test_a_few_are_reported_one_by_one():
    assert set(codes(b"\x00 " * (MANY_STRANGE - 1))) == {"unexpected-character"}
    assert set(codes("名字 ".encode() * 30)) == {"unexpected-character"}
