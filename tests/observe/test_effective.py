"""The settings that operators are shown: every one of them, and no secret."""

import pytest

from runtime.config import Config
from runtime.config.tables import HeaderChanges, HeaderRule, SiteTable
from runtime.io.admin.effective import HIDDEN, shown

URLS = {
    "redis://127.0.0.1:6379/0": "redis://127.0.0.1:6379/0",
    "redis://:open-sesame@127.0.0.1/0": f"redis://{HIDDEN}@127.0.0.1/0",
    "redis://me:open@sesame@127.0.0.1/0": f"redis://{HIDDEN}@127.0.0.1/0",
    "redis://:open/sesame@127.0.0.1/0": f"redis://{HIDDEN}@127.0.0.1/0",
}


@pytest.mark.parametrize(("url", "told"), URLS.items(), ids=URLS)
def test_a_password_in_a_url(url, told):
    assert shown(Config(redis=url))["redis"] == told


def test_values_of_fields_that_let_somebody_in():
    asked = HeaderChanges(set={"Authorization": "Bearer open-sesame", "X-Api-Key": "open-sesame"})
    given = HeaderChanges(add={"Set-Cookie": "a=open-sesame", "X-Frame-Options": "deny"}, delete=("Server",))
    site = SiteTable(hosts=("a.test",), headers=(HeaderRule(request=asked, response=given),))
    (rule,) = shown(Config(sites=(site,)))["sites"][0]["headers"]
    assert rule["request"]["set"] == {"Authorization": HIDDEN, "X-Api-Key": HIDDEN}
    assert rule["response"]["add"] == {"Set-Cookie": HIDDEN, "X-Frame-Options": "deny"}
    assert rule["response"]["delete"] == ["Server"]


def test_entries_of_dictionaries():
    site = SiteTable(hosts=("a.test",), dictionaries={"keys": {"k": "open-sesame"}, "prices": "prices.json"})
    found = shown(Config(sites=(site,), dictionaries={"more": {"k": "open-sesame"}}))
    assert found["dictionaries"] == {"more": HIDDEN}
    assert found["sites"][0]["dictionaries"] == {"keys": HIDDEN, "prices": "prices.json"}
