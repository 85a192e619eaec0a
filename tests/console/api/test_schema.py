"""The OpenAPI document holds: requests made from it, good and bad, get what it promises, and never an error of ours."""

import itertools

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.console.api.conftest import Clock, Running

EXAMPLES = 12
"""Of each operation."""
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
)
DROPPED = frozenset({"authorization", "cookie", "content-length", "host"})
HARMFUL = {("DELETE", "/api/v1/tokens/{token}"), ("DELETE", "/api/v1/session")}
"""These may end the operator's own token or session."""


@schemathesis.serializer("application/msgpack")
def as_bytes(_context, value):
    return value if isinstance(value, bytes) else getattr(value, "data", b"\xc1")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A console with a domain `a`, its clock a second on with every look, so that no rate is met."""

    class Forward(Clock):
        def __call__(self):
            self.now += 0.05
            return self.now

    with Running(tmp_path_factory.mktemp("console"), Forward()) as running:
        running.turns = itertools.count()
        running.domain("a", "a.example")
        running.version(domain="a", script="a")
        running.publish(domain="a")
        yield running


@pytest.fixture(scope="module")
def schema(served):
    document = served.get("/api/openapi.json").json()
    return schemathesis.openapi.from_dict(document)


def test_the_document_is_whole(served):
    document = served.get("/api/openapi.json").json()
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 45
    for method, path, operation in operations:
        assert operation.get("summary") or operation.get("description"), (method, path)
        assert operation["tags"], (method, path)
        if path not in {"/api/v1/session", "/api/v1/blobs/{sha256}"}:
            assert operation["security"], (method, path)
        for status in ("404", "422", "429", "503"):
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (method, path, status)
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}


def test_requests_made_from_the_document(schema, served):
    made = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        place = (operation.method.upper(), operation.path)
        if place in HARMFUL:
            continue
        made += _try(operation, served)
    assert made > 200


def _try(operation, served):
    made = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_cases(operation))
    def one(case):
        nonlocal made
        made += 1
        _ask(case, served)

    one()
    return made


def _cases(operation):
    good = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    bad = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    return good | bad


def _ask(case, served):
    """Send the case, half of the time of things that exist, and have its answer judged."""
    stated = case.path_parameters or {}
    if next(served.turns) % 2:
        for name in ("domain", "script"):
            if name in stated:
                stated[name] = "a"
    prepared = requests.Request(**case.as_transport_kwargs("http://console.test")).prepare()
    headers = {name: value for name, value in prepared.headers.items() if name.lower() not in DROPPED}
    content = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    answer = served.loop.run(
        served.http.request(
            prepared.method,
            prepared.url,
            headers={**headers, "Authorization": f"Bearer {served.operator}"},
            content=content,
        )
    )
    case.validate_response(answer, checks=list(CHECKS))
