"""Tags beyond what is indexed: what could not be purged by one of its names is not stored."""

from runtime.http.tags import MAX_TAGS
from runtime.io.figures import figures
from tests.support.raworigin import RawOrigin, response
from tests.support.worker import NOW, scenario, serving

FRESH = b"Cache-Control: max-age=60"
MANY = b"Cache-Tag: " + b",".join(b"t%d" % number for number in range(MAX_TAGS + 1))


def overtagged(node):
    return dict(figures(node.worker))["cache_overtagged", ()]


@scenario
async def test_a_response_with_too_many_tags_is_not_stored_and_is_counted():
    tags = {b"/few": b"Cache-Tag: a", b"/many": MANY}
    async with (
        RawOrigin(lambda asked: [response(b"x", FRESH, tags[asked.target])]) as origin,
        serving(origin) as node,
        node.client() as client,
    ):
        seen = [(await client.get(target))["X-Cache"] for target in ("/few", "/few", "/many", "/many")]
        assert seen == ["MISS", "HIT", "MISS", "MISS"]
        assert overtagged(node) == 2


@scenario
async def test_one_that_gets_too_many_by_a_304_is_forgotten():
    def answer(asked):
        if asked.values(b"if-none-match"):
            return [b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n' + FRESH + b"\r\n" + MANY + b"\r\n\r\n"]
        return [response(b"x", FRESH, b'ETag: "1"')]

    async with RawOrigin(answer) as origin, serving(origin) as node, node.client() as client:
        assert (await client.get("/a"))["X-Cache"] == "MISS"
        node.now = NOW + 61
        seen = [await client.get("/a") for _ in range(2)]
        assert [(each["X-Cache"], each.body) for each in seen] == [("REVALIDATED", b"x"), ("MISS", b"x")]
        assert overtagged(node) == 1
