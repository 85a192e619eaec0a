"""Whatever is typed and whatever is in a file: an answer or one line, never a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.command import run_command

OPTIONS = [
    "--url",
    "-X",
    "-H",
    "--client-ip",
    "--now",
    "--geo",
    "--origin-status",
    "--origin-header",
    "--origin-body",
]
WORDS = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"https?://[a-z.\[\]:0-9@%]{0,10}(/[ -~]{0,10})?", fullmatch=True),
    st.from_regex(r"[A-Za-z-]{1,8}: ?[ -~]{0,10}", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]+)?", fullmatch=True),
)
IN_PROCESS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def passing(script):
    return script(
        "a.es", "add_rsp_header('X-Uri', $uri)\nadd_rsp_header('X-UA', tostring($http_user_agent))\n"
    )


@IN_PROCESS
@given(option=st.sampled_from(OPTIONS), word=WORDS)
def test_any_option_value_is_taken_or_refused_in_one_line(passing, option, word):
    url = [] if option == "--url" else ["--url", "http://www.example.com/"]
    result = run_command(
        "run", passing, *url, f"{option}={word}" if option.startswith("--") else f"{option}{word}"
    )
    assert result.status in {0, 2}, result
    if result.status == 2:
        assert (result.stdout, result.stderr.count("\n")) == ("", 1)


@IN_PROCESS
@given(data=st.binary(max_size=200))
def test_any_bytes_are_checked_run_and_listed(script, data):
    name = script("b.es", data)
    assert run_command("check", name).status in {0, 1}
    assert run_command("disasm", name).status in {0, 1}
    assert run_command("run", name, "--url", "http://www.example.com/").status in {0, 1}


@IN_PROCESS
@given(data=st.binary(max_size=200))
def test_any_bytes_behind_the_magic_are_no_code(script, data):
    result = run_command("disasm", script("b.code", b"ESC\x01" + data))
    assert result.status in {0, 1}
    assert "internal error" not in result.stderr
