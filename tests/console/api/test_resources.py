"""The resources, from a new domain to a rollback, each with the shape that the document promises."""

import pytest

from tests.console.api.conftest import SETTINGS, SOURCE, is_problem

BROKEN = "if eq($uri {\n"


def test_from_nothing_to_a_rollback(running):
    made = running.domain()
    assert made["settings"]["hosts"] == ["shop.example"]
    assert made["environments"]["production"] == {"release": None, "rollout": None, "live": {}}

    draft = running.put(
        "domains/shop/scripts/auth/draft", json={"source": SOURCE, "rule": {"pri": 5}, "revision": 0}
    ).json()
    assert (draft["script"], draft["revision"], draft["rule"]["pri"], draft["diagnostics"]) == (
        "auth",
        1,
        5,
        [],
    )
    first = running.post(
        "domains/shop/scripts/auth/versions", json={"message": "first", "revision": 1}
    ).json()
    assert (first["number"], first["source"], first["message"]) == (1, SOURCE, "first")
    assert first["evidence"]["cost_bound"] > 0

    rollout = running.publish("staging", message="try")
    assert (rollout["state"], rollout["percent"], rollout["scripts"]) == (
        "completed",
        100,
        {"auth": [None, 1]},
    )
    rollout = running.publish("production")
    assert rollout["state"] == "completed"  # the first release has nothing to go from
    second = running.version(SOURCE + "# more\n")
    is_problem(running.post("domains/shop/publish", json={"environment": "production"}), 409, "not-staged")
    running.publish("staging")
    rollout = running.publish("production", steps=[5, 100])
    assert (rollout["state"], rollout["percent"], rollout["scripts"]) == ("running", 5, {"auth": [1, 2]})
    refused = running.post("domains/shop/publish", json={"environment": "production"})
    assert is_problem(refused, 409, "rollout-running")["rollout"] == rollout["id"]

    place = f"domains/shop/rollouts/{rollout['id']}"
    assert running.get(place).json()["progress"] == {"nodes": 0, "acked": 0, "failed": 0, "offline": 0}
    is_problem(running.post(f"{place}/promote", json={"from": 4}), 409, "conflict")
    assert running.post(f"{place}/promote", json={"from": 5}).json()["state"] == "completed"
    whole = running.get("domains/shop").json()
    assert whole["environments"]["production"]["live"] == {"auth": second["number"]}

    back = running.post("domains/shop/rollback", json={"environment": "production", "message": "no"}).json()
    assert (back["state"], back["scripts"]) == ("completed", {"auth": [2, 1]})
    scripts = running.get("domains/shop/scripts").json()["items"]
    assert scripts[0]["live"] == {"staging": 2, "production": 1}
    assert scripts[0]["draft"]["changed"] is True
    actions = [entry["action"] for entry in running.get("audit?domain=shop&limit=3").json()["items"]]
    assert actions[0] == "rollback"
    assert running.get("audit/verify").json()["intact"] is True
    assert running.delete("domains/shop").status_code == 204
    assert running.get("domains").json() == {"items": [], "next": None}


def test_two_authors_save_at_once_and_nothing_is_lost(shop):
    def save(source, revision):
        return shop.put("domains/shop/scripts/a/draft", json={"source": source, "revision": revision})

    assert save("# one\n", 0).json()["revision"] == 1
    assert save("# two\n", 1).json()["revision"] == 2
    found = is_problem(save("# mine\n", 1), 409, "conflict")
    assert (found["current"]["source"], found["current"]["revision"]) == ("# two\n", 2)
    kept = shop.get("domains/shop/scripts/a/conflicts").json()["items"]
    assert [(each["source"], each["revision"], each["id"]) for each in kept] == [
        ("# mine\n", 1, found["kept"])
    ]


def test_a_script_with_errors_is_kept_and_never_a_version(shop):
    saved = shop.put("domains/shop/scripts/a/draft", json={"source": BROKEN, "revision": 0}).json()
    assert saved["diagnostics"][0]["severity"] == "error"
    refused = shop.post("domains/shop/scripts/a/versions", json={"revision": 1})
    found = is_problem(refused, 422, "has-errors")
    assert [each["code"] for each in found["diagnostics"]] == ["unclosed-bracket", "unclosed-block"]
    assert found["diagnostics"][0].items() <= saved["diagnostics"][0].items()
    assert shop.get("domains/shop/scripts/a/draft").json()["source"] == BROKEN


def test_settings_with_another_revision(shop):
    place = "domains/shop/settings"
    changed = shop.put(place, json={"settings": {**SETTINGS, "hosts": ["b.example"]}, "revision": 1}).json()
    assert changed["revision"] == 2
    found = is_problem(shop.put(place, json={"settings": SETTINGS, "revision": 1}), 409, "conflict")
    assert (found["current"]["settings_revision"], found["current"]["settings"]) == (2, changed["settings"])
    is_problem(shop.put(place, json={"settings": {"nothing": 1}, "revision": 2}), 422, "invalid")


def test_versions_by_pages_and_their_difference(shop):
    for index in range(7):
        shop.version(SOURCE + f"# {index}\n")
    numbers, cursor = [], ""
    while cursor is not None:
        page = shop.get(f"domains/shop/scripts/auth/versions?limit=3{cursor and '&cursor=' + cursor}").json()
        numbers += [item["number"] for item in page["items"]]
        assert "source" not in page["items"][0]
        cursor = page["next"]
    assert numbers == [7, 6, 5, 4, 3, 2, 1]
    diff = shop.get("domains/shop/scripts/auth/diff?from=1&to=2").json()
    assert "-# 0" in diff["text"]
    assert "+# 1" in diff["text"]
    assert (diff["rules"], diff["decisions"]) == ({}, [])


def test_a_secret_dictionary_shows_no_value_anywhere(shop):
    place = "domains/shop/dictionaries/keys"
    made = shop.put(place, json={"entries": {"a": "tulip"}, "secret": True, "revision": 0}).json()
    assert (made["entries"], made["keys"], made["secret"]) == (None, ["a"], True)
    shop.ask("PATCH", place, json={"set": {"b": "rose"}, "revision": 1})
    for path in (place, "domains/shop/dictionaries", "audit", "domains/shop"):
        text = shop.get(path).text
        assert "tulip" not in text
        assert "rose" not in text
    stale = shop.put(place, json={"entries": {}, "secret": True, "revision": 1})
    found = is_problem(stale, 409, "conflict")
    assert found["current"]["keys"] == ["a", "b"]
    assert "tulip" not in stale.text


def test_a_dictionary_changes_without_a_version(shop):
    place = "domains/shop/dictionaries/flags"
    shop.put(place, json={"entries": {"a": "1", "b": "2"}, "revision": 0})
    changed = shop.ask("PATCH", place, json={"set": {"a": "3"}, "remove": ["b"]}).json()
    assert changed["entries"] == {"a": "3"}
    assert shop.get("domains/shop/dictionaries").json()["items"][0]["count"] == 1
    assert shop.delete(place).status_code == 204
    is_problem(shop.get(place), 404, "not-found")


def test_rules_of_the_vendor_go_in_and_out(shop):
    rule = {"name": "auth", "rule": SOURCE, "pos": "head", "pri": "3", "enable": "on", "brk": "on"}
    answer = shop.post("domains/shop/rules", json=[rule])
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == [{"name": "auth", "revision": 1, "diagnostics": []}]
    exported = shop.get("domains/shop/rules").json()
    assert {key: exported[0][key] for key in rule} == rule
    assert all(isinstance(value, str) for value in exported[0].values())


def test_a_purge_is_one_of_three(shop):
    shop.version()
    shop.publish()
    made = shop.post(
        "domains/shop/purge", json={"prefix": "http://shop.example/a/", "environment": "staging"}
    )
    assert made.status_code == 202
    assert set(made.json()) == {"seq", "generation"}
    for wrong in ({}, {"url": "http://shop.example/", "tag": "x"}, {"tag": "a b"}):
        is_problem(shop.post("domains/shop/purge", json=wrong), 422, "invalid")


def test_tokens_are_shown_once(shop):
    made = shop.post("tokens", json={"label": "ci", "grants": [{"domain": "shop", "scope": "read"}]}).json()
    listed = shop.get("tokens").json()["items"]
    assert made["secret"] not in shop.get("tokens").text
    assert listed[0]["label"] == "ci"
    assert "secret" not in listed[0]
    assert shop.get("domains/shop", made["secret"]).status_code == 200
    assert shop.delete(f"tokens/{made['id']}").status_code == 204
    is_problem(shop.get("domains/shop", made["secret"]), 401, "unauthorized")


SCOPES = {
    ("GET", "domains/shop"): "read",
    ("PUT", "domains/shop/scripts/a/draft"): "edit",
    ("POST", "domains/shop/publish"): "publish",
    ("POST", "domains/shop/purge"): "edit",
    ("DELETE", "domains/shop"): "admin",
}
BODY = {
    "draft": {"source": "", "revision": 9},
    "publish": {"environment": "staging"},
    "purge": {"tag": "x"},
}


@pytest.mark.parametrize("scope", ["read", "edit", "publish", "admin"])
def test_a_scope_reaches_so_far(shop, scope):
    order = ["read", "edit", "publish", "admin"]
    token = shop.token(scope)
    for (method, path), wanted in SCOPES.items():
        body = BODY.get(path.rpartition("/")[2])
        answer = shop.ask(method, path, token, **({"json": body} if body else {}))
        forbidden = order.index(scope) < order.index(wanted)
        assert (answer.status_code == 403) is forbidden, (method, path, answer.text)


def test_one_customer_cannot_tell_anothers_domain_from_none(shop):
    shop.domain("blog", "blog.example")
    token = shop.token("admin", "blog")
    for method, path in (
        ("GET", "domains/{}"),
        ("DELETE", "domains/{}"),
        ("GET", "domains/{}/scripts"),
        ("GET", "domains/{}/scripts/a/draft"),
        ("GET", "domains/{}/metrics"),
        ("GET", "domains/{}/logs"),
        ("GET", "domains/{}/releases"),
        ("GET", "audit?domain={}"),
        ("GET", "tokens?domain={}"),
    ):
        real = shop.ask(method, path.format("shop"), token).json()
        none = shop.ask(method, path.format("none"), token).json()
        assert real.pop("request_id") != none.pop("request_id")
        assert real == none
        assert real["code"] == "not-found"
    assert [each["name"] for each in shop.get("domains", token).json()["items"]] == ["blog"]


ODD = [
    "a b",
    "ü",
    "a/b",
    "..",
    "%00",
    "a" * 65,
    "-",
    "名",
    "a\u202eb",
    "<script>",
    "a'b",
    ".",
    "a;b",
    "con%2fx",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_of_scripts(shop, name):
    from urllib.parse import quote

    place = f"domains/shop/scripts/{quote(name, safe='%')}/draft"
    answer = shop.put(place, json={"source": SOURCE, "revision": 0})
    if answer.status_code == 200:
        assert shop.get(place).json()["script"] == answer.json()["script"]
        assert len(shop.get("domains/shop/scripts").json()["items"]) == 1
    else:
        assert answer.status_code in {404, 405, 422}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_language_for_an_editor(shop):
    found = shop.get("language").json()
    names = {each["name"]: each for each in found["functions"]}
    assert names["substr"]["signature"].startswith("substr(")
    assert "if" in found["keywords"]
    assert any(each["name"] == "$uri" for each in found["variables"])
