"""What is done about alerts over HTTP: real requests to a real port, with real alerts, and what must be refused."""

from __future__ import annotations

import asyncio
import math
import types
import typing
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from yarl import URL

from monitor.alerts import Alerts, NotTakenOver
from monitor.alerts import silences as silences_module
from monitor.feed import Feed
from monitor.log import MemoryStorage
from monitor.model import Alert
from monitor.settings.alerts import AlertSettings
from monitor.web import WebServer, connections, handlers
from monitor.web import alerts as alerts_module
from monitor.web.alert_forms import Reloaded
from monitor.web.alerts import AlertHandlers
from monitor.web.problems import Problem
from monitor.web.routes import ROUTES
from monitor.web.sending import send
from tests.alerts.receiver import Receiver, answer, receiving
from tests.alerts.watching import rule
from tests.helpers.centre import Centre
from tests.helpers.publishing import WALLBOARD, FeedOptions, HttpOptions, metrics_of, until

DAY = 86_400.0
JSON = {"Content-Type": "application/json"}
LUNCH = rule(
    "lunch", "agent", 'state == "paused"', summary={"en": "{name} has {reason}", "ru": "{name}: обед"}
)
WAIT = rule("wait", "queue", "waiting > 0", severity="critical", labels={"floor": "2"})
LATER = rule("later", "agent", 'state == "paused"', **{"for": "1h"})


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def refused(self, status: int) -> str:
        """Check that it is a problem of this status; return what it says."""
        assert self.status == status, self.body
        assert self.headers["Content-Type"].startswith("application/problem+json")
        assert self.headers["Cache-Control"] == "no-store"
        told = msgspec.json.decode(self.body, type=Problem)
        assert told.status == status
        assert told.title
        assert told.detail
        return told.detail


class Site:
    """A web server over a centre whose alerts are judged, and a client."""

    def __init__(self, sources: Sequence[str] = ("pbx1",)) -> None:
        self.centre = Centre(sources=sources).up(sources[-1])
        self.feed = Feed(self.centre.picture, FeedOptions(), now=self.centre.now, epoch="e1")
        self.alerts: Alerts = None  # type: ignore[assignment]
        self.server: WebServer = None  # type: ignore[assignment]
        self.session: aiohttp.ClientSession = None  # type: ignore[assignment]
        self.reasons: list[str] = []
        self.reloads = 0

    async def reload(self) -> Reloaded:
        self.reloads += 1
        if self.reasons:
            raise NotTakenOver(self.reasons)
        return Reloaded(rules=3, webhooks=1, waiting_for_restart=["day"])

    async def ask(
        self, path: str, method: str = "GET", body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Ask for something; a body that isn't bytes is sent as JSON."""
        sent = dict(headers or {})
        if body is not None:
            sent = JSON | sent
            body = body if isinstance(body, bytes) else msgspec.json.encode(body)
        url = URL(self.server.url + path, encoded=True)
        async with self.session.request(
            method, url, data=body, headers=sent, allow_redirects=False, skip_auto_headers=["Content-Type"]
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Answer:
        return await self.ask(path, "POST", body, headers)

    async def get(self, path: str) -> Any:
        found = await self.ask(path)
        assert found.status == 200, found.body
        assert found.headers["Content-Type"].startswith("application/json")
        assert found.headers["Cache-Control"] == "no-store"
        return found.json

    async def shown(self, number: int) -> list[dict[str, Any]]:
        """Wait until there are so many alerts; return them."""
        await until(lambda: len(self.centre.picture.alerts) == number, f"{number} alerts are shown")
        told: list[dict[str, Any]] = await self.get("/api/v1/alerts")
        assert len(told) == number
        return told


@asynccontextmanager
async def served(
    *rules: Any, webhooks: list[dict[str, Any]] | None = None, sources: Sequence[str] = ("pbx1",)
) -> AsyncIterator[Site]:
    site = Site(sources)
    centre = site.centre
    settings = AlertSettings.model_validate({"webhooks": webhooks or []})
    site.alerts = Alerts(
        centre.picture, rules, settings, now=centre.now, publish=lambda _: None, feed_clients=lambda: 0
    )
    centre.publish = site.alerts.hear
    site.server = WebServer(
        centre.picture,
        HttpOptions(),
        now=centre.now,
        feed=site.feed,
        metrics=metrics_of(centre.picture, site.feed, centre.now),
        wallboard=WALLBOARD,
        alerts=AlertHandlers(site.alerts, site.reload, now=centre.now),
    )
    await site.alerts.open(MemoryStorage())
    site.alerts.start()
    await site.server.start()
    try:
        async with aiohttp.ClientSession() as site.session:
            yield site
    finally:
        await site.server.stop()
        await site.alerts.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served(LUNCH, WAIT) as site:
        yield site


def silencing(**change: Any) -> dict[str, Any]:
    return {"matchers": {"rule": "lunch"}, "by": "Anna", "why": "a birthday", "until": 2e9} | change


# --- what is shown -----------------------------------------------------------------------------------------


async def test_alerts_are_listed_while_they_last_and_then_in_the_history_the_latest_first(site: Site) -> None:
    assert await site.get("/api/v1/alerts") == await site.get("/api/v1/alerts/history") == []
    site.centre.pause(1)
    [alert] = await site.shown(1)
    assert (alert["rule"], alert["state"], alert["subject"]) == ("lunch", "firing", "pbx1/a1")
    assert (alert["summary"], alert["summaries"]["ru"]) == ("a1 has lunch", "a1: обед")
    assert (await site.get("/api/v1/state"))["alerts"] == [alert]
    site.centre.passes(60).unpause(1)
    await site.shown(0)
    site.centre.joins("c1")
    await site.shown(1)
    site.centre.leaves("c1")
    await site.shown(0)
    past = await site.get("/api/v1/alerts/history")
    assert [(one["rule"], one["state"]) for one in past] == [("wait", "resolved"), ("lunch", "resolved")]
    assert past[1]["id"] == alert["id"]
    assert past[1]["resolved_at"] - past[1]["fired_at"] == pytest.approx(60, abs=1)
    assert past[0]["labels"]["floor"] == "2"


async def test_a_long_history_gives_others_their_turn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "SLICE", 20)
    site.centre.pause(1)
    await site.shown(1)
    site.centre.unpause(1)
    await site.shown(0)
    [past] = site.alerts.past
    numbered = [msgspec.structs.replace(past, id=str(number)) for number in range(800)]
    monkeypatch.setattr(Alerts, "past", numbered)
    pieces = 0

    async def counting(request: web.Request, made: Iterable[bytes]) -> web.StreamResponse:
        nonlocal pieces
        parts = list(made)
        pieces = len(parts)
        return await send(request, parts)

    monkeypatch.setattr(alerts_module, "send", counting)
    told = await site.get("/api/v1/alerts/history")
    assert [one["id"] for one in told] == [str(number) for number in range(800)]
    assert pieces == 800 / 20 + 1


async def test_a_pending_alert_is_listed_and_never_comes_into_the_history() -> None:
    async with served(LATER) as site:
        site.centre.pause(1)
        [alert] = await site.shown(1)
        assert (alert["state"], alert["fired_at"]) == ("pending", None)
        site.centre.unpause(1)
        await site.shown(0)
        assert await site.get("/api/v1/alerts/history") == []


async def test_the_service_is_told_as_rules_see_it(site: Site) -> None:
    site.centre.joins("c1")
    told = await site.get("/api/v1/service")
    assert told["sources"] == {"connecting": 0, "synchronising": 0, "up": 1, "lost": 0}
    assert told["waiting"] == 1
    assert told["longest_wait_since"] == pytest.approx(site.centre.at, abs=1)


# --- acknowledge -------------------------------------------------------------------------------------------


async def test_an_acknowledged_alert_says_who_cares_for_it_and_why(site: Site) -> None:
    site.centre.pause(1)
    [alert] = await site.shown(1)
    told = await site.post("/api/v1/alerts/acknowledge", {"id": alert["id"], "by": "Anna", "why": "he <may>"})
    assert told.status == 200
    assert told.json["acknowledged"] == {"by": "Anna", "why": "he <may>", "at": site.centre.at}
    assert await site.get("/api/v1/alerts") == [told.json]
    again = await site.post("/api/v1/alerts/acknowledge", {"id": alert["id"], "by": "Boris"})
    assert again.json["acknowledged"] == {"by": "Boris", "why": "", "at": site.centre.at}


@pytest.mark.parametrize(
    "name", ["lunch/pbx1/a1@0", "x", "../../etc/passwd", "\x1b[2J\x00", "'; drop--", "Ж" * 1_000]
)
async def test_an_alert_that_is_not_there_is_not_acknowledged(site: Site, name: str) -> None:
    told = await site.post("/api/v1/alerts/acknowledge", {"id": name, "by": "Anna"})
    assert "there is no alert" in told.refused(404)


async def test_an_alert_that_is_over_is_not_acknowledged(site: Site) -> None:
    site.centre.pause(1)
    [alert] = await site.shown(1)
    site.centre.unpause(1)
    await site.shown(0)
    (await site.post("/api/v1/alerts/acknowledge", {"id": alert["id"], "by": "Anna"})).refused(404)


# --- silences ----------------------------------------------------------------------------------------------


async def test_a_silence_marks_matching_alerts_until_it_is_ended(site: Site) -> None:
    site.centre.pause(1).joins("c1")
    await site.shown(2)
    made = await site.post("/api/v1/silences", silencing(until=site.centre.at + 60))
    assert made.status == 200
    silence = made.json
    assert silence.pop("matching") == 1
    assert silence == {
        **silencing(until=silence["until"]),
        "id": silence["id"],
        "created_at": site.centre.at,
    }
    assert await site.get("/api/v1/silences") == [silence]
    marked = {one["rule"]: one["silenced"] for one in await site.get("/api/v1/alerts")}
    assert marked == {"lunch": silence["id"], "wait": None}
    ended = await site.ask(f"/api/v1/silences/{silence['id']}", "DELETE")
    assert (ended.status, ended.json) == (200, {"status": "ended"})
    assert await site.get("/api/v1/silences") == []
    assert all(one["silenced"] is None for one in await site.get("/api/v1/alerts"))
    (await site.ask(f"/api/v1/silences/{silence['id']}", "DELETE")).refused(404)


async def test_a_silence_that_nothing_could_match_is_refused_with_the_labels_that_there_are(
    site: Site,
) -> None:
    told = (
        await site.post(
            "/api/v1/silences", silencing(matchers={"que": "pbx1/sales"}, until=site.centre.at + 60)
        )
    ).refused(400)
    assert (
        "no alert has the label 'que'; there are: agent, floor, queue, rule, severity, source, team" in told
    )
    assert await site.get("/api/v1/silences") == []


@pytest.mark.parametrize(
    ("matchers", "why"),
    [
        ({"rule": "lnch"}, "there is no rule 'lnch'; there are: lunch, wait"),
        ({"severity": "crit"}, "there is no severity 'crit'; there are: critical, info, warning"),
        ({"source": "pbx2"}, "there is no source 'pbx2'; there are: pbx1"),
        ({"queue": "pbx2/sales"}, "there is no source 'pbx2'; there are: pbx1"),
        ({"agent": "pbx2/a1"}, "there is no source 'pbx2'; there are: pbx1"),
        ({"queue": "sales"}, "a queue is named with its source: write 'pbx1/sales'"),
        ({"agent": "a1"}, "an agent is named with its source: write 'pbx1/a1'"),
        ({"queue": "later"}, "a queue is named with its source: write 'pbx1/later'"),
        ({"queue": "pbx1/"}, "a queue is named with its source: write 'pbx1/NAME'"),
        ({"rule": "lunch", "queue": "pbx1/sales", "severity": "Critical"}, "there is no severity 'Critical'"),
    ],
)
async def test_a_silence_of_something_that_is_not_there_is_refused_with_what_there_is(
    site: Site, matchers: dict[str, str], why: str
) -> None:
    said = silencing(matchers=matchers, until=site.centre.at + 60)
    assert why in (await site.post("/api/v1/silences", said)).refused(400)
    assert await site.get("/api/v1/silences") == []


async def test_the_source_that_has_it_is_advised() -> None:
    async with served(LUNCH, sources=("pbx1", "pbx2")) as two:
        for name in ("sales", "nobody"):
            said = silencing(matchers={"queue": name}, until=two.centre.at + 60)
            told = (await two.post("/api/v1/silences", said)).refused(400)
            assert f"'pbx2/{name}'" in told
            assert (f"'pbx1/{name}'" in told) == (name == "nobody")


async def test_a_silence_of_a_queue_that_is_not_there_yet_is_kept_and_says_that_nothing_matches(
    site: Site,
) -> None:
    said = silencing(matchers={"queue": "pbx1/christmas"}, until=site.centre.at + 60)
    told = await site.post("/api/v1/silences", said)
    assert (told.status, told.json["matching"]) == (200, 0)


async def test_a_silence_that_is_over_is_not_listed(site: Site) -> None:
    await site.post("/api/v1/silences", silencing(until=site.centre.at + 60))
    site.centre.passes(61)
    assert await site.get("/api/v1/silences") == []


LONG = "x" * 200


@pytest.mark.parametrize(
    "matchers",
    [
        {"rule": "lunch"},
        {"floor": LONG},
        {"queue": "pbx1/зал «Б»\u202e", "severity": "critical", "team": "North"},
    ],
)
async def test_a_silence_within_the_bounds_is_kept_as_it_was_said(
    site: Site, matchers: dict[str, str]
) -> None:
    said = silencing(matchers=matchers, by=LONG, why="ж" * 1_000, until=site.centre.at + 366 * DAY - 1)
    told = await site.post("/api/v1/silences", said)
    assert told.status == 200, told.body
    [kept] = await site.get("/api/v1/silences")
    assert {key: kept[key] for key in said} == said


BAD_SILENCES: dict[str, Any] = {
    "no matchers": {"matchers": {}},
    "too many matchers": {"matchers": {str(number): "x" for number in range(11)}},
    "an empty label": {"matchers": {"": "x"}},
    "an empty value": {"matchers": {"rule": ""}},
    "a label too long": {"matchers": {LONG + "x": "x"}},
    "a value too long": {"matchers": {"rule": LONG + "x"}},
    "a value that is a number": {"matchers": {"rule": 5}},
    "matchers that are a list": {"matchers": ["rule"]},
    "nobody": {"by": ""},
    "a name too long": {"by": LONG + "x"},
    "a reason too long": {"why": "x" * 1_001},
    "a reason that is null": {"why": None},
    "an unknown key": {"utnil": 5},
    "a time that is a text": {"until": "tomorrow"},
    "a time that is null": {"until": None},
    "the past": {"until": 1_000_000_000.0},
    "zero": {"until": 0},
    "a time before all": {"until": -1e300},
    "a time too far": {"until": 1e11},
    "the end of all": {"until": 1e300},
}


@pytest.mark.parametrize("change", BAD_SILENCES.values(), ids=BAD_SILENCES.keys())
async def test_a_silence_that_is_not_possible_is_refused(site: Site, change: dict[str, Any]) -> None:
    said = {"until": site.centre.at + 60} | change
    (await site.post("/api/v1/silences", silencing(**said))).refused(400)
    assert await site.get("/api/v1/silences") == []


@pytest.mark.parametrize("seconds", [0.0, 366 * DAY + 1])
async def test_a_silence_ends_after_now_and_within_a_year(site: Site, seconds: float) -> None:
    said = silencing(until=site.centre.at + seconds)
    assert "until" in (await site.post("/api/v1/silences", said)).refused(400)


@pytest.mark.parametrize("key", ["matchers", "by", "until"])
async def test_what_a_silence_lacks_is_named(site: Site, key: str) -> None:
    said = silencing(until=site.centre.at + 60)
    del said[key]
    assert key in (await site.post("/api/v1/silences", said)).refused(400)


async def test_no_more_silences_than_are_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(silences_module.MAX_SILENCES):
        await site.alerts.silence(matchers={"rule": "wait"}, by="A", why="", until=site.centre.at + 60)
    assert len(await site.get("/api/v1/silences")) == 1_000
    said = silencing(until=site.centre.at + 120)
    assert "1000" in (await site.post("/api/v1/silences", said)).refused(409)
    site.centre.passes(61)  # those are over
    assert (await site.post("/api/v1/silences", silencing(until=site.centre.at + 60))).status == 200


HOSTILE = [
    "x",
    "..",
    "%2e%2e%2f%2e%2e",
    "%2F",
    "%00",
    "%ff%fe",
    "%0d%0aX-Y:%20z",
    "%3Cscript%3E",
    quote("Ж" * 900),
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_silence_that_is_not_there_is_not_ended(site: Site, name: str) -> None:
    told = await site.ask(f"/api/v1/silences/{name}", "DELETE")
    told.refused(404)
    assert "X-Y" not in told.headers


# --- dead letters ------------------------------------------------------------------------------------------


@asynccontextmanager
async def with_a_dead_letter() -> AsyncIterator[tuple[Site, Receiver, dict[str, Any]]]:
    async with receiving() as receiver:
        receiver.then(answer(410))
        hook = {"id": "ops", "url": receiver.url, "headers": {"X-Token": "hunter-two"}}
        async with served(LUNCH, webhooks=[hook]) as site:
            site.centre.pause(1)
            await until(site.alerts.dead_letters, "the notification is given up")
            [letter] = await site.get("/api/v1/webhooks/dead-letters")
            yield site, receiver, letter


async def test_a_dead_letter_is_listed_with_its_alerts_and_without_secrets() -> None:
    async with with_a_dead_letter() as (site, receiver, letter):
        assert (letter["webhook"], letter["attempts"]) == ("ops", 1)
        assert letter["id"] == receiver.ids[0]
        assert [alert["rule"] for alert in letter["alerts"]] == ["lunch"]
        assert "410" in letter["reason"]
        [status] = await site.get("/api/v1/webhooks")
        assert (status["id"], status["dead"], status["dropped"], status["delivered"]) == ("ops", 1, 1, 0)
        for path in ("/api/v1/webhooks", "/api/v1/webhooks/dead-letters", "/metrics"):
            body = (await site.ask(path)).body
            assert b"hunter-two" not in body
            assert str(receiver.port).encode() not in body


async def test_a_dead_letter_is_replayed_under_its_id() -> None:
    async with with_a_dead_letter() as (site, receiver, letter):
        receiver.then(answer(204))
        asked = {"webhook": "ops", "id": letter["id"]}
        told = await site.post("/api/v1/webhooks/replay", asked)
        assert (told.status, told.json) == (200, {"status": "queued"})
        await until(lambda: len(receiver.requests) == 2, "it is sent again")
        assert receiver.ids == [letter["id"]] * 2
        assert await site.get("/api/v1/webhooks/dead-letters") == []
        (await site.post("/api/v1/webhooks/replay", asked)).refused(404)


@pytest.mark.parametrize(
    "change", [{"webhook": "none"}, {"id": "none"}, {"id": "../ops"}, {"webhook": "\x00"}]
)
async def test_a_dead_letter_that_is_not_there_is_not_replayed(change: dict[str, str]) -> None:
    async with with_a_dead_letter() as (site, receiver, letter):
        asked = {"webhook": "ops", "id": letter["id"]} | change
        (await site.post("/api/v1/webhooks/replay", asked)).refused(404)
        assert len(await site.get("/api/v1/webhooks/dead-letters")) == 1
        assert len(receiver.requests) == 1


# --- reload ------------------------------------------------------------------------------------------------


async def test_a_reload_tells_how_much_holds_now(site: Site) -> None:
    told = await site.post("/api/v1/alerts/reload", {})
    assert (told.status, told.json) == (200, {"rules": 3, "webhooks": 1, "waiting_for_restart": ["day"]})
    (await site.post("/api/v1/alerts/reload", {"rules": []})).refused(400)
    assert site.reloads == 1


async def test_a_configuration_that_is_not_taken_over_is_a_409_with_the_reasons(site: Site) -> None:
    site.reasons = ["monitor.yaml:5:9: alerts.rules[0].when: no such field", "another"]
    told = await site.post("/api/v1/alerts/reload", {})
    told.refused(409)
    assert told.json["reasons"] == site.reasons


# --- what is refused everywhere ------------------------------------------------------------------------------

POSTS = [route.path for route in ROUTES if route.method == "POST"]
NO_JSON = {
    "nothing": b"",
    "half of it": b'{"by":',
    "more than it": b"{} {}",
    "a list": b"[]",
    "null": b"null",
    "a number too long": b'{"until":1e999999}',
    "deep nesting": b'{"matchers":' * 5_000,
    "deep lists": b"[" * 60_000,
    "no UTF-8": b'{"by":"\xff\xfe"}',
    "half a surrogate": b'{"by":"\\ud800"}',
    "not a number": b'{"until":NaN}',
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
@pytest.mark.parametrize("path", POSTS)
async def test_what_is_no_such_json_is_a_400_that_says_where(site: Site, path: str, body: bytes) -> None:
    (await site.post(path, body)).refused(400)
    assert (site.reloads, site.alerts.silences) == (0, {})


TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    "json",
    "a/b/c",
]


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("path", POSTS)
async def test_what_is_not_sent_as_json_is_refused(site: Site, path: str, type_: str) -> None:
    """A page of any site can make a browser send these types without asking."""
    told = await site.post(path, b"{}", {"Content-Type": type_})
    assert "application/json" in told.refused(415)
    assert site.reloads == 0


async def test_json_may_name_its_charset(site: Site) -> None:
    type_ = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await site.post("/api/v1/alerts/reload", b"{}", type_)).status == 200


ELSEWHERE = [
    "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "null", "", "http://", "http://[",
    "127.0.0.1", "http://{host}.evil.example", "http://{host}@evil.example", "http://evil.example/{host}", "x://y://{host}",
]  # fmt: skip
CHANGES = [(route.path.replace("{id}", "x"), route.method) for route in ROUTES if route.method != "GET"]


@pytest.mark.parametrize("origin", ELSEWHERE)
@pytest.mark.parametrize(("path", "method"), CHANGES)
async def test_pages_of_other_sites_change_nothing(site: Site, path: str, method: str, origin: str) -> None:
    said = origin.replace("{host}", site.server.url.removeprefix("http://"))
    told = await site.ask(path, method, {}, {"Origin": said})
    told.refused(403)
    assert site.reloads == 0
    assert not [name for name in told.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_our_own_page_may_change_something(site: Site, scheme: str) -> None:
    """Also where a proxy speaks TLS for us."""
    own = {"Origin": site.server.url.replace("http", scheme)}
    assert (await site.post("/api/v1/alerts/reload", {}, own)).status == 200
    named = {"Origin": f"{scheme}://LocalHost:99", "Host": "localhost:99"}
    assert (await site.post("/api/v1/alerts/reload", {}, named)).status == 200


@pytest.mark.parametrize(("path", "method"), CHANGES)
async def test_a_browser_that_asks_first_is_not_allowed_it(site: Site, path: str, method: str) -> None:
    asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": method}
    told = await site.ask(path, "OPTIONS", headers=asks)
    told.refused(405)
    assert not [name for name in told.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(("path", "method"), CHANGES)
async def test_a_strangers_name_that_leads_here_changes_nothing(site: Site, path: str, method: str) -> None:
    """DNS rebinding: to the browser it is one site."""
    named = {"Host": "rebound.example", "Origin": "http://rebound.example"}
    (await site.ask(path, method, {}, named)).refused(421)
    assert site.reloads == 0


METHODS = {
    "/api/v1/alerts": "GET HEAD",
    "/api/v1/alerts/history": "GET HEAD",
    "/api/v1/alerts/acknowledge": "POST",
    "/api/v1/alerts/reload": "POST",
    "/api/v1/silences": "GET HEAD POST",
    "/api/v1/silences/x": "DELETE",
    "/api/v1/webhooks": "GET HEAD",
    "/api/v1/webhooks/dead-letters": "GET HEAD",
    "/api/v1/webhooks/replay": "POST",
    "/api/v1/service": "GET HEAD",
}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", METHODS)
async def test_other_methods_are_a_405_that_says_which_are_offered(
    site: Site, path: str, method: str
) -> None:
    offered = METHODS[path].split()
    told = await site.ask(path, method)
    if method in offered:
        assert told.status != 405
        return
    assert told.status == 405
    assert sorted(told.headers["Allow"].split(",")) == offered
    if method != "HEAD":
        assert method in told.refused(405)


@pytest.mark.parametrize("path", [path for path, offered in METHODS.items() if "HEAD" in offered])
async def test_head_gives_the_headers_of_get(site: Site, path: str) -> None:
    head, get = await site.ask(path, "HEAD"), await site.ask(path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize(
    "path", ["/api/v1/alerts/x", "/api/v1/silences/", "/api/v1/silences/x/y", "/api/v1/webhooks/ops"]
)
async def test_what_is_not_there_is_a_404(site: Site, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        (await site.ask(path, method)).refused(404)


# --- bodies that don't come ----------------------------------------------------------------------------------

HEAD = b"POST /api/v1/alerts/reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


async def test_a_huge_body_is_cut_off_and_costs_nobody_else_anything(site: Site) -> None:
    try:
        told = await site.post("/api/v1/silences", silencing(why="x" * 900_000))
    except (aiohttp.ClientError, ConnectionError):
        pass
    else:
        assert told.status in (400, 413)
    assert await site.get("/api/v1/silences") == []


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nno chunk",
    ],
    ids=["nothing", "half", "a chunk", "a chunk and garbage"],
)
async def test_a_body_that_never_comes_keeps_no_place(
    site: Site, part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    writer.write(HEAD + part)
    async with asyncio.timeout(10):
        answered = await reader.read()
    writer.close()
    assert b" 200 " not in answered
    assert site.reloads == 0


async def test_a_request_with_a_body_has_all_the_time_that_its_answer_takes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.05)

    async def slowly() -> Reloaded:
        await asyncio.sleep(0.2)  # much more than a request has to arrive
        return Reloaded(rules=0, webhooks=0)

    monkeypatch.setattr(site.server._alert_handlers, "_reload", slowly)
    assert (await site.post("/api/v1/alerts/reload", {})).status == 200


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_defect(site: Site) -> None:
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{")
        await until(lambda: len(site.server._door) == 1, "it is in")
        writer.close()
        await until(lambda: not len(site.server._door), "it is out")
        assert (await site.post("/api/v1/alerts/reload", {})).status == 200
    assert logs == []


# --- the description -----------------------------------------------------------------------------------------


def assert_described(value: Any, schema: Any, schemas: dict[str, Any], where: str = "answer") -> None:
    """Check a value against the parts of JSON schema that the document uses; others are an error."""
    schema = dict(schema)
    for note in ("title", "description", "default"):
        schema.pop(note, None)
    if "$ref" in schema:
        assert_described(value, schemas[schema.pop("$ref").rpartition("/")[2]], schemas, where)
    if "anyOf" in schema:
        problems = []
        for choice in schema.pop("anyOf"):
            try:
                assert_described(value, choice, schemas, where)
                break
            except AssertionError as problem:
                problems.append(str(problem))
        else:
            raise AssertionError(problems)
    if "enum" in schema:
        assert value in schema.pop("enum"), where
    kind = schema.pop("type", None)
    if kind == "object":
        assert isinstance(value, dict), where
        named = schema.pop("properties", {})
        assert set(schema.pop("required", ())) <= set(value), where
        rest = schema.pop("additionalProperties", not named)
        for key, one in value.items():
            if key in named:
                assert_described(one, named[key], schemas, f"{where}.{key}")
            else:
                assert rest is not False, f"{where}.{key} is not described"
                if isinstance(rest, dict):
                    assert_described(one, rest, schemas, f"{where}.{key}")
    elif kind == "array":
        assert isinstance(value, list), where
        for number, one in enumerate(value):
            assert_described(one, schema.get("items", {}), schemas, f"{where}[{number}]")
        schema.pop("items", None)
    elif kind is not None:
        expected = {
            "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": types.NoneType,
        }[kind]  # fmt: skip
        assert isinstance(value, typing.cast(Any, expected)), f"{where}: {value!r} is no {kind}"
        assert kind == "boolean" or not isinstance(value, bool), where
    assert not schema, f"{where}: not understood: {schema}"


async def test_answers_are_as_the_description_says() -> None:
    async with with_a_dead_letter() as (site, _, letter):
        described = await site_description(site)
        paths, schemas = described["paths"], described["components"]["schemas"]
        site.centre.pause(2).pause(3)
        await site.shown(3)
        site.centre.unpause(3)
        alerts = await site.shown(2)
        until_ = site.centre.at + 60
        asked: dict[str, list[object]] = {
            "/api/v1/alerts/acknowledge": [{"id": alerts[0]["id"], "by": "A"}, {"id": "x", "by": "A"}, {}],
            "/api/v1/silences": [silencing(until=until_), silencing(until=5)],
            "/api/v1/alerts/reload": [{}, {"x": 1}],
            "/api/v1/webhooks/replay": [{"webhook": "ops", "id": letter["id"]}, {"webhook": "x", "id": "y"}],
        }
        seen = 0
        for path, item in paths.items():
            if not path.startswith("/api/v1/") or "{id}" in path:
                continue
            for method, operation in item.items():
                for body in asked[path] if method == "post" else [None]:
                    told = await site.ask(path, method.upper(), body)
                    content = operation["responses"][str(told.status)]["content"]
                    [(media_type, entry)] = content.items()
                    assert told.headers["Content-Type"].startswith(media_type)
                    assert_described(told.json, entry["schema"], schemas, f"{method} {path}")
                    seen += 1
        assert seen >= 20
        [past] = await site.get("/api/v1/alerts/history")
        assert msgspec.convert(past, Alert).subject == "pbx1/a3"


async def site_description(site: Site) -> dict[str, Any]:
    told = await site.ask("/api/openapi.json")
    described: dict[str, Any] = told.json
    return described


async def test_what_the_description_demands_of_a_silence_is_what_is_demanded(site: Site) -> None:
    described = (await site_description(site))["components"]["schemas"]["NewSilence"]
    matchers = described["properties"]["matchers"]
    assert (matchers["minProperties"], matchers["maxProperties"]) == (1, 10)
    assert described["properties"]["by"]["maxLength"] == 200
    assert described["additionalProperties"] is False
    assert math.isclose(len(described["required"]), 3)
