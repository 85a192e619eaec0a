"""A node follows a console over sockets: what is published is served, acknowledged and kept, and comes back without one."""

import os
import signal
import time
from pathlib import Path

from runtime.bundles.report import ReportAnswer
from runtime.bundles.split import Split
from tests.support.origin import RecordingOrigin
from tests.support.waiting import wait_until
from tests.sync.console import TOKEN, Console, compiled, following, says


def test_published_served_acknowledged_and_followed(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False, workers=2) as edge:
        assert edge.says()[0] == 503
        status, ready = edge.admin("GET", "/readyz")
        assert (status, ready["ready"], ready["console"]["generation"]) == (503, False, 0)
        console.acked(console.publish(100, shop=says("one"), blog=says("blog")))
        assert (edge.says(), edge.says("blog.example")) == ((200, b"one"), (200, b"blog"))
        assert edge.says("unknown.example")[0] == 421
        standing = edge.standing()
        assert (standing["generation"], standing["reachable"], standing["error"]) == (100, True, "")
        assert (edge.metric("console_generation"), edge.metric("console_reachable")) == (100, 1)
        assert edge.trouble() == []
        fetched = len(console.requests("/blobs/"))
        began = time.monotonic()
        console.acked(console.publish(shop=says("two"), blog=says("blog")))
        assert time.monotonic() - began < 5
        assert edge.says() == (200, b"two")
        assert len(console.requests("/blobs/")) - fetched == 2  # the document and the script that changed
        text = "".join(edge.log) + str(edge.admin("GET", "/config")) + str(edge.admin("GET", "/readyz"))
        assert TOKEN.secret not in text
        assert edge.end() == 0


def test_a_node_starts_with_what_it_kept_and_catches_up_when_the_console_is_back(tmp_path):
    with Console() as console:
        port = console.port
        console.publish(100, shop=says("one"))
        with following(tmp_path, console) as edge:
            console.acked(100)
            edge.end(signal.SIGKILL)
    with following(tmp_path, console) as edge:
        assert edge.says() == (200, b"one")
        wait_until(lambda: not edge.standing()["reachable"] and edge.standing()["error"])
        assert edge.admin("GET", "/readyz")[0] == 200
        with Console(port) as back:
            for number in range(2, 6):  # days of changes, of which it needs the last
                back.publish(200 + number, shop=says(number))
            back.acked(205)
            assert edge.says() == (200, b"5")
            wait_until(lambda: edge.standing()["reachable"])


def test_own_sites_are_served_beside_the_consoles_and_before_it(tmp_path):
    (tmp_path / "own.es").write_text(says("own"))
    sites = [{"hosts": ["own.example"], "origin": "http://127.0.0.1:1", "scripts": ["own.es"]}]
    with Console() as console, following(tmp_path, console, wait=False, sites=sites) as edge:
        assert edge.says("own.example") == (200, b"own")
        assert edge.says()[0] == 503
        console.acked(console.publish(shop=says("shop")))
        assert (edge.says("own.example"), edge.says()) == ((200, b"own"), (200, b"shop"))
        (tmp_path / "own.es").write_text(says("new"))
        assert edge.admin("POST", "/reload")[0] == 200
        assert (edge.says("own.example"), edge.says()) == ((200, b"new"), (200, b"shop"))
        # An error of the node's own files is not the console's: it is offered again until they are mended.
        (tmp_path / "own.es").write_text("lenght()\n")
        generation = console.publish(shop=says("later"))
        console.report(lambda report: "errors in scripts" in report.error)
        assert edge.says() == (200, b"shop")
        (tmp_path / "own.es").write_text(says("mended"))
        console.acked(generation)
        assert (edge.says("own.example"), edge.says()) == ((200, b"mended"), (200, b"later"))


def test_a_split_by_cookie_and_a_dictionary(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        lookup = "exit(200, concat('old ', dict_get('words', 'greeting')))\n"

        def publish(percent, word):
            shop = console.shelf.domain(
                "shop",
                [("main", compiled(lookup))],
                [("words", {"greeting": word})],
                Split(percent, b"salt", "cookie:who"),
                [("main", compiled(lookup.replace("old", "new")))],
                origin="http://127.0.0.1:1",
            )
            console.acked(console.publish(None, [shop]))

        def who(name):
            return edge.get("/", Host="shop.example", Cookie=f"who={name}")[1]

        publish(50.0, "hello")
        first = {name: who(name) for name in map(str, range(20))}
        assert set(first.values()) == {b"old hello", b"new hello"}
        assert {name: who(name) for name in first} == first
        publish(0.0, "bye")
        assert {who(name) for name in first} == {b"old bye"}
        publish(100.0, "bye")
        assert {who(name) for name in first} == {b"new bye"}


def test_counts_and_lines_of_tailed_domains_are_reported(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        console.answer = ReportAnswer(0.3, ("shop",))
        console.acked(console.publish(shop=says("one"), blog=says("two")))
        console.report(lambda _: True)  # its answer has said whom to follow
        console.report(lambda _: True)
        for _ in range(3):
            edge.says()
            edge.says("blog.example")
        lines, counted, scripts = [], {}, {}

        def has_all(report):
            lines.extend(report.logs)
            counted.update({each.domain: each.requests for each in report.sites})
            scripts.update({each.domain: each for each in report.counters})
            return len(lines) >= 3 and counted == {"shop": 3, "blog": 3} and len(scripts) == 2

        console.report(has_all)
        assert [(line["domain"], line["status"]) for line in lines] == [("shop", 200)] * 3
        assert (scripts["shop"].script, scripts["shop"].version) == ("main", 1)
        assert sum(scripts["shop"].states.values()) == 3
        assert scripts["shop"].fuel > 0


# --- purges -----------------------------------------------------------------------------------------------------


def test_purges_are_carried_out_without_a_reload_and_touch_no_other_domain(tmp_path):
    fields = [("Cache-Control", "max-age=1000"), ("Cache-Tag", "red")]
    with (
        RecordingOrigin(fields=fields) as origin,
        Console() as console,
        following(tmp_path, console, wait=False) as edge,
    ):
        shop, blog = (console.shelf.domain(name, origin=origin.url) for name in ("shop", "blog"))
        console.acked(console.publish(None, [shop, blog]))

        def asked(host="shop.example", target="/a"):
            before = len(origin.asked)
            edge.says(host, target)
            return len(origin.asked) - before

        targets = [(host, f"/{letter}") for host in ("shop.example", "blog.example") for letter in "ab"]
        for each in targets:
            asked(*each)
        assert sum(asked(*each) for each in targets) == 0
        generation = edge.metric("generation")
        console.acked(console.purge("http://shop.example/a"))
        assert [asked(*each) for each in targets] == [1, 0, 0, 0]
        console.acked(console.purge("red", "tag"))
        assert [asked(*each) for each in targets] == [1, 1, 0, 0]
        console.acked(console.purge("http://blog.example/a"))  # not a host of this domain
        console.acked(console.purge("http://b", "prefix"))
        assert [asked(*each) for each in targets] == [0, 0, 0, 0]
        console.acked(console.purge("/", "prefix"))
        assert [asked(*each) for each in targets] == [1, 1, 0, 0]
        console.acked(console.purge("http://shop.example/", "prefix", soft=True))
        assert [asked(*each) for each in targets] == [1, 1, 0, 0]
        assert edge.metric("generation") == generation
        served = console.generation
        edge.end(signal.SIGKILL)
    with following(tmp_path, console) as edge:
        assert edge.standing()["generation"] == served


def half_and_no_more(handler):
    """A blob of which some comes, and then nothing for long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.wfile.flush()
    time.sleep(3)


# --- ends -------------------------------------------------------------------------------------------------------


def test_the_follower_may_die_at_any_time(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        console.acked(console.publish(100, shop=says("one")))
        os.kill(edge.follower(), signal.SIGKILL)
        assert edge.event("follower-ended")["cause"] == "SIGKILL"
        console.acked(console.publish(101, shop=says("two")))
        assert edge.says() == (200, b"two")
        assert edge.end() == 0


def test_killed_while_blobs_come_the_node_starts_with_the_last_that_is_whole(tmp_path):
    with Console() as console:
        console.publish(100, shop=says("one"))
        with following(tmp_path, console) as edge:
            console.acked(100)
            more = [(f"s{number}", compiled(says(f"number {number}"))) for number in range(5)]
            shop = console.shelf.domain("shop", more, origin="http://127.0.0.1:1")
            slow = list(console.shelf.blobs)[-3]
            console.held[slow] = half_and_no_more
            console.publish(101, [shop])
            wait_until(lambda: console.requests(slow))
            follower = Path(f"/proc/{edge.follower()}")
            edge.end(signal.SIGKILL)
            wait_until(lambda: not follower.exists())
        with following(tmp_path, console) as edge:
            assert edge.says() == (200, b"one")
            console.held.clear()
            console.acked(101)
            assert edge.says() == (200, b"number 0")
