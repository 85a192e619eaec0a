"""`examples/edge.toml` is in order and does what its comments say; the page of keys is the one the declarations make."""

import contextlib
import random
import re

import pytest

from edgescript.cli.node.building import Builder, SiteServices
from runtime.config.file import parse_config
from runtime.config.reference import TABLES, page, rows
from runtime.config.shape import declared
from runtime.limits.local import LocalLimits
from tests.architecture.imports import ROOT
from tests.support.command import run_command
from tests.support.origin import RecordingOrigin
from tests.support.packed import pack
from tests.support.rawclient import request
from tests.support.worker import scenario, serving

EXAMPLE = ROOT / "examples" / "edge.toml"


def test_the_example_is_in_order():
    result = run_command("serve", "--config", EXAMPLE, "--check-config")
    assert (result.status, result.stderr) == (0, "the configuration is in order: 3 sites, 3 scripts\n")


def test_the_page_of_keys_is_made_of_the_declarations():
    """Renew it with: python -m runtime.config.reference > runtime/config/REFERENCE.md"""
    assert (ROOT / "runtime" / "config" / "REFERENCE.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_has_a_sentence(heading):
    table = TABLES[heading]
    found = list(rows(table))
    assert [row.key for row in found] == list(declared(table))
    assert [row.key for row in found if not row.meaning.endswith(".")] == []


def test_the_readme_names_every_table():
    readme = (ROOT / "docs/node.md").read_text(encoding="utf-8")
    named = {heading for heading in TABLES if heading.startswith("`[")}
    assert {heading for heading in named if heading not in readme} == set()


def sites_of(text):
    """The sites of a configuration that stands beside the example."""
    data, _ = pack(parse_config(text.encode(), EXAMPLE))
    return Builder(SiteServices(random.Random(1), LocalLimits())).build(data)


@contextlib.contextmanager
def example_sites():
    """The example's sites, with an origin in place of each of its upstreams; gives them and the origins by name."""
    text = EXAMPLE.read_text(encoding="utf-8")
    with contextlib.ExitStack() as stack:
        origins = {
            name: stack.enter_context(
                RecordingOrigin(200, [("Server", "x"), ("Cache-Control", control)], name.encode())
            )
            for name, control in (("rest", "no-store"), ("shop", "private"), ("pictures", "max-age=1"))
        }
        for port, name in (
            (8000, "rest"),
            (8001, "shop"),
            (8002, "shop"),
            (8003, "shop"),
            (8004, "pictures"),
        ):
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{origins[name].port}")
        yield sites_of(re.sub("^health = .*$", "", text, flags=re.MULTILINE)), origins


async def ask(client, host, target, *fields):
    await client.send(request(target, *fields, host=host))
    return await client.answer()


@scenario
async def test_hosts_of_the_example_have_their_own_origins_scripts_and_rules():
    with example_sites() as (sites, origins):
        async with serving(sites=sites) as node, node.client() as client:
            shop = await ask(client, "shop.example.com", "/api/a?b=1")
            assert (shop.body, shop.values("Server"), shop["X-Cache"]) == (b"shop", [], "MISS")
            assert shop["Strict-Transport-Security"] == "max-age=31536000"
            assert origins["shop"].asked[0].values("X-From-Edge") == ["1"]
            assert (await ask(client, "example.com", "/account/a"))["X-Cache"] == "BYPASS"
            assert (await ask(client, "example.com", "/a", "User-Agent: Wget")).status == 403
            other = await ask(client, "elsewhere.example", "/a")
            assert (other.body, other["X-Served-For"]) == (b"rest", "elsewhere.example")


@scenario
async def test_pictures_of_the_example_are_kept_whatever_else_the_query_says():
    with example_sites() as (sites, origins):
        async with serving(sites=sites) as node, node.client() as client:
            for query, seen in (("w=1&h=2&x=3", "MISS"), ("w=1&h=2&x=4", "HIT"), ("w=2&h=2", "MISS")):
                assert (await ask(client, "a.b.example.com", f"/a.jpg?{query}"))["X-Cache"] == seen
            node.now += 604_799
            assert (await ask(client, "c.example.com", "/a.jpg?w=1&h=2"))["X-Cache"] == "MISS"
            assert (await ask(client, "a.b.example.com", "/a.jpg?w=1&h=2"))["X-Cache"] == "HIT"
            assert [asked.target for asked in origins["pictures"].asked] == [
                "/a.jpg?w=1&h=2&x=3",
                "/a.jpg?w=2&h=2",
                "/a.jpg?w=1&h=2",
            ]
            assert {host for asked in origins["pictures"].asked for host in asked.values("Host")} == {
                "pictures.internal"
            }


SITE = "origin = 'http://127.0.0.1:{port}'\n[[sites]]\nhosts = ['site.test']\n"


@scenario
async def test_a_script_of_foot_has_the_last_word_over_a_rule_and_a_rule_over_one_of_head(tmp_path):
    (tmp_path / "foot.es").write_text(
        "# position: foot\nif eq($uri, '/short') {\n    set_cache_ttl('path', 5)\n}\nadd_rsp_header('X-By', 'foot')\n"
    )
    (tmp_path / "head.es").write_text("add_rsp_header('X-By', 'head')\nadd_rsp_header('X-Also', 'head')\n")
    rules = (
        f"scripts = ['{tmp_path / 'head.es'}', '{tmp_path / 'foot.es'}']\n[[sites.cache]]\nttl_s = 100\n"
        "[[sites.headers]]\nresponse.set = { X-By = 'rule', X-Also = 'rule' }\n"
    )
    with RecordingOrigin(200, [], b"x") as origin:
        async with (
            serving(sites=sites_of(SITE.format(port=origin.port) + rules)) as node,
            node.client() as client,
        ):
            first = await client.get("/short")
            assert (first["X-By"], first["X-Also"]) == ("foot", "rule")
            await client.get("/long")
            node.now += 50
            assert (await client.get("/short"))["X-Cache"] != "HIT"
            assert (await client.get("/long"))["X-Cache"] == "HIT"


@scenario
async def test_a_foot_script_that_rewrites_moves_the_key_with_it(tmp_path):
    (tmp_path / "a.es").write_text(
        "# position: foot\nif $http_x_new {\n    rewrite(concat('/new', $uri), 'break')\n}\n"
    )
    rules = f"scripts = ['{tmp_path / 'a.es'}']\n[[sites.cache]]\nttl_s = 100\nignore_query = ['u']\n"
    with RecordingOrigin(200, [], b"x") as origin:
        async with (
            serving(sites=sites_of(SITE.format(port=origin.port) + rules)) as node,
            node.client() as client,
        ):
            seen = [
                (await client.get(f"/a?u={n}&b=1", *fields))["X-Cache"]
                for n, fields in enumerate([(), ("X-New: 1",), (), ("X-New: 1",)])
            ]
        assert seen == ["MISS", "MISS", "HIT", "HIT"]
        assert [asked.target.partition("?")[0] for asked in origin.asked] == ["/a", "/new/a"]


@scenario
async def test_a_site_may_send_requests_without_tls_away():
    sites = sites_of(SITE.format(port=9) + "redirect_https = true\n")
    async with serving(sites=sites) as node, node.client() as client:
        answer = await client.get("/a?b=1")
        assert (answer.status, answer["Location"]) == (308, "https://site.test/a?b=1")


@scenario
async def test_a_rule_that_honours_the_origin_speaks_where_the_origin_says_nothing():
    rules = "[[sites.cache]]\nttl_s = 100\nhonor_origin = true\nttl_s_by_status = { 4xx = 30 }\n"
    with RecordingOrigin() as origin:
        async with (
            serving(sites=sites_of(SITE.format(port=origin.port) + rules)) as node,
            node.client() as client,
        ):
            for path, status, fields in (
                ("/silent", 200, []),
                ("/stated", 200, [("Cache-Control", "max-age=5")]),
                ("/gone", 404, []),
            ):
                origin.says(status, fields, b"x")
                assert (await client.get(path))["X-Cache"] == "MISS"
            node.now += 20
            seen = {path: (await client.get(path))["X-Cache"] for path in ("/silent", "/stated", "/gone")}
            assert seen == {"/silent": "HIT", "/stated": "MISS", "/gone": "HIT"}
            node.now += 20
            assert (await client.get("/gone"))["X-Cache"] == "MISS"
