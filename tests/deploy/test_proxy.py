"""The real nginx with its very configuration before the real service: what browsers, Prometheus and strangers get."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import async_playwright
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.deploy.proxied import Pod, healthy
from tests.helpers.chromium import ARGUMENTS, executable
from tests.helpers.feed_copy import FeedCopy
from tests.lab.process import poll, wait_until

pytestmark = pytest.mark.servers

SUBSCRIBE = {
    "type": "subscribe", "token": None, "topics": ["agents", "queues", "calls", "alerts", "sources"],
    "queues": None, "teams": None, "resume": None,
}  # fmt: skip


@asynccontextmanager
async def client(pod: Pod) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=pod.tls)
    async with aiohttp.ClientSession(pod.url, connector=connector) as session:
        yield session


def feed(pod: Pod, **options: object) -> connect:
    return connect(f"wss://localhost:{pod.https}/v1/feed", ssl=pod.tls, **options)  # type: ignore[arg-type]


async def snapshot(connection: ClientConnection) -> FeedCopy:
    copy = FeedCopy()
    await connection.send(json.dumps(SUBSCRIBE))
    async with asyncio.timeout(20):
        while copy.epoch is None:
            copy.take(await connection.recv())
    return copy


# --- the password and the name -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/v1/state", "/metrics", "/healthz", "/v1/feed", "/grafana/"])
async def test_nothing_is_shown_without_the_password(pod: Pod, path: str) -> None:
    async with client(pod) as session:
        async with session.get(path) as answer:
            assert answer.status == 401
            assert "callcenter" not in await answer.text()
        async with session.get(
            path, headers={"Authorization": aiohttp.encode_basic_auth("monitor", "wrong")}
        ) as answer:
            assert answer.status == 401


async def test_a_wrong_password_costs_a_second(pod: Pod) -> None:
    wrong = {"Authorization": aiohttp.encode_basic_auth("monitor", "wrong")}
    async with client(pod) as session:
        begin = time.monotonic()
        async with session.get("/healthz", headers=wrong) as answer:
            assert answer.status == 401
        assert time.monotonic() - begin >= 0.9


async def test_the_page_and_the_api_come_with_the_password_and_the_service_s_own_headers(pod: Pod) -> None:
    async with client(pod) as session:
        async with session.get("/", headers=pod.login) as answer:
            assert answer.status == 200
            page = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        assert f"wss://localhost:{pod.https}/v1/feed" in page
        assert f"connect-src 'self' wss://localhost:{pod.https};" in policy
        async with session.get("/api/v1/state", headers=pod.login) as answer:
            assert (await answer.json())["agents"]


async def test_a_name_that_is_not_ours_is_refused(pod: Pod) -> None:
    other = pod.login | {"Host": "evil.example.org"}
    async with client(pod) as session:
        for path in ("/", "/grafana/", "/grafana/login"):
            async with session.get(path, headers=other) as answer:
                assert (path, answer.status) == (path, 421)
    with pytest.raises(InvalidStatus) as refused:
        async with feed(pod, additional_headers=pod.login, origin="https://evil.example.org"):
            pass
    assert refused.value.response.status_code == 403


# --- the feed ----------------------------------------------------------------------------------------------


async def test_the_feed_passes_with_snapshot_and_deltas(pod: Pod) -> None:
    async with feed(pod, additional_headers=pod.login, origin=pod.url) as connection:
        copy = await snapshot(connection)
        assert copy.objects["agents"]
        async with asyncio.timeout(60):
            while not copy.deltas:
                copy.take(await connection.recv())


async def test_the_feed_is_refused_without_the_password(pod: Pod) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with feed(pod):
            pass
    assert refused.value.response.status_code == 401


async def test_a_browser_shows_the_wallboard_live(pod: Pod) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            context = await browser.new_context(
                ignore_https_errors=True, http_credentials={"username": "monitor", "password": pod.password}
            )
            page = await context.new_page()
            await page.goto(f"{pod.url}/?lang=en")
            await page.wait_for_selector('[data-connection="live"]', state="attached", timeout=30_000)
            await page.wait_for_selector("[data-queue]", timeout=30_000)
        finally:
            await browser.close()


# --- metrics -----------------------------------------------------------------------------------------------


async def test_the_metrics_listener_has_metrics_and_nothing_else(pod: Pod) -> None:
    address = f"http://127.0.0.1:{pod.metrics}"
    async with aiohttp.ClientSession(address) as session:
        async with session.get("/metrics") as answer:
            assert answer.status == 200
            assert "callcenter_build_info" in await answer.text()
        for path in ("/", "/api/v1/state", "/metrics/", "/metricsx", "/v1/feed", "/healthz", "/grafana/"):
            async with session.get(path) as answer:
                assert (path, answer.status) == (path, 404)
        async with session.post("/metrics") as answer:
            assert answer.status == 403
        async with session.get("/metrics", headers={"Host": "operator-monitor:8082"}) as answer:
            assert answer.status == 200
        for name in ("evil.example.org", "10.9.8.7", "localhost"):
            async with session.get("/metrics", headers={"Host": name}) as answer:
                assert (name, answer.status) == (name, 421)


@pytest.mark.parametrize(
    ("origin", "status"), [("127.0.0.2", 200), ("127.0.0.3", 403), ("127.0.0.9", 403)], ids=str
)
async def test_metrics_are_for_the_internal_network_without_the_host(
    pod: Pod, origin: str, status: int
) -> None:
    """Here 127.0.0.0/30 stands for the network, and 127.0.0.3 for the host's own address in it."""
    connector = aiohttp.TCPConnector(local_addr=(origin, 0))
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{pod.metrics}", connector=connector) as session,
        session.get("/metrics") as answer,
    ):
        assert answer.status == status


# --- Grafana -----------------------------------------------------------------------------------------------


async def test_grafana_gets_its_sub_path_but_not_our_password(pod: Pod) -> None:
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    by_address = f"https://127.0.0.1:{pod.https}"
    async with client(pod) as session:
        async with session.get("/grafana/", headers=pod.login) as gone:
            assert gone.status == 502, "the wallboard runs without it"
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", pod.grafana).start()
            async with session.get("/grafana/d/x?orgId=1", headers=pod.login) as found:
                assert (found.status, await found.text()) == (200, "here")
            async with session.get("/grafana", headers=pod.login, allow_redirects=False) as moved:
                assert (moved.status, moved.headers["Location"]) == (301, "/grafana/")
            async with session.get(f"{by_address}/grafana/", headers=pod.login) as found:
                assert found.status == 200, "an address is no name that could be another's"
        finally:
            await runner.cleanup()
    request = asked[0]
    assert request.path_qs == "/grafana/d/x?orgId=1"
    assert request.headers["Host"] == f"localhost:{pod.https}"
    assert request.headers["X-Forwarded-Proto"] == "https"
    assert "Authorization" not in request.headers


# --- limits ------------------------------------------------------------------------------------------------


async def test_a_large_body_is_refused(pod: Pod) -> None:
    large = b"x" * 100_000
    async with client(pod) as session, session.post("/api/v1/state", data=large, headers=pod.login) as answer:
        assert answer.status == 413


def test_speaks_tls_alone(pod: Pod) -> None:
    with (
        socket.create_connection(("127.0.0.1", pod.https)) as plain,
        pod.tls.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.version() == "TLSv1.3"
    answer = http.client.HTTPConnection("127.0.0.1", pod.https, timeout=10)
    answer.request("GET", "/")
    assert answer.getresponse().status == 400, "no TLS at all"
    answer.close()


def test_whoever_never_ends_his_request_is_cut_off(pod: Pod) -> None:
    with (
        socket.create_connection(("127.0.0.1", pod.https), timeout=30) as plain,
        pod.tls.wrap_socket(plain, server_hostname="localhost") as slow,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        said = slow.recv(4096)  # raises a timeout if it is kept
        assert said == b"" or b" 408 " in said.splitlines()[0]


# --- health and recovery -----------------------------------------------------------------------------------


def test_health_checks_say_so_when_all_is_well(pod: Pod) -> None:
    assert healthy(pod.services["proxy"], {":8083": f":{pod.alive}"})
    assert healthy(pod.services["operator-monitor"], {":8080": f":{pod.http}"})
    assert healthy(pod.services["demo-pbx"], {"5038": str(pod.ami)})


async def test_a_killed_service_is_told_and_comes_back_by_itself(pod: Pod) -> None:
    assert pod.service is not None
    async with feed(pod, additional_headers=pod.login) as connection:
        epoch = (await snapshot(connection)).epoch
        pod.service.kill()
        async with asyncio.timeout(10):
            await connection.wait_closed()
    assert pod.status("/") == 502
    assert not healthy(pod.services["operator-monitor"], {":8080": f":{pod.http}"})
    assert healthy(pod.services["proxy"], {":8083": f":{pod.alive}"}), "it is not the proxy's fault"

    pod.start_service()
    wait_until(lambda: pod.status("/readyz") == 200, "the service is ready again")

    async def renewed() -> bool:
        try:
            async with feed(pod, additional_headers=pod.login) as again:
                return (await snapshot(again)).epoch != epoch
        except InvalidStatus:
            return False

    await poll(renewed, "the feed passes again")


def test_the_log_names_no_parameters(pod: Pod) -> None:
    assert pod.proxy is not None
    assert pod.status("/?lang=en&secret=do-not-keep") == 200
    wait_until(lambda: '"GET /" 200' in pod.proxy.output, "the request is logged")
    assert "127.0.0.1 monitor [" in pod.proxy.output
    assert "do-not-keep" not in pod.proxy.output
    assert pod.password not in pod.proxy.output


def test_the_log_has_no_password_that_was_typed_as_a_name(pod: Pod) -> None:
    assert pod.proxy is not None
    address = f"{pod.url}/api/v1/config"
    for typed in ("MyPassw0rd:x", "monitor:MyPassw0rd"):
        header = {"Authorization": "Basic " + base64.b64encode(typed.encode()).decode()}
        request = urllib.request.Request(address + "?secret=MyPassw0rd", headers=header)
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            urllib.request.urlopen(request, context=pod.tls, timeout=10)
        refused.value.close()
    wait_until(lambda: pod.proxy.output.count('"GET /api/v1/config" 401') == 2, "both are logged")
    assert "MyPassw0rd" not in pod.proxy.output
