"""The client of the console's API: what it asks, what it asks again, and what becomes of a "no"."""

import httpx
import pytest

from runtime.console.client import (
    MAX_ANSWER_BYTES,
    NOT_A_CONSOLE,
    UNREACHABLE,
    Address,
    ConsoleClient,
    ConsoleError,
    path,
)

SECRET = "est_1_sesame"


class Script:
    """A console that answers as the list says, one after the other; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.slept = []
        self.client = ConsoleClient(
            Address("https://console.example", SECRET),
            self.slept.append,
            transport=httpx.MockTransport(self._answer),
        )

    def _answer(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(value):
    return httpx.Response(200, json=value)


def problem(status, code, headers=None, **members):
    body = {"type": "about:blank", "title": "No", "status": status, "detail": "it is so", "code": code}
    return httpx.Response(
        status,
        json=body | members,
        headers={"content-type": "application/problem+json"} | (headers or {}),
    )


DATES = {
    "a date": ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
    "none": (None, None),
    "an empty one": ("", None),
    "no date": ("tomorrow", None),
    "one beyond reckoning": ("Sun, 06 Nov 99999999 08:49:37 GMT", None),
    "a zone beyond reckoning": ("Sun, 06 Nov 1994 08:49:37 +99999999999", None),
}


@pytest.mark.parametrize("case", DATES)
def test_the_consoles_clock_is_that_of_its_last_answer(case):
    text, expected = DATES[case]
    answer = ok({})
    if text is not None:
        answer.headers["date"] = text
    console = Script(answer, ok({}))
    assert console.client.date_s is None
    console.client.get("/session")
    assert console.client.date_s == expected
    console.client.get("/session")
    assert console.client.date_s == expected


def test_a_request_carries_the_token_and_goes_below_the_api():
    console = Script(ok({"name": "shop"}))
    assert console.client.get("/domains/shop", limit=5, cursor=None, soft=True) == {"name": "shop"}
    (request,) = console.asked
    assert str(request.url) == "https://console.example/api/v1/domains/shop?limit=5&soft=true"
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_an_empty_answer_is_none():
    assert Script(httpx.Response(204)).client.delete("/tokens/1") is None


def test_a_problem_is_an_error_with_its_code_and_members():
    console = Script(problem(409, "conflict", current={"revision": 7}))
    with pytest.raises(ConsoleError) as raised:
        console.client.put("/x", {})
    error = raised.value
    assert (error.code, error.detail, error.status) == ("conflict", "it is so", 409)
    assert error.extra == {"current": {"revision": 7}}


LOST = httpx.ReadError("connection lost")
REFUSED = httpx.ConnectError("connection refused")
ATTEMPTS = {
    # method, answers -> requests made, seconds slept
    "a GET is asked again after a lost connection": ("GET", [LOST, ok(1)], 2, [0.2]),
    "a GET is asked again when the console is not ready": (
        "GET",
        [problem(503, "store-unavailable"), ok(1)],
        2,
        [0.2],
    ),
    "pauses double": ("GET", [LOST, LOST, ok(1)], 3, [0.2, 0.4]),
    "a POST is sent again when nobody was reached": ("POST", [REFUSED, ok(1)], 2, [0.2]),
    "a POST is sent again when it came too soon": (
        "POST",
        [problem(429, "too-many", {"retry-after": "1"}), ok(1)],
        2,
        [1.0],
    ),
    "a short Retry-After is kept to": ("GET", [problem(503, "x", {"retry-after": "3"}), ok(1)], 2, [3.0]),
}


@pytest.mark.parametrize("case", ATTEMPTS)
def test_asked_again(case):
    method, answers, requests, slept = ATTEMPTS[case]
    console = Script(*answers)
    assert console.client.ask(method, "/x") == 1
    assert (len(console.asked), console.slept) == (requests, slept)


ONCE = {
    "a POST whose connection was lost": ("POST", LOST, UNREACHABLE),
    "a PUT whose connection was lost": ("PUT", LOST, UNREACHABLE),
    "a DELETE whose connection was lost": ("DELETE", LOST, UNREACHABLE),
    "a POST that failed there": ("POST", problem(503, "store-unavailable"), "store-unavailable"),
    "a no": ("GET", problem(404, "not-found"), "not-found"),
    "a long Retry-After": ("GET", problem(429, "too-many", {"retry-after": "3600"}), "too-many"),
    "a Retry-After that is a date": (
        "GET",
        problem(503, "x", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        "x",
    ),
    "a redirect": ("GET", httpx.Response(302, headers={"location": "https://evil.example/"}), NOT_A_CONSOLE),
    "a web page": ("GET", httpx.Response(200, html="<h1>hi</h1>"), NOT_A_CONSOLE),
    "JSON that is none": (
        "GET",
        httpx.Response(200, content=b"{", headers={"content-type": "application/json"}),
        NOT_A_CONSOLE,
    ),
    "a proxy's own error": ("POST", httpx.Response(502, html="bad gateway"), NOT_A_CONSOLE),
}


@pytest.mark.parametrize("case", ONCE)
def test_asked_once(case):
    method, answer, code = ONCE[case]
    console = Script(answer)
    with pytest.raises(ConsoleError) as raised:
        console.client.ask(method, "/x", {"password": "hush"})
    assert raised.value.code == code
    assert (len(console.asked), console.slept) == (1, [])


def test_it_gives_up_after_three_attempts():
    console = Script(LOST, LOST, LOST)
    with pytest.raises(ConsoleError) as raised:
        console.client.get("/x")
    assert raised.value.detail == "cannot reach https://console.example: connection lost"
    assert len(console.asked) == 3


REASONS = [
    ("[Errno 111] Connection refused", "unreachable", "connection refused"),
    (
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)",
        "untrusted",
        "certificate verify failed: self-signed certificate",
    ),
]


@pytest.mark.parametrize(("raised", "code", "said"), REASONS)
def test_a_reason_is_in_words(raised, code, said):
    answers = [httpx.ConnectError(raised)] * 3
    with pytest.raises(ConsoleError) as found:
        Script(*answers).client.get("/x")
    assert (found.value.code, found.value.detail) == (code, f"cannot reach https://console.example: {said}")


def test_who_cannot_know_says_so():
    for method, answer, unsure in (("POST", LOST, True), ("GET", LOST, False), ("POST", REFUSED, False)):
        with pytest.raises(ConsoleError) as raised:
            Script(answer, answer, answer).client.ask(method, "/x")
        assert raised.value.detail.endswith("; it may have been done or not") is unsure


@pytest.mark.parametrize("case", ["a no", "a POST whose connection was lost", "a web page"])
def test_no_error_and_no_repr_has_the_token(case):
    method, answer, _ = ONCE[case]
    console = Script(answer)
    with pytest.raises(ConsoleError) as raised:
        console.client.ask(method, "/x", {"password": "hush"})
    shown = f"{raised.value!r} {raised.value} {raised.value.extra} {console.client!r}"
    assert SECRET not in shown
    assert "hush" not in shown


def test_an_answer_without_end_is_cut_off():
    def endless():
        while True:
            yield b"x" * (1 << 20)

    console = Script(httpx.Response(200, content=endless(), headers={"content-type": "application/json"}))
    with pytest.raises(ConsoleError, match=f"more than {MAX_ANSWER_BYTES} bytes"):
        console.client.get("/x")


def test_items_go_from_page_to_page():
    console = Script(ok({"items": [1, 2], "next": "c"}), ok({"items": [3], "next": None}))
    assert list(console.client.items("/x", domain="shop")) == [1, 2, 3]
    assert [request.url.query for request in console.asked] == [
        b"domain=shop&limit=200",
        b"domain=shop&limit=200&cursor=c",
    ]


def test_items_stop_at_the_number_wanted():
    console = Script(ok({"items": [1, 2], "next": "c"}), ok({"items": [3, 4], "next": "d"}))
    assert list(console.client.items("/x", 3)) == [1, 2, 3]
    assert [request.url.params["limit"] for request in console.asked] == ["3", "1"]


def test_a_cursor_that_leads_to_itself_ends_the_list():
    console = Script(ok({"items": [1], "next": "c"}), ok({"items": [2], "next": "c"}))
    assert list(console.client.items("/x")) == [1, 2]


def test_a_list_that_is_none_is_no_console():
    with pytest.raises(ConsoleError) as raised:
        list(Script(ok([1])).client.items("/x"))
    assert raised.value.code == NOT_A_CONSOLE


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (("domains", "shop", "scripts", 7), "/domains/shop/scripts/7"),
        (("domains", "../tokens"), "/domains/..%2Ftokens"),
        (("domains", "a?b#c"), "/domains/a%3Fb%23c"),
        (("scripts", "中"), "/scripts/%E4%B8%AD"),
    ],
)
def test_a_segment_stays_one(segments, expected):
    assert path(*segments) == expected


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_would_be_another_path_is_refused(segment):
    with pytest.raises(ConsoleError):
        path("domains", segment)


def stream(*chunks, status=200, kind="text/event-stream"):
    return httpx.Response(status, content=iter(chunks), headers={"content-type": kind})


def test_events_come_as_they_are_sent():
    console = Script(stream(b"data: 1\n\nda", b"ta: 2\n\n"))
    with console.client.events("/logs", filter="status=500") as events:
        assert [event.data for event in events] == ["1", "2"]
    (request,) = console.asked
    assert request.headers["accept"] == "text/event-stream"
    assert request.url.params["filter"] == "status=500"


def broken():
    yield b"data: 1\n\n"
    raise LOST


BAD_STREAMS = {
    "breaks off": (stream(), broken, UNREACHABLE),
    "is refused": (problem(403, "forbidden"), None, "forbidden"),
    "is JSON": (ok([]), None, NOT_A_CONSOLE),
    "has an endless line": (stream(*[b"x" * (1 << 18)] * 5), None, NOT_A_CONSOLE),
}


@pytest.mark.parametrize("case", BAD_STREAMS)
def test_a_stream_that(case):
    answer, content, code = BAD_STREAMS[case]
    if content:
        answer = httpx.Response(200, content=content(), headers={"content-type": "text/event-stream"})
    with pytest.raises(ConsoleError) as raised, Script(answer).client.events("/logs") as events:
        list(events)
    assert raised.value.code == code
