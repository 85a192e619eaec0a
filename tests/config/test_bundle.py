"""What is packed is built the same everywhere: scripts are loaded once, counts go on, damage is an error."""

import gc
import random
import tracemalloc

import click
import pytest

from edgescript.cli.files import Unreadable
from edgescript.cli.node.building import Builder, SiteServices
from edgescript.cli.node.node import Flags, Node
from edgescript.services import NO_SERVICES
from runtime.config import ConfigError
from runtime.config.file import parse_config
from runtime.limits.local import LocalLimits
from runtime.scripts.site import Site
from tests.support.packed import pack

CONFIG = """
origin = "http://a"
scripts = ["a.es"]
[script_limits]
fuel = 1000
calls = 10
[[upstreams]]
name = "one"
servers = ["http://one"]
[[upstreams]]
name = "two"
servers = ["http://two"]
[[sites]]
hosts = ["b"]
scripts = ["a.es", { file = "b.es", pos = "foot", name = "second" }]
upstreams = ["two"]
max_body_bytes = 5
[sites.script_limits]
calls = 20
[[sites]]
hosts = ["c"]
origin = "two"
"""


@pytest.fixture
def packed(tmp_path):
    """Packs a configuration that stands beside two scripts."""
    (tmp_path / "a.es").write_text("add_rsp_header('X-A', '1')\n")
    (tmp_path / "b.es").write_text("add_rsp_header('X-B', '1')\n")

    def data(text=CONFIG):
        made, _ = pack(parse_config(text.encode(), tmp_path / "edge.toml"), node_id="n")
        assert made is not None
        return made

    return data


@pytest.fixture
def builder():
    return Builder(SiteServices(random.Random(1), LocalLimits()))


def test_a_site_has_what_its_table_says_and_else_what_the_top_says(packed, builder):
    sites = builder.build(packed())
    top, second, third = (sites.find(host) for host in ("other", "b", "c"))
    assert [site.name for site in sites.all()] == ["b", "c", "default"]
    assert [(script.name, script.position) for script in second.scripts] == [
        ("a.es", "head"),
        ("second", "foot"),
    ]
    assert (second.limits.fuel, second.limits.calls, top.limits.calls) == (1000, 20, 10)
    assert (second.origin.name, third.origin.name, second.max_body_bytes) == ("a:80", "two", 5)
    assert ([*second.upstreams], [*third.upstreams]) == (["two"], ["one", "two"])
    assert ([*second.services.origins], [*top.services.origins]) == (["two"], ["one", "two"])
    assert third.services is NO_SERVICES
    assert second.origin is top.origin
    assert (second.policy, second.origin.forwarding.node_id) == (None, "n")


def test_a_script_of_two_sites_is_loaded_once_but_counted_for_each(packed, builder):
    sites = builder.build(packed())
    first, second = sites.find("other").scripts[0], sites.find("b").scripts[0]
    assert first.run.__self__ is second.run.__self__
    assert first.tally is not second.tally
    assert first.digest == second.digest != sites.find("b").scripts[1].digest


DICTIONARIES = """
origin = "http://a"
scripts = ["a.es"]
[dictionaries]
rates = "rates.json"
[[sites]]
hosts = ["b"]
scripts = ["a.es"]
[sites.dictionaries]
rates = { "\u00e9" = "1 \u20ac" }
more = { k = "v" }
"""


def test_dictionaries_stand_in_the_file_or_beside_it(packed, builder, tmp_path):
    (tmp_path / "rates.json").write_text('{"k": "2"}')
    sites = builder.build(packed(DICTIONARIES))
    assert sites.find("other").services.dictionaries == {"rates": {"k": "2"}}
    assert sites.find("b").services.dictionaries == {
        "rates": {"\u00c3\u00a9": "1 \u00e2\u0082\u00ac"},
        "more": {"k": "v"},
    }
    again = builder.build(packed(DICTIONARIES))
    assert again.find("b").services.dictionaries["more"] is sites.find("b").services.dictionaries["more"]


@pytest.mark.parametrize("text", ["", "[]", '{"k": 1}', '{"k": null}', "{'k': 'v'}", '{"k": "' + "[" * 9])
def test_a_file_that_is_no_dictionary_is_refused(packed, tmp_path, text):
    (tmp_path / "rates.json").write_text(text)
    with pytest.raises(Unreadable, match="want a JSON object of strings"):
        packed(DICTIONARIES)


def test_scripts_and_counts_go_on_from_build_to_build(packed, builder, tmp_path):
    before = builder.build(packed())
    (tmp_path / "b.es").write_text("add_rsp_header('X-B', '2')\n")
    after = builder.build(packed())
    old, new = before.find("b"), after.find("b")
    assert old.scripts[0].run.__self__ is new.scripts[0].run.__self__
    assert old.scripts[1].run.__self__ is not new.scripts[1].run.__self__
    assert old.services.limiter is new.services.limiter
    assert old.origin == new.origin


def test_nothing_is_kept_of_what_is_no_longer_served(packed, builder):
    builder.build(packed())
    builder.build(packed("origin = 'http://a'\n"))
    assert (builder._library.programs, [*builder.services._made]) == ({}, ["default"])


def many(count):
    return "".join(
        f'[[sites]]\nhosts = ["{number}.many.test"]\norigin = "two"\nscripts = ["a.es"]\n'
        for number in range(count)
    )


def test_a_site_that_nobody_asks_for_takes_little(packed, builder):
    builder.build(packed())  # what is loaded and made once is there
    data = packed(CONFIG + many(400))
    tracemalloc.start()
    try:
        sites = builder.build(data)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / len(sites.all()) < 2048


def test_of_what_a_node_tries_out_no_site_stays(packed, tmp_path):
    packed()
    file = tmp_path / "edge.toml"
    file.write_text(CONFIG + many(3))
    node = Node(click.Context(click.Command("serve")), Flags(str(file), {}, (), (), None))
    data, _ = node.pack(node.configure())
    node.try_out(data)

    def left():
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, Site) and "many.test" in each.name]

    assert left() == []
    built = node.build(data)
    assert len(left()) == 3
    assert built.find("1.many.test") in left()


def test_sites_do_not_share_counts(packed, builder):
    sites = builder.build(packed())
    for host in ("other", "b"):
        limiter = sites.find(host).services.limiter
        assert limiter.admit("k", 1, 0, 1.0)
        assert not limiter.admit("k", 1, 0, 1.0)


@pytest.mark.parametrize(
    "spoil", [lambda _: b"", lambda data: data[:-9], lambda data: data.replace(b"ESC", b"XSC")]
)
def test_a_damaged_bundle_is_refused(packed, builder, spoil):
    with pytest.raises(ConfigError, match="damaged bundle"):
        builder.build(spoil(packed()))


def test_with_an_error_in_any_script_nothing_is_packed(packed, tmp_path):
    packed()
    (tmp_path / "b.es").write_text("lenght()\n")
    made, reports = pack(parse_config(CONFIG.encode(), tmp_path / "edge.toml"))
    assert made is None
    assert [found[0].code for _, found in reports if found] == ["unknown-function"]
