"""What every request passes: who asks, how much, how often, and what every answer has."""

import json
import re

import pytest

from runtime.console.api.faults import WANTED
from runtime.console.api.problems import KINDS
from runtime.console.model.names import MAX_DICTIONARIES
from tests.console.api.conftest import is_problem

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}

UNKNOWN = {
    "nobody": ("GET", "domains", "", 401, "unauthorized"),
    "a token that is none": ("GET", "domains", "est_1_2", 401, "unauthorized"),
    "a token that is no text of ours": ("GET", "domains", "\x7f", 401, "unauthorized"),
    "no such path": ("GET", "nothing", None, 404, "not-found"),
    "no such path at the top": ("GET", "/nothing", None, 404, "not-found"),
    "no such method": ("PATCH", "domains", None, 415, "unsupported-type"),
    "no such method without a body": ("DELETE", "domains", None, 405, "method-not-allowed"),
    "no such method of health": ("DELETE", "/healthz", None, 405, "method-not-allowed"),
    "no such method of a manifest": ("DELETE", "nodes/n/manifest", None, 405, "method-not-allowed"),
    "no such domain": ("GET", "domains/nothing", None, 404, "not-found"),
    "no such file": ("GET", "/static/nothing.js", None, 404, "not-found"),
    "a limit that is none": ("GET", "domains?limit=0", None, 422, "invalid"),
    "a cursor that is none": ("GET", "audit?cursor=x", None, 422, "invalid"),
    "a cursor of a list by number, before its first": ("GET", "audit?cursor=0", None, 422, "invalid"),
    "a cursor that no list by name has given": ("GET", "domains?cursor=shop", None, 422, "invalid"),
    "a cursor of another list": ("GET", "nodes?cursor=7", None, 422, "invalid"),
    "an empty cursor": ("GET", "tokens?cursor=", None, 422, "invalid"),
    "a number that is none": ("GET", "domains/d/scripts/s/versions/x", None, 422, "invalid"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_refused(running, case):
    method, path, token, status, code = UNKNOWN[case]
    answer = running.ask(method, path, token)
    if method == "PATCH":
        answer = running.ask(method, path, token, content=b"x")
    is_problem(answer, status, code)
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "session", "domains"]
)
def test_every_answer_has_the_security_fields(running, path):
    answer = running.get(path)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert answer.headers["x-request-id"].startswith("r")


BODIES = {
    "no JSON": (b"{", 422, "invalid"),
    "no object": (b"[]", 422, "invalid"),
    "nothing": (b"", 422, "invalid"),
    "not a number": (b'{"name": "a", "settings": {"x": NaN}}', 422, "invalid"),
    "half a character": (b'{"name": "a", "settings": {"x": "\\ud800"}}', 422, "invalid"),
    "NUL": (b'{"name": "a", "settings": {"x": "\\u0000"}}', 422, "invalid"),
    "nested without end": (
        b'{"name": "a", "settings": ' + b'{"x":' * 5000 + b"1" + b"}" * 5001,
        422,
        "invalid",
    ),
    "a huge number": (b'{"name": "a", "settings": {"x": ' + b"9" * 5000 + b"}}", 422, "invalid"),
    "an unknown key": (b'{"name": "a", "settings": {}, "x": 1}', 422, "invalid"),
    "another type": (b'{"name": 1, "settings": {}}', 422, "invalid"),
    "a name that is none": (b'{"name": "A B", "settings": {}}', 422, "invalid"),
    "larger than is taken": (b'{"x": "' + b"x" * (1 << 20) + b'"}', 413, "too-large"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body(running, case):
    body, status, code = BODIES[case]
    answer = running.post("domains", content=body, headers={"Content-Type": "application/json"})
    is_problem(answer, status, code)


def test_a_body_in_pieces_is_bounded_too(running):
    async def pieces():
        for _ in range(100):
            yield b"x" * 65536

    answer = running.post("domains", content=pieces(), headers={"Content-Type": "application/json"})
    is_problem(answer, 413, "too-large")


def test_a_form_of_another_site_is_not_taken(running):
    answer = running.post("domains", content=b"a=1", headers={"Content-Type": "text/plain"})
    is_problem(answer, 415, "unsupported-type")


@pytest.mark.parametrize("name", ["session", "report", "manifest"])
def test_a_name_that_is_also_a_resource_of_ours_is_a_name(shop, name):
    body = {"entries": {"k": "v" * 20_000}, "revision": 0}
    assert shop.put(f"domains/shop/dictionaries/{name}", json=body).status_code == 200


def test_what_was_given_is_not_told_back(running):
    answer = running.post("session", "", json={"token": ["est_1_secret"]})
    is_problem(answer, 422, "invalid")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("domains", {"name": "Shop"}, "name: want small letters, digits and hyphens"),
        (
            "domains/d/publish",
            {"environment": "staging", "sticky": "colour"},
            "sticky: want client_ip, cookie:NAME",
        ),
        ("domains/d/publish", {"environment": "staging", "remove": ["a/b"]}, "want letters, digits, '_'"),
        ("tokens", {"label": "", "grants": []}, "label: want 1 at least"),
        ("domains/d/publish", {"environment": "staging", "message": "x" * 9999}, "characters at most"),
    ],
)
def test_what_a_name_may_be_is_said_in_words(running, path, body, said):
    problem = is_problem(running.ask("POST", path, json=body), 422, "invalid")
    assert said in problem["detail"]
    assert "pattern" not in str(problem)


def test_every_pattern_of_the_document_has_words(running):
    document = json.dumps(running.get("/api/openapi.json").json())
    patterns = {json.loads(each) for each in re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', document)}
    of_blobs = "^[0-9a-f]{64}$"  # what is named otherwise is not found
    assert patterns == {*WANTED, of_blobs}


def test_fifty_changes_a_second_for_a_token(running, clock):
    answers = [running.delete("tokens/none") for _ in range(50)]
    assert {answer.status_code for answer in answers} == {404}
    found = is_problem(running.delete("tokens/none"), 429, "too-many")
    assert found["retry_after_s"] == 1
    assert running.delete("tokens/none").headers["retry-after"] == "1"
    assert running.get("tokens").status_code == 200
    clock.now += 1
    assert running.delete("tokens/none").status_code == 404


def test_a_customer_with_many_tokens_makes_no_more_changes_than_with_two(shop, clock):
    tokens = [shop.token(scope) for scope in ("read", "edit", "publish", "admin")]
    shop.domain("blog", "blog.example")
    other = shop.token("edit", "blog")
    clock.now += 1
    answers = [shop.delete("tokens/none", token).status_code for token in tokens for _ in range(30)]
    assert answers == [404] * 100 + [429] * 20
    assert shop.delete("tokens/none", other).status_code == 404
    assert shop.delete("tokens/none").status_code == 404
    clock.now += 1
    assert [shop.delete("tokens/none", token).status_code for token in tokens] == [404] * 4


def test_sign_ins_are_counted_by_customer(shop, clock):
    tokens = [shop.token("read") for _ in range(4)]

    def signs_in(token):
        return shop.post("session", "", json={"token": token})

    answers = [signs_in(token).status_code for _ in range(15) for token in tokens]
    assert set(answers) == {204}
    is_problem(signs_in(tokens[0]), 429, "too-many")
    assert signs_in(shop.operator).status_code == 204
    entries = shop.get("audit?limit=200").json()["items"]
    assert sum(each["action"] == "session.open" for each in entries) == 61
    clock.now += 1
    assert [signs_in(token).status_code for token in tokens[:2]] == [204, 429]


def test_failed_sign_ins_are_counted_by_address(running, clock):
    for _ in range(20):
        is_problem(running.post("session", "", json={"token": "est_a_b"}), 401, "unauthorized")
    is_problem(running.post("session", "", json={"token": "est_a_b"}), 429, "too-many")
    is_problem(running.post("session", "", json={"token": running.operator}), 429, "too-many")
    is_problem(running.get("domains", "est_a_b"), 429, "too-many")
    assert running.get("domains").status_code == 200  # who has a token is not locked out by who has none
    clock.now += 61
    assert running.post("session", "", json={"token": running.operator}).status_code == 204


def test_the_log_has_no_secret(running):
    running.get(f"audit?cursor={running.operator}")
    running.get("domains", "est_abc_topsecret")
    running.post("session", "", json={"token": running.operator})
    lines = running.logged()
    assert [line["status"] for line in lines] == [422, 401, 204]
    assert lines[0]["who"] == "root"
    assert "est_" not in running.log.getvalue()
    assert "topsecret" not in running.log.getvalue()


def test_an_error_of_ours_is_a_problem_without_its_text(running, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("the secret is tulip")

    monkeypatch.setattr(running.console.domains, "list", broken)
    answer = running.get("domains")
    is_problem(answer, 500, "internal")
    assert "tulip" not in answer.text
    events = {line["event"]: line for line in running.logged()}
    assert events["error"]["error"] == "ZeroDivisionError"
    assert "tulip" not in running.log.getvalue()


def test_metrics_count_by_route(running):
    running.get("domains/a")
    running.get("domains/b")
    text = running.get("/metrics").text
    line = 'console_requests_total{method="GET",route="/api/v1/domains/{domain}",status="404"} 2.0'
    assert line in text.splitlines()


def test_every_code_has_a_status_and_a_sentence():
    for code, kind in KINDS.items():
        assert 400 <= kind.status < 600, code
        assert kind.summary.endswith("."), code


def test_of_what_there_are_enough_nobody_is_told_to_come_back(running):
    running.domain()
    body = {"entries": {}, "revision": 0}
    for number in range(MAX_DICTIONARIES):
        assert running.put(f"domains/shop/dictionaries/d{number}", json=body).status_code == 200
        running.clock.now += 1
    refused = running.put("domains/shop/dictionaries/more", json=body)
    is_problem(refused, 409, "limit")
    assert "retry-after" not in refused.headers
