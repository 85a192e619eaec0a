"""Several parts of a stored response in one answer (RFC 9110 section 14.6)."""

import pytest

from edgescript.request import Request
from runtime.cache.store import StoredResponse
from runtime.proxy.stored_answer import answer_from

ID = "0123456789abcdef0000000000000007"


def asked(content):
    stored = StoredResponse(200, ((b"Date", b"x"),), content, request_time=0.0, response_time=0.0)
    fields = [(b"Range", b"bytes=0-1,3-")]
    return answer_from(stored, "HIT", (), Request(id=ID), fields, 0.0, b"")


def test_the_boundary_is_in_no_part():
    answer = asked(b"abcdefgh")
    assert answer.status == 206
    assert answer.body.count(ID.encode()) == 3


@pytest.mark.parametrize("around", ["abc{}", "abc\r\n--{}--\r\nX: y\r\n\r\n"])
def test_content_that_foresees_the_boundary_is_sent_whole(around):
    content = around.format(ID).encode()
    answer = asked(content)
    assert (answer.status, answer.body) == (200, content)
