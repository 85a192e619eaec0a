"""Every command against a real console: a row has what is typed, and what of it is seen."""

import json
import re
import shutil

import pytest

from runtime.console.client import Address, ConsoleClient
from tests.console.cli.people import OTHER, SCRIPT, begin_domain, make_live, ok, settle

BROKEN = "if gt(lenght($uri), 10) {\n    exit(403)\n}\n"


def client(console, token):
    return ConsoleClient(Address(console.url, token), lambda _: None)


@pytest.fixture
def pushed(ann):
    return make_live(ann)


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory, console):
    """As `pushed`, for tests that change nothing."""
    with pytest.MonkeyPatch.context() as patch:
        yield make_live(begin_domain(settle(tmp_path_factory.mktemp("looked-at"), patch), console))


def push(person, text, *arguments):
    person.write("auth.es", text)
    return ok(person, "push", "auth.es", *arguments)


# What a person types after auth@1 is live everywhere: arguments, status, what standard output or error holds.
ROWS = {
    "domains": (["domains"], 0, r"^domain +staging +production +hosts\nshop-.* 1 "),
    "one domain": (["domains", "show"], 0, r"staging +release 1: auth@1\n"),
    "settings": (["domains", "settings"], 0, r'"hosts": \['),
    "scripts": (["versions"], 0, r"auth +1 +1 +1 +1"),
    "versions": (["versions", "auth"], 0, r"auth@1 .* operator +staging production .*first"),
    "a version": (
        ["versions", "auth@1"],
        0,
        r"^auth@1, live in staging and production\nmade .*\nwhy +first\ncheck ",
    ),
    "its text": (["versions", "auth@1", "--source"], 0, rf"^{re.escape(SCRIPT)}$"),
    "no such version": (["versions", "auth@9"], 1, r"^edgescript versions: "),
    "no such script": (["versions", "nothing"], 1, r"^edgescript versions: no such script 'nothing'$"),
    "a script's name mistyped": (["versions", "auht"], 1, r"no such script 'auht', did you mean 'auth'\?"),
    "a version of one mistyped": (["versions", "auht@1"], 1, r"'auht', did you mean 'auth'\?"),
    "a mistyped one pulled": (["pull", "auht"], 1, r"'auht', did you mean 'auth'\?"),
    "a mistyped one published": (["publish", "auht"], 1, r"'auht', did you mean 'auth'\?"),
    "no such domain": (["versions", "-d", "nowhere"], 1, r"^edgescript versions: "),
    "diff of one": (["diff", "auth"], 0, r"no difference from 1 to 1"),
    "diff to a draft": (["diff", "auth", "1..draft", "--exit-code"], 0, r"no difference from 1 to draft"),
    "diff, turned": (["diff", "auth", "draft..1"], 2, r"a draft is newer"),
    "diff, nonsense": (["diff", "auth", "1-2"], 2, r"want A\.\.B"),
    "rollouts": (["rollouts"], 0, r"completed +release 2 to production: auth@1 +operator"),
    "a rollout": (["rollouts", "show", "1"], 0, r"release 1 to staging: auth@1\n100%"),
    "no rollout under way": (["rollouts", "promote"], 2, r"no rollout is under way in shop-"),
    "nothing to go back to": (["rollback"], 1, r"^edgescript rollback: "),
    "nodes": (["nodes"], 0, r"no nodes: 'edgescript tokens create' makes tokens"),
    "nodes in part": (["nodes", "--state", "partly"], 0, r"no such nodes$"),
    "nodes, chosen": (["nodes", "--state", "failed"], 0, r"no such nodes$"),
    "pools": (["nodes", "--pools", "--json"], 0, r"^\["),
    "logs": (["logs"], 0, r"no lines yet from production"),
    "logs as JSON": (["logs", "--json"], 0, r"^\[\]\n$"),
    "purge a prefix": (
        ["purge", "--prefix", "http://{host}/a"],
        0,
        r"prefix http://.*/a: purged in production",
    ),
    "purge softly": (
        ["purge", "--tag", "t", "--soft", "-e", "staging"],
        0,
        r"tag t: marked stale in staging",
    ),
    "purge nothing": (["purge"], 2, r"want a URL, --prefix or --tag"),
    "dictionaries": (["dict"], 0, r"no dictionaries"),
    "no such dictionary": (["dict", "show", "nothing"], 1, r"^edgescript dict show: "),
    "rules": (["rules"], 0, r'"pos": "head",\n    "pri": "0",\n    "enable": "on"'),
    "tokens": (["tokens", "list", "--all-domains"], 0, r"operator +valid +.* operator$"),
    "no such token": (["tokens", "revoke", "nothing"], 1, r"^edgescript tokens revoke: "),
    "a token for nothing": (["tokens", "create", "x"], 2, r"want --scope, --grant or --operator"),
    "audit": (["audit"], 0, r"operator +publish"),
    "audit is whole": (["audit", "--verify"], 0, r"entries, intact"),
    "to and steps": (["publish", "--to", "5%", "--steps", "5,100"], 2, r"--to or --steps"),
    "skipped without a reason": (["publish", "--production", "--skip-staging"], 2, r"wants a reason"),
    "staging skipped for staging": (["publish", "--skip-staging", "-m", "x"], 2, r"is for --production"),
    "published twice in one": (["publish", "auth", "auth@1"], 2, r"named twice"),
    "published without a version": (["publish", "nothing"], 1, r"^edgescript publish: "),
    "a source of no version": (["versions", "auth", "--source"], 2, r"wants a version"),
    "push nothing": (["push"], 2, r"want a FILE or --rule"),
    "push by no name": (["push", "auth.es", "--name", "a/b"], 2, r"'a/b': want letters, digits"),
    "push a file of no name": (["push", "a b.es"], 2, r"'a b' can be no script's name, .*--name "),
    "no such token, where they are": (["tokens", "revoke", "x"], 1, r"^help: 'edgescript tokens list --all'"),
    "no such rollout": (["rollouts", "show", "99"], 1, r"^help: 'edgescript rollouts' lists them"),
    "a value that is not there": (["dict", "set", "flags", "beta"], 2, r"no value for beta: standard input"),
    "push a file that is not there": (["push", "gone.es"], 2, r"cannot read 'gone.es'"),
}


@pytest.mark.parametrize("case", ROWS)
def test_row(case, looked_at):
    arguments, status, pattern = ROWS[case]
    result = looked_at.run(*(each.format(host=f"{looked_at.domain}.example") for each in arguments))
    assert result.status == status, result.stderr
    assert re.search(pattern, result.stdout or result.stderr, re.MULTILINE), result.stdout + result.stderr


# Commands that print JSON for programs, and keys of it.
JSON = {
    "domains": (["domains"], "releases"),
    "domains show": (["domains", "show"], "settings_revision"),
    "versions": (["versions"], "latest"),
    "versions of one": (["versions", "auth"], "evidence"),
    "a version": (["versions", "auth@1"], "source"),
    "diff": (["diff", "auth", "1..draft"], "decisions"),
    "rollouts": (["rollouts"], "progress"),
    "a rollout": (["rollouts", "show", "1"], "figures"),
    "push": (["push", "auth.es"], "revision"),
    "rules import": (["rules", "import", "rules.json"], "revision"),
    "purge": (["purge", "--tag", "t"], "generation"),
    "tokens": (["tokens", "list", "--all-domains"], "grants"),
    "a new token": (["tokens", "create", "ci", "--scope", "read"], "secret"),
    "audit": (["audit"], "hash"),
    "audit verified": (["audit", "--verify"], "intact"),
    "dict": (["dict"], "digest"),
    "dict show": (["dict", "show", "flags"], "entries"),
    "dict set": (["dict", "set", "flags", "a=1"], "digest"),
    "dict unset": (["dict", "unset", "flags", "beta"], "digest"),
    "dict import": (["dict", "import", "flags", "flags.json"], "digest"),
    "dict delete": (["dict", "delete", "flags"], "removed"),
    "pull": (["pull", "auth", "auth@1"], "files"),
    "new settings": (["domains", "settings", "--file", "new.json"], "revision"),
    "the same settings": (["domains", "settings", "--file", "same.json"], "revision"),
    "no more of a domain": (["domains", "delete", "--yes", "{domain}"], "removed"),
}


@pytest.mark.parametrize("case", JSON)
def test_json(case, pushed):
    arguments, key = JSON[case]
    ok(pushed, "dict", "set", "flags", "beta=on")
    pushed.write(
        "rules.json", '[{"name": "gate", "pos": "foot", "pri": "7", "enable": "off", "rule": "x = 1\\n"}]'
    )
    pushed.write("flags.json", '{"c": "3"}')
    there = json.loads(ok(pushed, "domains", "settings").stdout)
    pushed.write("same.json", json.dumps(there))
    pushed.write("new.json", json.dumps(there | {"redirect_https": True}))
    arguments = [each.format(domain=pushed.domain) for each in arguments]
    value = json.loads(ok(pushed, *arguments, "--json").stdout)
    value = value[0] if isinstance(value, list) else value
    assert key in value


PASSES = '[[case]]\nname = "who comes"\nurl = "http://a/"\n[case.expect]\nstatus = 403\n'
COMPARED = {
    "other decisions": (SCRIPT, OTHER, PASSES, "cases that end differently\n  who comes\n  - 403\n  + 401\n"),
    "the same decisions": (SCRIPT, f"{SCRIPT}# done\n", PASSES, "no case of the tests ends differently\n"),
    "no tests": (SCRIPT, OTHER, "", "decisions were not compared: neither has tests\n"),
    "tests that are none": (SCRIPT, OTHER, "[[case", "decisions were not compared: the tests cannot be read"),
}


@pytest.mark.parametrize("case", COMPARED)
def test_a_diff_tells_what_decisions_become(ann, case):
    before, after, tests, told = COMPARED[case]
    if tests:
        ann.write("auth.test.toml", tests)
    push(ann, before)
    push(ann, after)
    assert told in ok(ann, "diff", "auth", "1..2").stdout


def test_a_script_with_errors_is_not_sent(ann):
    ann.write("auth.es", BROKEN)
    ann.write("fine.es", SCRIPT)
    result = ann.run("push", "fine.es", "auth.es")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("auth.es:1:7: error[unknown-function]: unknown function 'lenght'\n")
    assert result.stderr.endswith("nothing was sent: 1 file with errors\n")
    assert json.loads(ok(ann, "versions", "--json").stdout) == []


def test_settings_stay_unless_a_rule_states_them(ann):
    ann.write("auth.es", SCRIPT)
    ok(
        ann,
        "push",
        "--rule",
        '{"rule_path": "auth.es", "pos": "foot", "pri": "7", "brk": "on", "option": "_es_dbg=x"}',
    )
    push(ann, OTHER)
    rule = json.loads(ok(ann, "versions", "auth@2", "--json").stdout)["rule"]
    assert (rule["pos"], rule["pri"], rule["brk"], rule["option"]) == ("foot", 7, True, "_es_dbg=x")
    assert "foot pri=7 brk debug" in ok(ann, "versions").stdout


def test_a_name_of_its_own(ann):
    ann.write("auth.es", SCRIPT)
    assert ok(ann, "push", "auth.es", "--name", "gate").stdout.startswith("gate@1 on ")
    assert ann.run("push", "auth.es", "auth.es").status == 2


def test_a_draft_without_a_version(ann):
    ann.write("auth.es", SCRIPT)
    assert ok(ann, "push", "auth.es", "--draft").stdout == "auth: draft saved, revision 1\n"
    assert "no versions of auth" in ok(ann, "versions", "auth").stderr
    assert "1, changed" in ok(ann, "versions").stdout


def test_what_is_no_utf_8_is_not_sent(ann):
    (ann.folder / "auth.es").write_bytes(b"say('\xff')\n")
    result = ann.run("push", "auth.es")
    assert (result.status, "is not UTF-8" in result.stderr) == (2, True)


def forget(person):
    """As on a machine that has never pushed."""
    (person.folder.parent / "home" / "state" / "edgescript" / "drafts.json").unlink()


def test_two_authors_both_keep_what_they_wrote(pushed):
    forget(pushed)
    pushed.write("auth.es", OTHER)
    refused = pushed.run("push", "auth.es", "-m", "mine")
    assert (refused.status, refused.stdout) == (1, "")
    assert (
        "auth: operator saved revision 1 0 seconds ago; this machine has not seen it before" in refused.stderr
    )
    assert "-    exit(403)\n  +    exit(401)\n" in refused.stderr
    assert "edgescript push auth.es --force replaces\n      revision 1 by yours" in refused.stderr
    assert json.loads(ok(pushed, "versions", "auth", "--json").stdout)[0]["number"] == 1

    forced = ok(pushed, "push", "auth.es", "--force", "-m", "mine")
    assert forced.stderr.endswith("replaced revision 1 by operator\n")
    assert forced.stdout.startswith("auth@2 on ")
    assert ok(pushed, "versions", "auth@1", "--source").stdout == SCRIPT


def test_a_draft_saved_since_the_last_push_is_not_replaced(pushed, console):
    other = OTHER.replace("401", "402")
    with client(console, console.operator) as page:
        page.put(
            f"/domains/{pushed.domain}/scripts/auth/draft",
            {"source": other, "rule": {}, "tests": None, "revision": 1},
        )
        pushed.write("auth.es", OTHER)
        refused = pushed.run("push", "auth.es")
        assert (refused.status, "yours began at revision 1" in refused.stderr) == (1, True)
        assert page.get(f"/domains/{pushed.domain}/scripts/auth/draft")["source"] == other
        kept = list(page.items(f"/domains/{pushed.domain}/scripts/auth/conflicts"))
        assert kept[0]["source"] == OTHER


def test_who_pulls_may_push(pushed):
    forget(pushed)
    pushed.write("auth.es", OTHER)
    refused = pushed.run("pull", "auth")
    assert (refused.status, refused.stderr) == (
        1,
        "auth.es: differs here, left alone (--force replaces it)\n",
    )
    assert pushed.read("auth.es") == OTHER
    assert ok(pushed, "pull", "auth", "--force").stdout == "auth to auth.es\n"
    assert pushed.read("auth.es") == SCRIPT
    assert push(pushed, OTHER).stdout.startswith("auth@2 on ")
    (pushed.folder / "old").mkdir()
    ok(pushed, "pull", "auth@1", "--to", "old")
    assert pushed.read("old/auth.es") == SCRIPT


def test_a_version_without_a_draft_is_pulled_all_the_same(pushed, console):
    with client(console, console.operator) as page:
        page.delete(f"/domains/{pushed.domain}/scripts/auth/draft")
    pushed.write("auth.es", OTHER)
    assert pushed.run("pull", "auth").status == 1
    ok(pushed, "pull", "auth@1", "--force")
    assert pushed.read("auth.es") == SCRIPT
    assert push(pushed, OTHER).stdout.startswith("auth@2 on ")


def test_tests_go_along_and_come_back(ann):
    ann.write("auth.es", SCRIPT)
    tests = '[[case]]\nname = "no"\nurl = "http://a/"\n[case.expect]\nstatus = 200\n'
    ann.write("auth.test.toml", tests)
    pushed = ok(ann, "push", "auth.es")
    assert "  tests   0 of 1 passed\n          failed: no: " in pushed.stdout
    (ann.folder / "auth.test.toml").unlink()
    ok(ann, "pull", "auth")
    assert ann.read("auth.test.toml") == tests


def test_a_domain_from_a_file_of_settings(ann):
    host = f"more.{ann.domain}.example"
    ann.write("more.toml", f'hosts = ["{host}"]\norigin = "http://127.0.0.1:9"\n')
    name = f"{ann.domain}-more"
    ok(ann, "domains", "create", name, "--settings", "more.toml")
    ann.write("more.toml", f'hosts = ["{host}"]\norigin = "http://127.0.0.1:9"\nredirect_https = true\n')
    assert "settings revision 2" in ok(ann, "domains", "settings", name, "--file", "more.toml").stdout
    assert "has them already" in ok(ann, "domains", "settings", name, "--file", "more.toml").stderr
    ann.write("more.toml", 'hosts = ["x.example"]\nredirect_htps = true\n')
    refused = ann.run("domains", "settings", name, "--file", "more.toml")
    assert (refused.status, "redirect_htps" in refused.stderr) == (1, True)
    assert ok(ann, "domains", "delete", name, "--yes").stdout == f"removed {name}\n"
    assert ann.run("domains", "show", name).status == 1


def test_a_dictionary(ann):
    assert (
        ok(ann, "dict", "set", "flags", "a=1", "b=x=y").stdout == "flags: 2 keys set, 2 keys in revision 1\n"
    )
    assert (
        ok(ann, "dict", "set", "flags", "a", stdin="2\n").stdout == "flags: 1 key set, 2 keys in revision 2\n"
    )
    assert ok(ann, "dict", "show", "flags").stdout == "a=2\nb=x=y\n"
    assert ok(ann, "dict", "unset", "flags", "b").stdout == "flags: 1 key removed, 1 key in revision 3\n"
    ann.write("flags.csv", "a,3\nc,4\n")
    imported = ok(ann, "dict", "import", "flags", "flags.csv").stdout
    assert imported == "flags: 1 added, 0 removed, 1 changed, 2 keys in revision 4\n"
    assert re.search(r"flags +2 +open +4 ", ok(ann, "dict").stdout)
    ok(ann, "dict", "delete", "flags")
    assert ann.run("dict", "show", "flags").status == 1


def test_a_secret_dictionary_is_never_shown(ann):
    ok(ann, "dict", "set", "keys", "k1", "--secret", stdin="sesame\n")
    for arguments in (
        ["dict", "show", "keys"],
        ["dict", "show", "keys", "--json"],
        ["dict", "--json"],
        ["audit", "--json"],
    ):
        assert "sesame" not in ok(ann, *arguments).stdout
    assert ok(ann, "dict", "show", "keys").stdout == "k1\n"
    ok(ann, "dict", "set", "open", "k1=1")
    refused = ann.run("dict", "set", "open", "k2", "--secret", stdin="sesame\n")
    assert (refused.status, "is there and not secret" in refused.stderr) == (2, True)


def test_rules_go_out_and_come_in(pushed):
    assert ok(pushed, "rules", "export", "out").stdout == "1 script to out\n"
    assert pushed.read("out/auth.es") == SCRIPT
    rules = json.loads(pushed.read("out/rules.json"))
    assert [(each["name"], each["rule_path"], each["pos"]) for each in rules] == [("auth", "auth.es", "head")]
    assert pushed.run("rules", "export", "out").status == 2
    rules.append({"name": "gate", "pos": "foot", "pri": "3", "enable": "on", "rule_path": "gate.es"})
    pushed.write("out/rules.json", json.dumps(rules))
    pushed.write("out/gate.es", BROKEN)
    result = pushed.run("rules", "import", "out/rules.json")
    assert result.status == 1
    assert result.stdout.splitlines()[1] == "gate: draft, revision 1"
    assert "gate:1:7: error[unknown-function]: unknown function 'lenght'" in result.stderr


RULE = {"name": "gate", "rule": SCRIPT}
# What is in a file of rules, status, what is said.
ODD_RULES = {
    "numbers and booleans": (
        [RULE | {"pri": 7, "enable": True, "brk": False}],
        0,
        r"^gate: draft, revision 1$",
    ),
    "a setting that is none": (
        [RULE, {"name": "door", "rule": SCRIPT, "pri": "high"}],
        1,
        r"nothing was imported\n  rule 2 \(door\): pri: got 'high', want 0 to 999$",
    ),
    "an unknown setting": ([RULE | {"colour": "red"}], 1, r"rule 1 \(gate\): colour: unknown key$"),
    "an unknown option": (
        [RULE | {"option": "z=1"}],
        1,
        r"rule 1 \(gate\): option: got 'z=1', want _es_dbg=",
    ),
    "no name": ([RULE, {"rule": SCRIPT}], 2, r"rules.json: rule 2: has neither name nor rule_path"),
    "two of a name": ([RULE, RULE], 2, r"two rules are called gate"),
    "a name of no script": ([RULE | {"name": "a/b"}], 1, r"rule 1 \(a/b\): name: want a name"),
    "no text": (
        [{"name": "gate", "rule": None}],
        2,
        r"rule 1 \(gate\): rule_path: want the script's file name",
    ),
    "a text that is none": ([RULE | {"rule": 12}], 2, r"rule 1 \(gate\): rule: want the script's text"),
    "a file that is not there": (
        [{"name": "gate", "rule_path": "gone.es"}],
        2,
        r"rule 1 \(gate\): cannot read 'gone.es'",
    ),
    "another language": ([RULE | {"grammar": "js"}], 2, r"rule 1 \(gate\): grammar 'js' is another language"),
}


@pytest.mark.parametrize("case", ODD_RULES)
def test_rules_in_odd_forms(case, ann):
    rules, status, said = ODD_RULES[case]
    ann.write("rules.json", json.dumps(rules))
    result = ann.run("rules", "import", "rules.json")
    assert result.status == status
    assert re.search(said, result.stdout + result.stderr, re.MULTILINE)
    assert len(json.loads(ok(ann, "versions", "--json").stdout)) == (0 if status else 1)


def test_more_rules_than_a_request_holds_go_in_several(ann, monkeypatch):
    monkeypatch.setattr("edgescript.cli.remote.commands.rules.MAX_SENT_BYTES", 200)
    rules = [{"name": f"n{number}", "rule": SCRIPT, "pri": str(number)} for number in range(5)]
    ann.write("rules.json", json.dumps(rules))
    result = ok(ann, "rules", "import", "rules.json")
    assert result.stdout.splitlines() == [f"n{number}: draft, revision 1" for number in range(5)]
    assert "rules 1 to 2 of 5\nrules 3 to 4 of 5\nrules 5 to 5 of 5\n" in result.stderr
    ann.write("rules.json", json.dumps([*rules[:4], rules[4] | {"pri": "high"}]))
    refused = ann.run("rules", "import", "rules.json")
    assert refused.status == 1
    assert "4 rules imported, no others\n  rule 5 (n4): pri: got 'high', want 0 to 999\n" in refused.stderr


def test_a_token_is_shown_once_and_alone(ann, console):
    made = ok(ann, "tokens", "create", "ci", "--scope", "read", "--expires", "1h")
    assert re.fullmatch(r"est_\w+_\w+\n", made.stdout)
    assert re.match(rf"token \w+ for ci: read on {ann.domain}, until ", made.stderr)
    secret = made.stdout.strip()
    assert secret not in ok(ann, "tokens", "--json").stdout + ok(ann, "audit", "--json").stdout
    ann.environment(EDGESCRIPT_TOKEN=secret, EDGESCRIPT_CONSOLE=console.url)
    assert ann.run("versions").status == 0
    refused = ann.run("domains", "create", "other", "--host", "other.example")
    assert (refused.status, refused.stderr.startswith("edgescript domains create: ")) == (1, True)
    identity = json.loads(ok(ann, "login", console.url, "--json").stdout)
    assert identity["scopes"] == [{"domain": ann.domain, "scope": "read"}]


def test_a_revoked_token_is_refused_with_help(ann, console):
    secret = ok(ann, "tokens", "create", "ci", "--scope", "read").stdout.strip()
    number = json.loads(ok(ann, "tokens", "--json").stdout)[0]["id"]
    assert ok(ann, "tokens", "revoke", number).stdout == f"revoked {number}\n"
    assert "ci" not in ok(ann, "tokens").stdout
    assert "revoked 20" in ok(ann, "tokens", "list", "--all").stdout
    ann.environment(EDGESCRIPT_TOKEN=secret, EDGESCRIPT_CONSOLE=console.url)
    refused = ann.run("versions")
    assert refused.status == 1
    assert refused.stderr.endswith(
        "help: the token is revoked, expired or not this console's: edgescript login URL\n"
    )
    assert secret not in refused.stderr


def test_what_was_done_before_a_refusal_is_in_the_json(pushed):
    ok(pushed, "tokens", "create", "ci", "--scope", "read")
    number = json.loads(ok(pushed, "tokens", "--json").stdout)[0]["id"]
    refused = pushed.run("tokens", "revoke", number, "nothing", "--json")
    assert (refused.status, json.loads(refused.stdout)) == (1, {"revoked": [number]})
    refused = pushed.run("pull", "auth", "nothing", "--json")
    assert (refused.status, [each["script"] for each in json.loads(refused.stdout)]) == (1, ["auth"])
    pushed.write("auth.es", OTHER)
    left = pushed.run("pull", "auth", "--json")
    [told] = json.loads(left.stdout)
    assert (left.status, told["written"], pushed.read("auth.es")) == (1, False, OTHER)


def test_ages_and_ends_go_by_the_consoles_clock(ann, monkeypatch):
    """This machine's is a year ahead."""
    begun = json.loads(ok(ann, "tokens", "create", "before", "--scope", "read", "--json").stdout)["created"]
    monkeypatch.setattr("edgescript.cli.remote.screen.now", lambda: begun + 365 * 86_400)
    monkeypatch.setattr("edgescript.cli.remote.target.now", lambda: begun + 365 * 86_400)
    made = json.loads(
        ok(ann, "tokens", "create", "ci", "--scope", "read", "--expires", "1h", "--json").stdout
    )
    assert 3_590 < made["expires"] - made["created"] < 3_610
    assert "ci" in ok(ann, "tokens").stdout
    ann.write("auth.es", SCRIPT)
    ok(ann, "push", "auth.es")
    shutil.rmtree(ann.folder.parent / "home" / "state")  # as on another machine
    ann.write("auth.es", OTHER)
    refused = ann.run("push", "auth.es")
    assert refused.status == 1
    assert re.search(r"saved revision 1 \d+ seconds? ago", refused.stderr), refused.stderr


def test_what_is_no_console_is_told(person, console):
    refused = person.run("login", f"{console.url}/page", stdin=console.operator)
    assert refused.status == 69
    assert refused.stderr.endswith("\nhelp: is the address that of a console?\n")


def test_a_token_nobody_knows_is_not_kept(person, console):
    refused = person.run("login", console.url, stdin="est_0_nonsense\n")
    assert (refused.status, refused.stdout) == (1, "")
    assert person.run("versions").status == 2
