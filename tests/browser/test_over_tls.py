"""People's own clients over TLS: a browser that runs a page, and curl."""

import asyncio
import os
import shutil
import signal

import pytest

from runtime.config.tables import Listener
from tests.browser.pages import LARGE, Origin
from tests.support.certificates import Authority
from tests.support.scripts import installed
from tests.support.worker import scenario, serving

HOST = "www.edge.test"
SCRIPT = "if eq($uri, '/refused') { exit(403, 'no') }"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def required(found, name):
    """On a machine that must have it, its absence is a failure."""
    if not found and not os.environ.get("CI"):
        pytest.skip(f"no {name} on this machine")
    assert found, f"no {name}: apt-get install {name}"


async def output(*command):
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            out, error = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, error.decode()
    return out


def secure(origin, certificate, script):
    listeners = (Listener(address="127.0.0.1:0", tls=True),)
    return serving(origin, scripts=[script], listeners=listeners, certificates=(certificate,))


def test_a_browser_runs_a_page(tmp_path):
    required(BROWSER, "chromium")
    authority = Authority(tmp_path)

    @scenario
    async def run():
        async with (
            Origin() as origin,
            secure(origin, authority.issue("a", HOST), installed(tmp_path, SCRIPT)) as node,
        ):
            port = node.address[1]
            browser = await asyncio.create_subprocess_exec(
                BROWSER,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
                "--ignore-certificate-errors",  # it knows no authority of a test's own; curl does
                "--remote-debugging-port=0",  # else it ends once the page is loaded
                f"https://{HOST}:{port}/",
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                seen = await asyncio.wait_for(origin.told, 60)
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
                await browser.wait()
            assert seen == [
                "/object 200 MISS 1000",
                "/object?again 200 MISS 1000",
                f"/large 200 MISS {len(LARGE.decode('utf-8', 'replace'))}",
                "/refused 403 SYNTH 2",
                "socket hello",
            ]
            assert b"/refused" not in origin.targets

    run()


def test_curl_trusts_the_authority_and_keeps_its_connection(tmp_path):
    curl = shutil.which("curl")
    required(curl, "curl")
    authority = Authority(tmp_path)
    (tmp_path / "authority.pem").write_bytes(authority.pem)

    @scenario
    async def run():
        async with (
            Origin() as origin,
            secure(origin, authority.issue("a", HOST), installed(tmp_path, SCRIPT)) as node,
        ):
            port = node.address[1]
            url = f"https://{HOST}:{port}/large"
            said = await output(
                curl,
                "--silent",
                "--show-error",
                "--cacert",
                str(tmp_path / "authority.pem"),
                "--resolve",
                f"{HOST}:{port}:127.0.0.1",
                "--write-out",
                "%{http_code} %{num_connects} %{size_download} %header{x-cache}\\n",
                "--output",
                str(tmp_path / "first"),
                url,
                "--output",
                str(tmp_path / "second"),
                url,
            )
            assert said.decode().splitlines() == [f"200 1 {len(LARGE)} MISS", f"200 0 {len(LARGE)} HIT"]
            assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes() == LARGE

    run()
