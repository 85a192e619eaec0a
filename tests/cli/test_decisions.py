"""Decisions of edgescript/SPEC.md that show only where scripts, cache and origin meet."""

import json

import pytest

from tests.support.command import run_command

URL = "http://www.example.com/a"


def shown(*arguments):
    """The object of `run --json`, which must have gone well."""
    result = run_command("run", *arguments, "--json", "--url", URL)
    assert result.status == 0, result.stderr
    return json.loads(result.stdout)


def test_both_positions_see_the_fields_of_the_origin_and_of_what_is_stored(script):
    texts = ("", "# position: foot\n")
    names = [
        script(
            f"{number}.es",
            f"{text}add_rsp_header('X-Saw-{number}', tostring(get_rsp_header('x-origin')))\n",
        )
        for number, text in enumerate(texts)
    ]
    origin = ("--origin-header", "X-Origin: yes", "--origin-header", "Cache-Control: max-age=60")
    for repeat, label in (("1", "MISS"), ("2", "HIT")):
        fields = dict(shown(*names, *origin, "--repeat", repeat)["response"]["headers"])
        assert fields["X-Cache"] == label
        assert (fields["X-Saw-0"], fields["X-Saw-1"], fields["X-Origin"]) == ("yes", "yes", "yes")


def test_what_is_said_is_the_answer_and_the_origin_is_not_asked(script):
    out = shown(script("a.es", "say('hello')\nprint(1)\n"))
    assert (out["action"], out["status"], out["forward"]) == ("respond", 200, None)
    assert dict(out["response"]["headers"])["Content-Type"] == "text/plain"
    assert out["response"]["body"] == "hello\n1"


PLACEHOLDERS = """add_rsp_header('X-Text', 'from @{x-secret}')
add_rsp_header('X-Data', $arg_r)
add_rsp_header('X-Joined', concat('to ', $arg_r))
del_rsp_header('X-Secret')
"""


@pytest.mark.parametrize("tier", [(), ("--trace",)])
def test_placeholders_count_in_the_scripts_own_text_only(script, tier):
    name = script("p.es", PLACEHOLDERS)
    result = run_command(
        "run",
        name,
        *tier,
        "--json",
        "--url",
        "http://a.test/?r=@{x-secret}",
        "--origin-header",
        "X-Secret: s3cret",
    )
    fields = dict(json.loads(result.stdout)["response"]["headers"])
    assert fields["X-Text"] == "from s3cret"
    assert fields["X-Data"] == "@{x-secret}"
    assert fields["X-Joined"] == "to @{x-secret}"
    assert "X-Secret" not in fields


def test_what_is_asked_for_with_the_answers_head_is_shown(script):
    name = script(
        "a.es",
        "if eq(get_rsp_header('content-type'), 'video/mp4') {\n"
        "    set_cache_ttl('path', 30)\n    limit_rate(100, 'k')\n}\n",
    )
    out = shown(name, "--origin-header", "Content-Type: video/mp4")
    assert (out["cache"]["ttl_s"], out["cache"]["source"]) == (30, "script")
    assert out["limit_rate"]["rate"] == 102_400


def test_req_host_has_no_port_and_is_in_lower_case(script):
    name = script("a.es", "say(concat(req_host(), ' ', $host, ' ', $http_host))\n")
    result = run_command("run", name, "--json", "--url", "http://a/", "-H", "Host: WWW.Example.com:8080")
    assert (
        json.loads(result.stdout)["response"]["body"]
        == "www.example.com www.example.com www.example.com:8080\n"
    )
