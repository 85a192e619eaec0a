"""The page's session: a cookie out of the page's reach, good for the page's own requests alone."""

import pytest

from tests.console.api.conftest import is_problem


@pytest.fixture
def signed_in(shop):
    assert shop.post("session", "", json={"token": shop.operator}).status_code == 204
    return shop


def test_the_cookie_is_out_of_reach(shop):
    answer = shop.post("session", "", json={"token": shop.operator})
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie
    assert shop.operator not in cookie


def test_over_https_the_cookie_is_for_https_alone(shop):
    shop.http.base_url = "https://console.test"
    answer = shop.post("session", "", json={"token": shop.operator})
    assert "Secure" in answer.headers["set-cookie"]


def test_who_is_signed_in(signed_in):
    found = signed_in.get("session", "").json()
    assert found == {
        "label": "root",
        "scopes": [{"domain": "*", "scope": "admin"}],
        "operator": True,
        "expires": None,
    }


SITES = {
    "the page": ({"Sec-Fetch-Site": "same-origin"}, 404),
    "an older browser, the page": ({"Origin": "http://console.test"}, 404),
    "another site": ({"Sec-Fetch-Site": "cross-site"}, 403),
    "another name of the site": ({"Sec-Fetch-Site": "same-site"}, 403),
    "typed by a person": ({"Sec-Fetch-Site": "none"}, 403),
    "an older browser, another site": ({"Origin": "http://evil.test"}, 403),
    "an older browser, a frame": ({"Origin": "null"}, 403),
    "nobody says": ({}, 403),
}


@pytest.mark.parametrize("case", SITES)
def test_changes_come_from_the_page(signed_in, case):
    headers, status = SITES[case]
    assert signed_in.delete("tokens/none", "", headers=headers).status_code == status


def test_reading_needs_no_more_than_the_cookie(signed_in):
    assert signed_in.get("domains", "", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_nobody_is_signed_in_unawares(shop):
    answer = shop.post("session", "", json={"token": shop.operator}, headers={"Sec-Fetch-Site": "cross-site"})
    is_problem(answer, 403, "forbidden")


def test_signing_out_ends_it_everywhere(signed_in):
    kept = dict(signed_in.http.cookies)
    assert signed_in.delete("session", "", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 204
    assert "es_session" not in signed_in.http.cookies
    signed_in.http.cookies.update(kept)
    is_problem(signed_in.get("domains", ""), 401, "unauthorized")


def test_it_ends_after_twelve_hours(signed_in, clock):
    clock.now += 12 * 3600 - 60
    assert signed_in.get("domains", "").status_code == 200
    clock.now += 120
    is_problem(signed_in.get("domains", ""), 401, "unauthorized")


def test_it_ends_with_its_token(signed_in):
    text = signed_in.token("admin")
    signed_in.http.cookies.clear()
    signed_in.post("session", "", json={"token": text})
    assert [item["name"] for item in signed_in.get("domains", "").json()["items"]] == ["shop"]
    signed_in.delete(f"tokens/{text.split('_')[1]}")
    is_problem(signed_in.get("domains", ""), 401, "unauthorized")


def test_a_cookie_is_no_token(signed_in):
    cookie = signed_in.http.cookies["es_session"]
    signed_in.http.cookies.clear()
    is_problem(signed_in.get("domains", cookie), 401, "unauthorized")


def test_a_token_of_a_node_signs_nobody_in(shop):
    is_problem(shop.post("session", "", json={"token": shop.node_token()}), 401, "unauthorized")
    is_problem(shop.get("domains", shop.node_token()), 403, "forbidden")


def test_a_token_signs_in_so_often_and_its_neighbour_none_the_less(shop):
    reader, other = shop.token("read"), shop.token("read")
    answers = [shop.post("session", "", json={"token": reader}) for _ in range(25)]
    assert [each.status_code for each in answers] == [204] * 20 + [429] * 5
    is_problem(answers[-1], 429, "too-many")
    assert shop.post("session", "", json={"token": other}).status_code == 204
    entries = shop.get("audit?limit=200").json()["items"]
    assert sum(each["action"] == "session.open" for each in entries) == 21
    shop.clock.now += 3
    assert shop.post("session", "", json={"token": reader}).status_code == 204
