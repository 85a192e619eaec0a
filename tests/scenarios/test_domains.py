"""What is told of a console's domains, over sockets: figures by release and version, lines for who follows them."""

from dataclasses import replace

from edgescript.pipeline import InstalledScript
from edgescript.services import NO_SERVICES, ScriptMetrics, Services
from runtime.io import worker as worker_module
from runtime.io.figures import figures, trouble
from runtime.scripts.counts import ReleaseCounts
from runtime.scripts.site import Site, Sites
from runtime.scripts.split import Split
from runtime.upstreams.upstream import Upstream
from tests.support.rawclient import request
from tests.support.raworigin import CLOSE, OK, RawOrigin, response
from tests.support.scripts import installed
from tests.support.waiting import eventually
from tests.support.worker import scenario, serving

FAILED = response(b"no", status=b"500 Oops")


def script(folder, text, version):
    made = installed(folder, text)
    return InstalledScript(made.name, made.position, made.run, made.on_error, version=version)


def domain(origin, *scripts, release=1, **more):
    upstream = Upstream.single(origin.host, origin.port)
    return Site("shop", upstream, scripts, NO_SERVICES, release=release, counts=ReleaseCounts(), **more)


def told(node, *beginnings):
    return {key: value for key, value in figures(node.worker) if key[0].startswith(beginnings) and value}


@scenario
async def test_figures_are_by_release_and_version(tmp_path):
    async with RawOrigin(lambda asked: [FAILED if asked.target == b"/bad" else OK]) as origin:
        old = script(tmp_path, "if eq($uri, '/a') {\n    add_rsp_header('X', '1')\n}\n", 3)
        new = script(tmp_path, "if eq($uri, '/bad') {\n    exit(503)\n}\n", 4)
        candidate = domain(origin, new, release=2)
        split = Split("header:Side", lambda key: key == b"new")
        site = domain(origin, old, split=split, candidate=candidate)
        async with serving(sites=Sites(site)) as node:
            async with node.client() as client:
                for target, side in [("/a", "old"), ("/bad", "old"), ("/a", "new"), ("/bad", "new")]:
                    await client.get(target, f"Side: {side}")
            found = told(node, "domain_", "version_")
            fuel = {key: value for key, value in found.items() if key[0] == "version_fuel"}
            times = {key: value for key, value in found.items() if key[0] == "version_time_us"}
            assert {key: value for key, value in found.items() if key not in fuel | times} == {
                ("domain_requests", ("shop", "1")): 2,
                ("domain_requests", ("shop", "2")): 2,
                ("domain_errors_5xx", ("shop", "1")): 1,
                ("domain_errors_5xx", ("shop", "2")): 1,
                ("version_runs", ("shop", "1", "a.es", "3", "ExecutedAndHit")): 1,
                ("version_runs", ("shop", "1", "a.es", "3", "ExecutedButNotHit")): 1,
                ("version_runs", ("shop", "2", "a.es", "4", "ExecutedAndHit")): 1,
                ("version_runs", ("shop", "2", "a.es", "4", "ExecutedButNotHit")): 1,
            }
            assert fuel.keys() == {
                ("version_fuel", ("shop", "1", "a.es", "3")),
                ("version_fuel", ("shop", "2", "a.es", "4")),
            }
            assert len(times) == 2
            by_name = told(node, "script_runs", "script_fuel")
            assert by_name["script_runs", ("a.es", "ExecutedAndHit")] == 2
            assert by_name["script_fuel", ("a.es",)] == sum(fuel.values())


@scenario
async def test_a_client_that_goes_is_counted_for_the_release():
    async with RawOrigin(lambda _: [60.0]) as origin, serving(sites=Sites(domain(origin))) as node:
        async with node.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await eventually(lambda: origin.asked)
            client.reset()
        await eventually(lambda: told(node, "domain_aborted") == {("domain_aborted", ("shop", "1")): 1})


@scenario
async def test_what_was_counted_is_told_after_a_reload_though_nobody_asks_again(tmp_path):
    async with RawOrigin(lambda _: [OK]) as origin:
        text = "metric_incr('hits')\n"
        asked, idle = (domain(origin, script(tmp_path, text, 3), release=release) for release in (1, 2))
        asked = replace(asked, services=Services(metrics=ScriptMetrics()))
        sites = Sites(None, [("asked.test", asked), ("idle.test", idle)])
        async with serving(sites=sites) as node, node.client() as client:
            await client.send(request("/", host="asked.test"))
            await client.answer()
            found = told(node, "domain_", "version_", "script_")
            assert found["domain_requests", ("shop", "1")] == found["script_metric", ("hits",)] == 1
            assert node.worker.install(Sites(None, [("asked.test", asked)])) == {
                "a.es": {"NonExecution": 0, "ExecutedAndHit": 0, "ExecutedButNotHit": 1, "Exception": 0}
            }
            assert told(node, "domain_", "version_", "script_") == found
            assert not any(node.worker.states()["a.es"].values())
            await client.send(request("/", host="asked.test"))
            await client.answer()
            assert node.worker.states()["a.es"]["ExecutedButNotHit"] == 1
            assert told(node, "domain_requests") == {("domain_requests", ("shop", "1")): 2}


@scenario
async def test_the_nodes_own_sites_are_no_domains():
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node, node.client() as client:
        await client.get("/")
        assert told(node, "domain_", "version_") == {}
        assert told(node, "requests")


@scenario
async def test_lines_of_a_domain_come_to_who_follows_it():
    async with RawOrigin(lambda _: [OK]) as origin:
        other = Site("other", Upstream.single(origin.host, origin.port))
        sites = Sites(other, [("shop.test", domain(origin))])
        async with serving(sites=sites) as node, node.client() as client:
            assert node.worker.access is None
            assert node.worker.follow(("shop",)) == []
            await client.send(b"GET /1 HTTP/1.1\r\nHost: shop.test\r\n\r\n")
            await client.answer()
            await client.get("/2")
            await client.send(b"BAD\r\n\r\n")
            await client.answer()
            (line,) = node.worker.follow(("shop",))
            assert (line["domain"], line["uri"], line["status"]) == ("shop", "/1", 200)
            assert node.worker.follow(()) == []
            assert node.worker.access is None


@scenario
async def test_who_asks_no_more_follows_no_more(monkeypatch):
    monkeypatch.setattr(worker_module, "FOLLOWED_S", 0.01)
    async with RawOrigin(lambda _: [OK]) as origin, serving(origin) as node:
        node.worker.follow(("test",))
        assert node.worker.access is not None
        await eventually(lambda: node.worker.access is None)


@scenario
async def test_a_file_has_its_lines_while_somebody_follows_and_after(tmp_path):
    path = tmp_path / "access.log"
    async with (
        RawOrigin(lambda _: [OK, CLOSE]) as origin,
        serving(origin, access_log=str(path)) as node,
        node.client() as client,
    ):
        node.worker.follow(("test",))
        await client.get("/1")
        assert [line["uri"] for line in node.worker.follow(())] == ["/1"]
        await client.get("/2")
        await eventually(lambda: path.exists() and path.read_text().count("\n") == 2)


@scenario
async def test_domains_that_cannot_be_served_are_told_as_trouble():
    problems = [(f"d{number}", "damaged") for number in range(13)]
    async with serving(sites=Sites(None, (), problems)) as node:
        found = trouble(node.worker)
        assert (found[0], found[-1], len(found)) == ("domain d0: damaged", "3 more domains", 11)
