"""In Chinese everything that has a code is said in Chinese; what the server says besides is marked as English."""

import re

import pytest
from playwright.sync_api import expect

CHINESE = re.compile("[一-鿿]")


@pytest.fixture
def screen(look, editor):
    return look(editor, locale="zh-CN").sign_in()


def test_findings(screen, api, editor):
    domain = api.domain()
    screen.open("domains", domain, "scripts", "auth")
    screen.write("exit(lenght('x'))")
    screen.findings.get_by_text("函数不存在").wait_for()
    expect(screen.findings.locator("[lang=en]")).to_contain_text("unknown function 'lenght'")
    if editor == "plain":
        expect(screen.page.locator(".gutter .marked")).to_have_attribute(
            "title", re.compile("^函数不存在\nunknown")
        )
    else:
        screen.marks.hover()
        expect(screen.page.locator(".cm-tooltip .cm-diagnosticText")).to_contain_text("函数不存在")


def test_problems(screen, api):
    domain = api.domain()
    screen.open("domains", domain, "purge")
    screen.page.locator("main").get_by_label("值").fill(f"http://{domain}.example/a")
    screen.click("刷新缓存")
    alert = screen.page.get_by_role("alert")
    expect(alert).to_contain_text("当前状态下无法执行")
    expect(alert.locator("[lang=en]")).to_have_text("nothing was published to production yet")


def test_problems_of_single_fields(screen, api):
    domain = api.domain()
    screen.open("domains", domain, "settings")
    screen.write('{"hosts": ["a.example"], "orgin": "http://127.0.0.1"}')
    screen.click("保存")
    alert = screen.page.locator(".errors")
    expect(alert.locator("code").first).to_contain_text("orgin")
    expect(alert.locator("p")).to_have_text(CHINESE)
    expect(alert.locator("li [lang=en]").first).to_be_visible()
