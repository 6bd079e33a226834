"""The HTTP side over a real port: shapes, errors, headers, large answers."""

from __future__ import annotations

import asyncio
import re
import socket
import timeit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from yarl import URL

from monitor import __version__
from monitor.engine.config import QueueConfig
from monitor.feed import Feed
from monitor.feed.view import Filter
from monitor.listening import CannotListen
from monitor.model import Agent, Queue, QueueHistory, State, Timeline, Wallboard
from monitor.settings import Settings, WallboardConfig
from monitor.web import WebServer
from monitor.web import handlers as handlers_module
from monitor.web import problems as problems_module
from monitor.web import sending as sending_module
from monitor.web.routes import ROUTES, pattern
from tests.helpers.centre import Centre
from tests.helpers.feed_copy import FeedCopy, without_running_figures
from tests.helpers.publishing import WALLBOARD, FeedOptions, HttpOptions, alerts_of, metrics_of, until


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Site:
    """A web server over a centre, and a client."""

    def __init__(self, centre: Centre, feed: Feed, server: WebServer, session: aiohttp.ClientSession) -> None:
        self.centre = centre
        self.feed = feed
        self.server = server
        self.session = session

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        url = URL(self.server.url + path, encoded=True)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, url, headers=named, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.read())

    async def json(self, path: str) -> Any:
        answer = await self.ask(path)
        assert answer.status == 200, answer
        assert answer.headers["Content-Type"].startswith("application/json")
        return answer.json()

    async def problem(self, path: str, method: str = "GET", **headers: str) -> Any:
        answer = await self.ask(path, method, **headers)
        assert answer.headers["Content-Type"].startswith("application/problem+json"), answer
        told = answer.json()
        assert told["status"] == answer.status
        assert told["title"]
        assert told["detail"]
        return told


@asynccontextmanager
async def served(
    centre: Centre | None = None,
    public_url: str | None = None,
    wallboard: WallboardConfig | None = None,
    **options: Any,
) -> AsyncIterator[Site]:
    centre = centre or Centre().up()
    feed = Feed(centre.picture, FeedOptions(public_url=public_url), now=centre.now, epoch="e1")
    server = WebServer(
        centre.picture,
        HttpOptions(**options),
        now=centre.now,
        feed=feed,
        metrics=metrics_of(centre.picture, feed, centre.now),
        wallboard=wallboard or WALLBOARD,
        alerts=alerts_of(centre.picture, centre.now),
    )
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Site(centre, feed, server, session)
    finally:
        await server.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served() as site:
        yield site


async def test_the_state_is_everything_with_the_feeds_numbers(site: Site) -> None:
    site.centre.talks("c1", 0).joins("c2")
    told = await site.json("/api/v1/state")
    assert {
        topic: {one["id"]: one for one in told[topic]} for topic in ("agents", "queues", "calls", "sources")
    } == {topic: objects for topic, objects in site.centre.everything().items() if topic != "alerts"}
    assert (told["epoch"], told["seq"], told["at"], told["alerts"]) == ("e1", 0, site.centre.at, [])
    assert msgspec.json.decode(msgspec.json.encode(told), type=State).agents


@pytest.mark.parametrize("topic", ["agents", "queues", "calls", "alerts", "sources"])
async def test_the_parts_are_the_lists_of_the_state(site: Site, topic: str) -> None:
    site.centre.talks("c1", 0)
    assert await site.json(f"/api/v1/{topic}") == (await site.json("/api/v1/state"))[topic]


NAMES = ["anna", "a/b", "50%", "A B", "Жанна", "timeline", "x/timeline", "a?b#c", "ü\u2028;", "..", "%2F"]


@pytest.mark.parametrize("name", NAMES)
async def test_an_agent_is_found_by_its_id_percent_encoded(name: str) -> None:
    async with served(Centre(names=[name]).up()) as site:
        told = await site.json(f"/api/v1/agents/{quote(f'pbx1/{name}', safe='')}")
        assert (told["id"], told["name"]) == (f"pbx1/{name}", name)
        day = await site.json(f"/api/v1/agents/{quote(f'pbx1/{name}', safe='')}/timeline")
        assert day["agent"] == f"pbx1/{name}"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("x/timeline", "..", "%2F")])
async def test_an_agent_is_found_with_its_slashes_as_they_are(name: str) -> None:
    async with served(Centre(names=[name]).up()) as site:
        told = await site.json(f"/api/v1/agents/{quote(f'pbx1/{name}', safe='/')}")
        assert msgspec.convert(told, Agent).id == f"pbx1/{name}"
        day = await site.json(f"/api/v1/agents/{quote(f'pbx1/{name}', safe='/')}/timeline")
        assert msgspec.convert(day, Timeline).agent == f"pbx1/{name}"


async def test_the_ending_timeline_means_the_day_unless_its_slash_is_encoded() -> None:
    async with served(Centre(names=["x", "x/timeline"]).up()) as site:
        assert (await site.json("/api/v1/agents/pbx1/x/timeline"))["agent"] == "pbx1/x"
        assert (await site.json("/api/v1/agents/pbx1/x%2Ftimeline"))["id"] == "pbx1/x/timeline"
        assert (await site.json("/api/v1/agents/pbx1/x/timeline/timeline"))["agent"] == "pbx1/x/timeline"


async def test_a_queue_is_found_by_its_id(site: Site) -> None:
    told = await site.json("/api/v1/queues/pbx1/sales")
    assert msgspec.convert(told, Queue).id == "pbx1/sales"
    assert told == await site.json("/api/v1/queues/pbx1%2Fsales")


@pytest.mark.parametrize("name", NAMES)
async def test_a_queues_history_is_found_by_its_id_percent_encoded(name: str) -> None:
    async with served(Centre(queues=[name]).up()) as site:
        day = await site.json(f"/api/v1/queues/{quote(f'pbx1/{name}', safe='')}/history")
        assert day["queue"] == f"pbx1/{name}"


async def test_the_ending_history_means_the_day_unless_its_slash_is_encoded() -> None:
    async with served(Centre(queues=["x", "x/history"]).up()) as site:
        assert (await site.json("/api/v1/queues/pbx1/x/history"))["queue"] == "pbx1/x"
        assert (await site.json("/api/v1/queues/pbx1/x%2Fhistory"))["id"] == "pbx1/x/history"
        assert (await site.json("/api/v1/queues/pbx1/x/history/history"))["queue"] == "pbx1/x/history"


async def test_the_history_tells_the_queues_day_in_steps(site: Site) -> None:
    site.centre.passes(300).talks("c1", 0).joins("c2").pause(2).passes(300)
    day = await site.json("/api/v1/queues/pbx1/sales/history")
    told = msgspec.convert(day, QueueHistory)
    assert (told.queue, told.step, told.at, told.gaps) == ("pbx1/sales", 300, site.centre.at, [])
    assert [(point.waiting, point.offered, point.answered, point.met, point.of) for point in told.points] == [
        (0, 0, 0, 0, 0),
        (1, 1, 1, 1, 1),
        (1, 0, 0, 0, 0),
    ]
    assert day["points"][0]["agents"] is None
    assert day["points"][-1]["agents"] == {
        "available": 0,
        "busy": 1,
        "paused": 1,
        "offline": 0,
        "unknown": 0,
    }


async def test_the_wallboard_is_told_its_title_its_zone_and_the_thresholds_of_every_queue() -> None:
    board = Settings.of(
        sources=[{"id": "pbx1", "adapter": "ami"}],
        day={"timezone": "Europe/Moscow"},
        wallboard={"title": 'Line "1"', "thresholds": {"waiting": {"warning": 2, "critical": 4}}},
        queues={"sales": {"thresholds": {"waiting": {"critical": 9}}}, "unheard-of": {}},
        environ={},
    ).wallboard_config()
    async with served(wallboard=board) as site:
        told = await site.json("/api/v1/wallboard")
        assert told["title"] == 'Line "1"'
        assert told["timezone"] == "Europe/Moscow"
        assert told["version"] == __version__
        assert told["thresholds"]["time_in_state"]["wrap_up"] == {"warning": 120.0, "critical": 300.0}
        assert {queue: of["waiting"] for queue, of in told["queues"].items()} == {
            "pbx1/sales": {"warning": 2, "critical": 9},
            "pbx1/support": {"warning": 2, "critical": 4},
        }
        assert set(told["queues"]["pbx1/sales"]) == {"waiting", "longest_wait", "service_level", "abandoned"}
        assert msgspec.to_builtins(msgspec.convert(told, Wallboard)) == told


async def test_a_wallboard_without_queues_is_whole() -> None:
    async with served(Centre(queues=())) as empty:
        assert (await empty.json("/api/v1/wallboard"))["queues"] == {}


async def test_the_service_level_is_told_with_its_target() -> None:
    async with served(Centre(queue_config=QueueConfig(target=0.9)).up()) as site:
        told = await site.json("/api/v1/queues/pbx1/sales")
        assert told["today"]["service_level"]["target"] == told["last_30m"]["service_level"]["target"] == 0.9
    async with served(Centre(queue_config=QueueConfig(target=None)).up()) as site:
        told = await site.json("/api/v1/queues/pbx1/sales")
        assert told["today"]["service_level"]["target"] is None


async def test_the_timeline_tells_the_days_states(site: Site) -> None:
    site.centre.passes(60).pause(1, "lunch").passes(60)
    day = await site.json("/api/v1/agents/pbx1/a1/timeline")
    assert [(span["state"], span["reason"]) for span in day["spans"]][-2:] == [
        ("available", None),
        ("paused", "lunch"),
    ]
    assert day["spans"][-1]["end"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1",
        "/api/v2/state",
        "/api/v1/agents/pbx1/nobody",
        "/api/v1/agents/pbx1/nobody/timeline",
        "/api/v1/agents/pbx9/a1",
        "/api/v1/agents/a1",
        "/api/v1/agents/pbx1",
        "/api/v1/agents/",
        "/api/v1/queues/pbx1/none",
        "/api/v1/queues/pbx1/none/history",
        "/api/v1/queues/pbx9/sales/history",
        "/page/none.js",
        "/page/..%2Fserver.py",
        "/page/../server.py",
        "/page/index.html",
        "/page/%00",
        "/%ff%fe",
    ],
)
async def test_what_is_not_there_is_a_404_problem(site: Site, path: str) -> None:
    assert (await site.problem(path))["status"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_a_405_problem_that_says_which_are_offered(site: Site, method: str) -> None:
    answer = await site.ask("/api/v1/agents", method)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD"}
    assert answer.json()["status"] == 405


async def test_a_defect_is_a_500_problem_without_internals(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = []
    monkeypatch.setattr(problems_module.logger, "exception", lambda *_args, **fields: logged.append(fields))

    def broken(_id: str, _at: float) -> None:
        raise ValueError("secret internals")

    monkeypatch.setattr(site.centre.picture, "agent_view", broken)
    answer = await site.ask("/api/v1/agents/pbx1/a1")
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert logged == [{"method": "GET", "path": "/api/v1/agents/pbx1/a1"}]


async def test_a_strange_host_is_a_400_problem(site: Site) -> None:
    told = await site.problem("/", Host='x"><script>')
    assert told["status"] == 400


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/metrics", "/api/v1/state", "/api/v1/agents", "/api/openapi.json"]
)
async def test_head_gives_the_headers_of_get(site: Site, path: str) -> None:
    head, get = await site.ask(path, "HEAD"), await site.ask(path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


async def test_unknown_query_parameters_are_ignored(site: Site) -> None:
    assert await site.json("/api/v1/agents?of=a&later=version") == await site.json("/api/v1/agents")


async def test_alive_whatever_the_sources_do(site: Site) -> None:
    site.centre.lost()
    assert (await site.ask("/healthz")).status == 200


async def test_ready_only_when_every_source_is_synchronised() -> None:
    async with served(Centre(sources=("pbx1", "pbx2")).up("pbx1")) as site:
        told = await site.problem("/readyz")
        assert told["status"] == 503
        assert len(told["reasons"]) == 1
        assert "pbx2" in told["reasons"][0]
        site.centre.up("pbx2")
        assert (await site.ask("/readyz")).status == 200
        site.centre.lost("pbx1", "connection refused")
        assert "connection refused" in (await site.problem("/readyz"))["reasons"][0]


async def test_metrics_are_text_or_openmetrics(site: Site) -> None:
    text = await site.ask("/metrics")
    assert text.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b'callcenter_agents{queue="pbx1/sales",state="available"} 2.0\n' in text.body
    opened = await site.ask("/metrics", Accept="application/openmetrics-text;version=1.0.0")
    assert opened.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert opened.body.endswith(b"# EOF\n")


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/metrics", "/api/v1/agents"])
async def test_every_answer_tells_browsers_to_be_careful(site: Site, path: str) -> None:
    headers = (await site.ask(path)).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in headers


async def test_who_may_frame_the_page_is_configurable() -> None:
    async with served(frame_ancestors=["https://intranet.example"]) as site:
        policy = (await site.ask("/")).headers["Content-Security-Policy"]
        assert "frame-ancestors https://intranet.example;" in policy


@pytest.mark.parametrize("host", ["board.example", "192.0.2.7", "localhost", "[::1]"])
async def test_the_page_is_told_where_the_feed_is_and_may_connect_there(host: str) -> None:
    async with served(allowed_hosts=["board.example"]) as site:
        answer = await site.ask("/", Host=f"{host}:1234")
        address = f"ws://{host}:{site.feed.port}"
        assert f'content="{address}/v1/feed"'.encode() in answer.body
        assert (
            f"connect-src 'self' {address} wss://{host}:{site.feed.port};"
            in (answer.headers["Content-Security-Policy"])
        )


@pytest.mark.parametrize("path", ["/", "/api/v1/agents", "/metrics", "/page/main.js", "/nothing"])
async def test_a_strangers_name_that_leads_here_is_not_served(site: Site, path: str) -> None:
    """DNS rebinding: to a browser, what is served under his name is part of the stranger's site."""
    told = await site.problem(path, Host="rebound.example:8080")
    assert told["status"] == 421
    assert "http.allowed_hosts" in told["detail"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:80", "Board.example", "feed.example:443"]
)
async def test_addresses_localhost_and_names_that_are_listed_are_served(host: str) -> None:
    async with served(allowed_hosts=["board.Example"], public_url="wss://feed.example/v1/feed") as site:
        assert (await site.ask("/healthz", Host=host)).status == 200


async def test_every_name_is_served_where_all_are_allowed() -> None:
    async with served(allowed_hosts=["*"]) as site:
        assert (await site.ask("/healthz", Host="any.example")).status == 200


async def test_a_configured_feed_address_is_used_as_it_is() -> None:
    async with served(public_url="wss://board.example/v1/feed") as site:
        answer = await site.ask("/")
        assert b'content="wss://board.example/v1/feed"' in answer.body
        assert "connect-src 'self' wss://board.example;" in answer.headers["Content-Security-Policy"]


async def test_what_is_live_is_never_stored_and_files_are_revalidated(site: Site) -> None:
    assert (await site.ask("/api/v1/state")).headers["Cache-Control"] == "no-store"
    assert (await site.ask("/metrics")).headers["Cache-Control"] == "no-store"
    for path in ("/", "/api/openapi.json"):
        first = await site.ask(path)
        assert first.headers["Cache-Control"] == "no-cache"
        again = await site.ask(path, If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        changed = await site.ask(path, If_None_Match='"other"')
        assert (changed.status, changed.body) == (200, first.body)


@pytest.mark.parametrize("path", ["/api/v1/agents", "/api/v1/state", "/metrics"])
async def test_large_answers_give_others_their_turn(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers_module, "SLICE", 20)
    monkeypatch.setattr("monitor.metrics.text.SLICE", 20)
    async with served(Centre(agents=500).up()) as site:
        site.centre.publish = lambda _changes: None
        asking = asyncio.create_task(site.ask(path))
        changed = 0
        while not asking.done():
            site.centre.pause(changed % 500)
            changed += 1
            await asyncio.sleep(0)
        assert changed > 20
        body = (await asking).body
        if path != "/metrics":
            told = msgspec.json.decode(body)
            assert len(told if isinstance(told, list) else told["agents"]) == 500


async def test_objects_that_vanish_during_an_answer_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers_module, "SLICE", 1)
    centre = Centre(agents=1).up()
    for number in range(30):
        centre.joins(f"c{number}")
    async with served(centre) as site:
        asking = asyncio.create_task(site.ask("/api/v1/calls"))
        for number in range(30):
            await asyncio.sleep(0)
            site.centre.leaves(f"c{number}")
        assert len((await asking).json()) <= 30


async def test_who_reads_too_slowly_gets_a_cut_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending_module, "SEND_SECONDS", 0.1)
    async with served() as site:
        agents = site.centre.picture.agent_ids()
        monkeypatch.setattr(site.centre.picture, "agent_ids", lambda: agents * 5_000)
        loop = asyncio.get_running_loop()
        with socket.socket() as sleeper:
            sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            sleeper.setblocking(False)
            await loop.sock_connect(sleeper, ("127.0.0.1", site.server.port))
            await loop.sock_sendall(sleeper, b"GET /api/v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            connections = site.server._runner.server
            await until(lambda: connections.connections, "the request has arrived")
            await until(lambda: not connections.connections, "the answer is given up")
            assert (await site.ask("/healthz")).status == 200


async def test_a_taken_port_is_told_with_what_to_do(site: Site) -> None:
    second = WebServer(
        site.centre.picture,
        HttpOptions(port=site.server.port),
        now=site.centre.now,
        feed=site.feed,
        metrics=metrics_of(site.centre.picture, site.feed, site.centre.now),
        wallboard=WALLBOARD,
        alerts=alerts_of(site.centre.picture, site.centre.now),
    )
    with pytest.raises(
        CannotListen, match=rf"can't listen on 127\.0\.0\.1:{site.server.port} for the http"
    ) as taken:
        await second.start()
    assert taken.value.port == site.server.port
    await second.stop()


async def test_a_screen_that_begins_with_the_state_can_go_on_with_the_feed(site: Site) -> None:
    """The numbers of /api/v1/state are those that the feed resumes from."""
    site.centre.publish = site.feed.publish
    site.centre.pause(1)
    told = await site.json("/api/v1/state")
    site.centre.pause(2)
    site.feed.broadcaster.flush()
    copy = FeedCopy()
    copy.take(msgspec.json.encode({"type": "snapshot", **told}))
    view = site.feed.broadcaster.join(Filter())
    message, _ = site.feed.broadcaster.catch_up(view, told["seq"])
    copy.take(message)
    assert without_running_figures(copy.objects) == without_running_figures(site.centre.everything())


@pytest.mark.parametrize("name", ["timeline", "history"])
def test_a_path_of_slashes_is_matched_in_linear_time(name: str) -> None:
    ours = next(route for route in ROUTES if route.name == name)
    regex = re.compile(pattern(ours).replace("{id:", "(?P<id>").replace("}", ")"))

    def cost(slashes: int) -> float:
        path = ours.path.partition("{")[0] + "%2F" * slashes + name
        return min(timeit.repeat(lambda: regex.fullmatch(path), number=1, repeat=7))

    assert cost(3_200) < 8 * 4 * cost(400)  # eight times the path; backtracking takes 64 times as long
