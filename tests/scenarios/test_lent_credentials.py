"""Credentials that scripts give a request towards the origin: what comes of them is for who was given the same (RFC 9111 §3.5)."""

import asyncio

import pytest

from edgescript.effects import HeaderOp
from edgescript.pipeline import InstalledScript
from tests.support.rawclient import request
from tests.support.raworigin import RawOrigin, response
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

LONG = b"x" * 200_000


def bearer(value):
    """A script that gives credentials: `value` of them, where it is '' the cookie `token` of the visitor."""

    def run(context):
        token = value or context.request.cookies.get("token")
        if token:
            context.header_op("request_headers", HeaderOp("set", "Authorization", f"Bearer {token}"))
        return True

    return InstalledScript(name="bearer", position="head", run=run, on_error="deny")


def telling(cache_control, body=b"", go=None):
    """An origin's answer with the credentials it was asked with, once `go` is set."""

    def answer(asked):
        known = b"".join(asked.values(b"Authorization")) or b"nobody"
        answered = response(known + body, cache_control)
        return [answered] if go is None else [go, answered]

    return answer


async def told(client, *fields):
    return (await client.get("/me", *fields)).body.removesuffix(LONG)


@scenario
async def test_a_visitor_is_not_given_what_another_ones_token_led_to():
    async with (
        RawOrigin(telling(b"Cache-Control: max-age=60")) as origin,
        serving(origin, scripts=[bearer("")]) as node,
        node.client() as client,
    ):
        for _ in range(2):
            assert await told(client, "Cookie: token=ann") == b"Bearer ann"
            assert await told(client, "Cookie: token=bob") == b"Bearer bob"
        assert len(origin.asked) == 2
        assert await told(client) == b"nobody"


@pytest.mark.parametrize("body", [b"", LONG], ids=["short", "long"])
def test_nor_when_both_ask_at_once(body):
    @scenario
    async def play():
        go = asyncio.Event()
        async with (
            RawOrigin(telling(b"Cache-Control: max-age=60", body, go)) as origin,
            serving(origin, scripts=[bearer("")]) as node,
            node.client() as ann,
            node.client() as bob,
        ):
            await ann.send(request("/me", "Cookie: token=ann"))
            await eventually(lambda: len(origin.asked) == 1)
            await bob.send(request("/me", "Cookie: token=bob"))
            await eventually(lambda: len(node.worker.clients) == 2)
            go.set()
            assert (await ann.answer()).body.removesuffix(LONG) == b"Bearer ann"
            assert (await bob.answer()).body.removesuffix(LONG) == b"Bearer bob"

    play()


@pytest.mark.parametrize(
    ("value", "says"),
    [("of-the-node", b"Cache-Control: max-age=60"), ("", b"Cache-Control: public, max-age=60")],
    ids=["the node's own", "public"],
)
def test_one_answer_serves_all_where_that_is_meant(value, says):
    @scenario
    async def play():
        async with (
            RawOrigin(telling(says)) as origin,
            serving(origin, scripts=[bearer(value)]) as node,
            node.client() as client,
        ):
            first = await told(client, "Cookie: token=ann")
            assert await told(client, "Cookie: token=bob") == first
            assert len(origin.asked) == 1

    play()
