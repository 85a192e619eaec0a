"""Whom a command asks: where it may be said, what counts first, and where a token never goes."""

import json
import os

import click
import pytest

from edgescript.cli.remote import credentials
from edgescript.cli.remote.address import find_address, find_console, find_domain
from edgescript.cli.remote.credentials import Credentials, SignedIn, console_url, goes_in_clear
from edgescript.cli.remote.personal import folder
from edgescript.cli.remote.target import Target

HERE = "http://127.0.0.1:8443"
FAR = "https://console.example"


def sign_in(*urls, insecure=False):
    for url in urls:
        credentials.change(
            os.environ, lambda kept, url=url: kept.with_console(url, SignedIn("est_1_x", "ann", insecure))
        )


SPELLINGS = {
    "https://Console.Example:443/": "https://console.example",
    "http://console.example:80": "http://console.example",
    "https://console.example:8443/edge/": "https://console.example:8443/edge",
    "http://[::1]:8443": "http://[::1]:8443",
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_console_has_one_spelling(text):
    assert console_url(text) == SPELLINGS[text]
    assert console_url(console_url(text)) == SPELLINGS[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "console.example",
        "ftp://a",
        "https://",
        "https://u:p@a",
        "https://a/?q",
        "https://a/#f",
        "https://a:99999",
        "https://a b",
    ],
)
def test_what_is_no_console(text):
    with pytest.raises(click.UsageError) as raised:
        console_url(text)
    assert "p@" not in raised.value.message


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("http://127.0.0.1:1", False),
        ("http://[::1]", False),
        ("http://localhost:1", False),
        ("http://a.localhost", False),
        ("https://a", False),
        ("http://10.0.0.1", True),
        ("http://console", True),
        ("http://127.0.0.1.evil.example", True),
        ("http://localhost.evil.example", True),
    ],
)
def test_plain_http_stays_on_this_machine(url, clear):
    assert goes_in_clear(url) is clear


def test_the_command_line_counts_before_the_environment_before_the_project(person):
    person.write("edgescript.toml", f'domain = "of-file"\nconsole = "{FAR}/file"\n')
    assert find_domain(None) == ("of-file", "edgescript.toml")
    assert find_console(None) == (f"{FAR}/file", "edgescript.toml")
    person.environment(EDGESCRIPT_DOMAIN="of-env", EDGESCRIPT_CONSOLE=f"{FAR}/env/")
    assert find_domain(None) == ("of-env", "EDGESCRIPT_DOMAIN")
    assert find_console(None) == (f"{FAR}/env", "EDGESCRIPT_CONSOLE")
    assert find_domain("said").value == "said"
    assert find_console(HERE).value == HERE


def test_the_nearest_project_file_counts(person):
    person.write("edgescript.toml", 'domain = "outer"\n')
    person.write("inner/edgescript.toml", 'domain = "inner"\n')
    person.go_to("inner/scripts")
    assert find_domain(None) == ("inner", str(person.folder / "inner" / "edgescript.toml"))


@pytest.mark.usefixtures("person")
def test_without_a_word_it_is_the_console_signed_in_to_last():
    sign_in(FAR, HERE)
    assert find_console(None) == (HERE, "the last login")


def test_signing_out_goes_back_to_the_one_before():
    kept = Credentials().with_console(FAR, SignedIn("a")).with_console(HERE, SignedIn("b"))
    assert kept.without(HERE).latest == FAR
    assert kept.without(FAR).latest == HERE
    assert kept.without(HERE).without(FAR) == Credentials()


def test_a_target_says_who_chose_it(person):
    sign_in(FAR)
    person.write("edgescript.toml", 'domain = "shop"\n')
    assert str(Target(find_console(None), find_domain(None))) == f"shop at {FAR} (edgescript.toml)"
    person.environment(EDGESCRIPT_CONSOLE=FAR)
    assert str(Target(find_console(None), find_domain("x"))) == f"x at {FAR} (EDGESCRIPT_CONSOLE)"


def test_a_token_in_the_environment_goes_where_the_environment_says(person):
    person.environment(EDGESCRIPT_TOKEN="est_1_env\n", EDGESCRIPT_CONSOLE=FAR)
    assert find_address(find_console(None)) == (FAR, "est_1_env")
    assert find_address(find_console(HERE)) == (HERE, "est_1_env")


def test_a_token_in_the_environment_is_never_passed_over_in_silence(person):
    sign_in(FAR)
    person.environment(EDGESCRIPT_TOKEN="est_1_env")
    with pytest.raises(click.UsageError, match="only sent to a console"):
        find_address(find_console(None))


REFUSED = {
    "a token of the environment, a console of the project": (
        {"EDGESCRIPT_TOKEN": "est_1_env"},
        f'console = "{FAR}"\n',
        "only sent to a console that --console",
    ),
    "a token of the environment in clear": (
        {"EDGESCRIPT_TOKEN": "est_1_env", "EDGESCRIPT_CONSOLE": "http://console.example"},
        "",
        "in clear",
    ),
    "a token of the environment that is none": (
        {"EDGESCRIPT_TOKEN": "two words", "EDGESCRIPT_CONSOLE": FAR},
        "",
        "that is no token",
    ),
    "a console not signed in to": ({"EDGESCRIPT_CONSOLE": FAR}, "", f"edgescript login {FAR}"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_no_token_for(case, person):
    variables, project, text = REFUSED[case]
    person.environment(**variables)
    person.write("edgescript.toml", project)
    with pytest.raises(click.UsageError) as raised:
        find_address(find_console(None))
    assert text in raised.value.message
    assert "est_1_env" not in raised.value.message
    assert "two words" not in raised.value.message


@pytest.mark.usefixtures("person")
def test_a_kept_token_does_not_go_in_clear_unless_that_was_allowed():
    sign_in("http://console.example")
    with pytest.raises(click.UsageError, match="--insecure-http"):
        find_address(find_console(None))
    sign_in("http://console.example", insecure=True)
    assert find_address(find_console(None)).token == "est_1_x"


@pytest.mark.usefixtures("person")
def test_credentials_are_for_their_owner_alone():
    sign_in(FAR)
    place = folder(os.environ, "XDG_CONFIG_HOME")
    assert (place / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in place.iterdir()) == ["credentials.json", "credentials.lock"]
    (place / "credentials.json").chmod(0o644)
    with pytest.raises(click.ClickException, match="others may read"):
        credentials.read(os.environ)


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"consoles": {"u": {}}, "latest": ""}', "[" * 100_000]
)
def test_damaged_credentials_are_told(text):
    sign_in(FAR)
    (folder(os.environ, "XDG_CONFIG_HOME") / "credentials.json").write_text(text)
    with pytest.raises(click.ClickException, match="damaged"):
        credentials.read(os.environ)


def test_credentials_never_show_a_token():
    assert "est_1_x" not in repr(Credentials().with_console(FAR, SignedIn("est_1_x")))


def test_a_relative_config_folder_is_ignored(person):
    person.environment(XDG_CONFIG_HOME="here")
    assert folder(os.environ, "XDG_CONFIG_HOME").is_absolute()


PROJECTS = {
    "domian = 'shop'\n": "unknown key 'domian', did you mean 'domain'?",
    "domain = 7\n": "domain: want a text",
    "domain = ''\n": "domain: want a text",
    "domain =\n": "edgescript.toml: ",
    f"domain = '{'x' * 70_000}'\n": "larger than",
}


@pytest.mark.parametrize("text", PROJECTS)
def test_a_project_file_that_cannot_be_used(text, person):
    person.write("edgescript.toml", text)
    with pytest.raises(click.ClickException) as raised:
        find_domain(None)
    assert PROJECTS[text] in raised.value.format_message()


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["versions"], 2, "no console: log in with 'edgescript login URL'"),
        (["versions", "--console", FAR], 2, "no domain: give --domain, set EDGESCRIPT_DOMAIN"),
        (["versions", "--console", FAR, "-d", "shop"], 2, "not signed in to https://console.example"),
        (["versions", "--console", "nonsense", "-d", "shop"], 2, "want a console's URL"),
        (["login", "http://console.example"], 2, "could be read on the way"),
        (["logout"], 1, "not signed in to any console"),
        (["logout", FAR, "--all"], 2, "not both"),
    ],
)
def test_what_is_missing_is_said_in_one_line(arguments, status, text, person):
    result = person.run(*arguments)
    assert (result.status, result.stdout) == (status, "")
    assert text in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_console_that_is_not_there_is_no_answer(person):
    sign_in("http://127.0.0.1:9")
    result = person.run("versions", "-d", "shop")
    assert (result.status, result.stdout) == (69, "")
    assert result.stderr.startswith(
        "edgescript versions: cannot reach http://127.0.0.1:9: connection refused"
    )


def test_signing_out_forgets(person):
    sign_in(FAR, HERE)
    assert person.run("logout").stdout == f"signed out of {HERE}\n"
    assert person.run("logout", "--all").stdout == f"signed out of {FAR}\n"
    kept = json.loads((folder(os.environ, "XDG_CONFIG_HOME") / "credentials.json").read_text())
    assert kept == {"consoles": {}, "latest": ""}
