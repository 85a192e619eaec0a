"""
The catalogue of scenarios (reference section 11), row by row: which cases of which example show the wanted outcome.

A row is one input of a scenario. The cases are looked up by name in what `edgescript test` says of the example's test
file, so a row fails when a case does, and when it is no longer there.
"""

import functools
import json
import re

import pytest

from tests.examples.cases import EXAMPLES
from tests.support.command import run_command

CATALOGUE = {
    ("S1", "t or key missing"): ("auth/auth", ["no time", "no key"]),
    ("S1", "t not numeric"): ("auth/auth", ["a time that is no number"]),
    ("S1", "now after t"): ("auth/auth", ["a moment later it is not", "the last moment is still in time"]),
    ("S1", "fewer than three path parts"): ("auth/auth", ["fewer than three path parts"]),
    ("S1", "another digest"): ("auth/auth", ["a digest for another file"]),
    ("S1", "all good"): (
        "auth/auth",
        ["a URL with the right digest passes", "the second secret is good too"],
    ),
    ("S1", "not .ts"): ("auth/auth", ["a file of another kind passes unsigned"]),
    ("S2", "an argument"): ("headers/headers", ["a file name makes a download"]),
    ("S2", "no argument"): (
        "headers/headers",
        ["no file name, no download", "what is there to be downloaded has its own name by default"],
    ),
    ("S3", "the exact path"): ("redirect/redirect", ["a short name, query kept"]),
    ("S3", "another path"): ("redirect/redirect", ["everything else goes through unchanged"]),
    ("S4", "a type"): ("redirect/redirect", ["the argument chooses the extension"]),
    ("S5", "an upper-case extension"): (
        "redirect/redirect",
        ["upper-case extensions of pictures are lowered, names are not"],
    ),
    ("S6", "the partner's path"): ("redirect/redirect", ["a partner's streams get their prefix"]),
    ("S7", "the root, to a path"): ("redirect/redirect", ["the root goes to the start page, query kept"]),
    ("S7", "the root, to https"): (
        "redirect/redirect",
        [
            "the root of the short name goes to one page over https, from http",
            "the root of the short name goes to one page over https, from https",
        ],
    ),
    ("S8", "301 under /image"): ("cache/cache", ["a permanent move under /image/ is kept for 10 seconds"]),
    ("S8", "302 under /image"): ("cache/cache", ["a temporary move under /image/ is kept for 5 seconds"]),
    ("S8", ".mp4"): ("cache/cache", ["films are kept for 5 seconds"]),
    ("S8", "two other prefixes"): (
        "cache/cache",
        ["static files are kept for 50 seconds", "news are kept for 10 seconds"],
    ),
    ("S9", "sp and unit"): (
        "rate-limit/rate-limit",
        ["a speed in kilobytes", "a speed in megabytes, the unit in upper case"],
    ),
    ("S9", "a bad sp"): ("rate-limit/rate-limit", ["a speed that is no number"]),
    ("S9", "a bad unit"): ("rate-limit/rate-limit", ["an unknown unit"]),
    ("S9", "neither"): ("rate-limit/rate-limit", ["no speed asked for, none set"]),
    ("S10", "both allowed"): (
        "geo-block/geo",
        ["an allowed region and provider", "the other region, the other provider"],
    ),
    ("S10", "another region"): ("geo-block/geo", ["a region that is not on the list"]),
    ("S10", "another provider"): ("geo-block/geo", ["an allowed region by another provider"]),
    ("S11", "a playlist"): ("block-m3u8/block", ["a playlist is refused", "with a query too"]),
    ("S11", "another file"): ("block-m3u8/block", ["a part of a stream passes"]),
    ("S12", "by cookie"): ("ab-test/ab", ["the cookie wins over the address, and is not set again"]),
    ("S12", "by argument"): ("ab-test/ab", ["the argument wins over the cookie"]),
    ("S12", "by chance"): (
        "ab-test/ab",
        [
            "a first visit from an address in the control group",
            "a first visit from an address in the new group",
        ],
    ),
    ("S13", "a known value"): ("redirect/redirect", ["a known language has its own start page"]),
    ("S13", "another value"): ("redirect/redirect", ["an unknown language changes nothing"]),
    ("S14", "missing"): ("live-token/token", ["no sign", "no time", "neither"]),
    ("S14", "expired"): ("live-token/token", ["a second later"]),
    ("S14", "wrong"): ("live-token/token", ["a sign for another stream", "a time that was lengthened"]),
    ("S14", "right"): ("live-token/token", ["the right sign, in time", "the last second"]),
    ("S15", "a listed name"): ("user-agent/deny", ["a listed name"]),
    ("S15", "a listed prefix"): ("user-agent/deny", ["a listed beginning"]),
    ("S15", "neither"): ("user-agent/deny", ["a listed name is the whole name"]),
    ("S16", "the country"): ("geo-ban/ban", ["a banned country"]),
    ("S16", "the region"): ("geo-ban/ban", ["a banned region", "the same region by its other code"]),
    ("S16", "the city"): ("geo-ban/ban", ["a banned city in a region that is not banned"]),
    ("S16", "the provider"): ("geo-ban/ban", ["a banned provider, whatever the place"]),
    ("S18", "a foreign Referer"): ("referer/hotlink", ["a picture on a page of another site"]),
    ("S18", "no Referer"): (
        "referer/hotlink",
        ["a picture asked for from no page", "an empty Referer is none"],
    ),
    ("S18", "no extension"): ("referer/hotlink", ["pages may be linked to from anywhere"]),
    ("S18", "an own Referer"): ("referer/hotlink", ["a picture on a page of ours"]),
    ("S19", "to the root"): ("single-page-app/routes", ["the part that the server draws"]),
    ("S19", "to the page"): ("single-page-app/routes", ["a route is the application's page, query kept"]),
    ("S19", "to a file of its own"): ("single-page-app/routes", ["a page that was built has its own file"]),
    ("S19", "a file"): ("single-page-app/routes", ["a file is a file"]),
    ("S20", "accepted, a picture"): ("webp/webp", ["a browser that knows the form", "the query is kept"]),
    ("S20", "not accepted"): ("webp/webp", ["a browser that does not", "no Accept at all"]),
    ("S20", "no picture"): ("webp/webp", ["anything but pictures"]),
    ("S21", "301"): (
        "canonical-host/canonical",
        ["an old name, for good: path and query kept", "plain http on the right name"],
    ),
    ("S21", "302"): ("canonical-host/canonical", ["another name is away for a while"]),
    ("S21", "307"): ("canonical-host/canonical", ["what is sent there is to be sent again"]),
    ("S21", "308"): ("canonical-host/canonical", ["what is sent to an old name is to be sent again"]),
    ("S21", "canonical"): ("canonical-host/canonical", ["the right address passes"]),
    ("S22", "a crawler"): ("crawlers/crawlers", ["a search engine", "in whatever letter case"]),
    ("S22", "a visitor"): ("crawlers/crawlers", ["a visitor"]),
    ("S23", "the app"): ("mobile-redirect/mobile", ["the shop's app, with full path and query"]),
    ("S23", "a cookie that objects"): (
        "mobile-redirect/mobile",
        ["who wants the full site stays", "the other word for it"],
    ),
    ("S23", "another cookie"): ("mobile-redirect/mobile", ["a cookie that says something else"]),
    ("S24", "/robots.txt"): ("edge-response/answers", ["robots.txt"]),
    ("S24", "/opensearch.xml"): ("edge-response/answers", ["opensearch.xml"]),
    ("S25", "a wrong method"): ("preview-gate/gate", ["a wrong method"]),
    ("S25", "a wrong password"): ("preview-gate/gate", ["a wrong password", "no password"]),
    ("S25", "no cookie"): ("preview-gate/gate", ["no cookie: to the page that asks"]),
    ("S25", "the right password"): (
        "preview-gate/gate",
        ["the right password: a cookie for a day", "the cookie opens the site"],
    ),
    ("S26", "addresses"): ("ip-lookup/lookup", ["two addresses, each with its place"]),
    ("S26", "no address"): ("ip-lookup/lookup", ["what is no address is nowhere"]),
    ("S27", "in the table"): ("content-types/types", ["a style sheet", "the last extension counts"]),
    ("S27", "not in the table"): ("content-types/types", ["an extension that is not in the table"]),
    ("S28", "a public prefix"): ("path-guard/guard", ["a public part"]),
    ("S28", "another path"): (
        "path-guard/guard",
        ["anything else never reaches the origin", "no way out of a public part, escaped"],
    ),
    ("S29", "an area"): (
        "signed-redirect/areas",
        ["an area has its own store", "another area, the same token"],
    ),
    ("S29", "none"): ("signed-redirect/areas", ["no area: the origin", "an area nobody has"]),
    ("S30", "all three"): ("abuse-filter/filter", ["host, path and client together"]),
    ("S30", "not all"): ("abuse-filter/filter", ["another host", "another path", "another client"]),
    ("S31", "accepted"): ("markdown/markdown", ["a program that wants Markdown"]),
    ("S31", "in any case"): (
        "markdown/markdown",
        ["in whatever letter case, under the page's other name"],
    ),
    ("S31", "not accepted"): ("markdown/markdown", ["a browser", "no Accept"]),
    ("S31", "another page"): ("markdown/markdown", ["other pages have no such form"]),
    ("S32", "url_unescape"): ("url-decoding/decode", ["an escaped path is decoded"]),
    ("S32", "decode_args"): ("url-decoding/decode", ["the origin gets the search words decoded"]),
}
"""By scenario and input: the test file, without its suffix, and the cases."""

NOT_POSSIBLE = {"S17": "http_request"}
"""What the CDN's language has no function for, and the function of the one product that had it."""


@functools.cache
def verdicts(file):
    """Whether each case of a test file passed, by its name."""
    shown = json.loads(run_command("test", EXAMPLES / f"{file}.test.toml", "--json").stdout)
    return {case["name"]: case["passed"] for each in shown["files"] for case in each["cases"]}


@pytest.mark.parametrize("row", CATALOGUE, ids=": ".join)
def test_scenario(row):
    file, names = CATALOGUE[row]
    assert {name: verdicts(file).get(name, "no such case") for name in names} == dict.fromkeys(names, True)


@pytest.mark.parametrize(("scenario", "function"), NOT_POSSIBLE.items())
def test_what_is_not_possible_is_refused_by_name(tmp_path, scenario, function):
    script = tmp_path / "remote.es"
    script.write_text(f"answer = {function}(['addr' = 'http://auth.example.com/'])\nsay(type(answer))\n")
    result = run_command("check", script, "--json")
    assert result.status == 1
    found = [(each["code"], function in each["message"]) for each in json.loads(result.stdout)]
    assert found == [("unknown-function", True)], scenario


def test_every_scenario_has_rows_and_its_line_in_the_overview():
    shown = dict(re.findall(r"^\| (S\d+) \| (?:\[([^\]]*)\]\([^)]*\))? ?\|", overview(), re.MULTILINE))
    folders = {scenario: file.partition("/")[0] for (scenario, _), (file, _) in CATALOGUE.items()}
    assert list(shown) == [f"S{number}" for number in range(1, 33)]
    assert shown == folders | dict.fromkeys(NOT_POSSIBLE, "")


def test_the_overview_links_to_every_example():
    linked = set(re.findall(r"\]\(([^)]+)\)", overview()))
    assert linked == {f"{path.parent.name}/README.md" for path in EXAMPLES.glob("*/README.md")}


def overview():
    return (EXAMPLES / "README.md").read_text(encoding="utf-8")
