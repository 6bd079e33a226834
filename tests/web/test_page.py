"""The page in a real browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from monitor import events
from monitor.feed import Feed, messages
from monitor.feed import server as feed_module
from monitor.web import WebServer
from tests.helpers.centre import Centre
from tests.helpers.publishing import WALLBOARD, FeedOptions, HttpOptions, alerts_of, metrics_of, until

pytestmark = pytest.mark.servers
expect.set_options(timeout=20_000)  # a busy machine draws late

OVERVIEW, AGENTS = "?lang=en", "?lang=en&view=agents"
LIVE, STALE, LOST = ("[data-connection=live]", "[data-connection=stale]", "[data-connection=lost]")


class Wall:
    """A centre, its publishers and a browser."""

    def __init__(self, browser: Browser, centre: Centre) -> None:
        self.browser = browser
        self.centre = centre
        self.feed_options = FeedOptions()
        self.feed = self.new_feed("e1")
        self.web = WebServer(
            centre.picture,
            HttpOptions(),
            now=centre.now,
            feed=self.feed,
            metrics=metrics_of(centre.picture, self.feed, centre.now),
            wallboard=WALLBOARD,
            alerts=alerts_of(centre.picture, centre.now),
        )
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def new_feed(self, epoch: str) -> Feed:
        """Another run of the feed, on the port that the first one took."""
        feed = Feed(self.centre.picture, self.feed_options, now=self.centre.now, epoch=epoch)
        self.centre.publish = feed.publish
        return feed

    async def open(self, query: str = "", before: str | None = None, **context: Any) -> Page:
        """Open the page and wait until it is live. ``before``: a time for the browser's own clock."""
        page = await (await self.browser.new_context(**context)).new_page()
        page.set_default_timeout(20_000)
        if before is not None:
            await page.clock.install(time=before)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )
        await page.goto(f"{self.web.url}/{query}")
        await page.wait_for_selector(LIVE)
        return page


@asynccontextmanager
async def wall_of(browser: Browser, centre: Centre) -> AsyncIterator[Wall]:
    wall = Wall(browser, centre)
    await wall.feed.start()
    wall.feed_options.port = wall.feed.port
    await wall.web.start()
    try:
        yield wall
    finally:
        for context in browser.contexts:
            await context.close()
        await wall.web.stop()
        await wall.feed.stop()


@pytest.fixture
async def wall(browser: Browser) -> AsyncIterator[Wall]:
    async with wall_of(browser, Centre(names=["Anna", "Boris", "Clara", "Жанна"]).up()) as wall:
        yield wall


def tile(page: Page, name: str) -> Any:
    return page.locator(f'[data-agent="pbx1/{name}"]')


def at_least(least: int) -> re.Pattern[str]:
    """A running time that has reached so many seconds, and not more than a busy machine needs to look at it."""
    times = (f"{total // 60}:{total % 60:02}" for total in range(least, least + 60))
    return re.compile(f"^(?:{'|'.join(times)})$")


def seconds(shown: str | None) -> int:
    minutes, _, rest = (shown or "").partition(":")
    return int(minutes) * 60 + int(rest)


def row(page: Page, name: str) -> Any:
    return page.locator(f'[data-queue="pbx1/{name}"]')


async def test_there_is_a_tile_per_agent(wall: Wall) -> None:
    wall.centre.talks("c1", 0).pause(1, "lunch").passes(65)
    page = await wall.open(AGENTS)
    await expect(page.locator("[data-agent]")).to_have_count(4)
    anna = tile(page, "Anna")
    await expect(anna).to_have_attribute("data-state", "talking")
    for text in ("Anna", "Talking", "sales", "+7495*****67"):
        await expect(anna).to_contain_text(text)
    await expect(anna.locator(".time")).to_have_text(at_least(65))
    boris = tile(page, "Boris")
    await expect(boris).to_have_attribute("data-state", "paused")
    await expect(boris).to_contain_text("lunch")


async def test_changes_appear_without_a_reload_and_a_card_per_queue_sums_them_up(wall: Wall) -> None:
    page = await wall.open(AGENTS)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "available")
    wall.centre.talks("c1", 0)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "talking")
    wall.centre.hangs_up("c1", 0)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "wrap_up")
    await page.get_by_role("link", name="Overview").click()
    await expect(page.locator("[data-queue]")).to_have_count(2)
    sales = row(page, "sales")
    await expect(sales.locator(".service .value")).to_have_text("100%")
    await expect(sales.locator(".service .note")).to_have_text("target 80% in 20 s")
    await expect(sales.locator(".service")).to_have_attribute("title", "1 of 1 within 20 s")
    await expect(sales.locator(".answered .value")).to_have_text("1")
    await page.get_by_role("link", name="Agents").click()
    wall.centre.sign_on(0, "support").sign_off(0).sign_off(0, "support")
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "offline")


async def test_waiting_callers_are_counted_and_their_wait_ticks(wall: Wall) -> None:
    page = await wall.open(OVERVIEW)
    waiting, longest = (row(page, "sales").locator(f".{name} .value") for name in ("waiting", "longest"))
    await expect(longest).to_have_text("\u2013")
    wall.centre.joins("c1").joins("c2").passes(30)
    await expect(waiting).to_have_text("2")
    await expect(longest).to_have_text(at_least(30))
    seen = seconds(await longest.text_content())
    await expect(longest).to_have_text(at_least(seen + 2))
    wall.centre.leaves("c1")
    await expect(waiting).to_have_text("1")


async def test_what_waits_too_long_gets_another_level_by_itself(wall: Wall) -> None:
    page = await wall.open(OVERVIEW)
    longest = row(page, "sales").locator(".longest")
    await expect(longest).to_have_attribute("data-level", "ok")
    wall.centre.joins("c1").passes(18)
    await expect(longest).to_have_attribute("data-level", "warning")
    await expect(longest).to_contain_text("(warning)")
    wall.centre.joins("c2").passes(30)
    await expect(longest).to_have_attribute("data-level", "critical")
    await expect(row(page, "sales")).to_have_attribute("data-level", "critical")


async def test_a_wrong_clock_in_the_browser_does_not_matter(wall: Wall) -> None:
    wall.centre.passes(125)
    page = await wall.open(AGENTS, before="2001-01-01T00:00:00Z")
    time = tile(page, "Anna").locator(".time")
    await expect(time).to_have_text(at_least(125))
    seen = seconds(await time.text_content())
    await page.clock.fast_forward(3_000)
    await expect(time).to_have_text(at_least(seen + 3))


@pytest.mark.parametrize(
    ("query", "locale", "language", "word"),
    [
        ("", "ru-RU", "ru", "Свободен"),
        ("", "en-GB", "en", "Available"),
        ("", "de-DE", "en", "Available"),
        ("?lang=ru", "en-GB", "ru", "Свободен"),
        ("?lang=en", "ru-RU", "en", "Available"),
        ("?lang=xx", "ru-RU", "ru", "Свободен"),
    ],
)
async def test_the_language_is_the_one_asked_for_else_the_browsers(
    wall: Wall, query: str, locale: str, language: str, word: str
) -> None:
    page = await wall.open(query + ("&" if query else "?") + "view=agents", locale=locale)
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await expect(tile(page, "Anna")).to_contain_text(word)


async def test_a_lost_source_is_said_and_its_agents_are_unknown(wall: Wall) -> None:
    wall.centre.talks("c1", 0).joins("c2")
    page = await wall.open(AGENTS)
    await expect(page.locator("[data-source]")).to_be_hidden()
    wall.centre.lost(reason="nothing heard for 4 s")
    await expect(page.locator('[data-source="pbx1"]')).to_contain_text("nothing heard for 4 s")
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "unknown")
    await expect(tile(page, "Anna")).to_contain_text("was: talking")
    await expect(page.locator("main")).to_have_attribute("data-truth", "lost")
    await page.get_by_role("link", name="Overview").click()
    await expect(row(page, "sales")).to_have_attribute("data-truth", "lost")
    stood = await row(page, "sales").locator(".longest .value").text_content()
    wall.centre.passes(5)
    assert await row(page, "sales").locator(".longest .value").text_content() == stood
    wall.centre.up()
    await expect(page.locator("[data-source]")).to_be_hidden()
    await expect(page.locator("main")).to_have_attribute("data-truth", "live")
    await expect(row(page, "sales")).to_have_attribute("data-truth", "live")


async def test_a_lost_connection_is_said_with_the_time_of_the_last_truth_and_found_again(wall: Wall) -> None:
    page = await wall.open(AGENTS, timezone_id="UTC")
    truth = await page.evaluate("at => new Date(at * 1000).toISOString().slice(11, 19)", wall.centre.at)
    await wall.feed.stop()
    status = page.locator(LOST)
    await expect(status).to_be_visible()
    await expect(status).to_have_attribute("role", "status")
    await expect(status).to_contain_text(truth)
    await expect(page.locator(".band")).to_contain_text(f"Last true at {truth}")
    await expect(page.locator("main")).to_have_attribute("data-truth", "lost")
    wall.centre.pause(0, "lunch")
    await wall.feed.start()
    await page.wait_for_selector(LIVE)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "paused")


async def test_a_dropped_connection_is_resumed_where_it_stopped(wall: Wall) -> None:
    page = await wall.open(AGENTS)
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    received: list[str] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(str(frame)[:20]))
    )
    for client in wall.feed._clients:
        client.connection.transport.abort()
    wall.centre.pause(0)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "paused")
    assert '"epoch":"e1"' in sent[0]
    assert received[0].startswith('{"type":"delta"')


async def test_another_run_of_the_service_begins_anew(wall: Wall) -> None:
    page = await wall.open(AGENTS)
    await wall.feed.stop()
    wall.centre.sign_off(3)
    wall.feed = wall.new_feed("e2")
    await wall.feed.start()
    await page.wait_for_selector(LIVE)
    wall.centre.pause(0)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "paused")


async def test_silence_is_called_stale_and_what_runs_stands_still(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "HEARTBEAT_SECONDS", 3_600.0)
    page = await wall.open(AGENTS, before="2026-11-24T00:00:00Z", timezone_id="UTC")
    await page.clock.fast_forward(9_000)
    await expect(page.locator(LIVE)).to_be_visible()
    await page.clock.fast_forward(2_000)
    status = page.locator(STALE)
    await expect(status).to_be_visible()
    await expect(page.locator(".band")).to_contain_text("Nothing heard from the server")
    await expect(page.locator("main")).to_have_attribute("data-truth", "stale")
    stood = await tile(page, "Anna").locator(".time").text_content()
    await page.clock.fast_forward(2_000)
    assert await tile(page, "Anna").locator(".time").text_content() == stood
    wall.centre.pause(1)
    await expect(page.locator(LIVE)).to_be_visible()


async def test_a_connection_that_stays_silent_is_replaced(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "HEARTBEAT_SECONDS", 3_600.0)
    page = await wall.open(AGENTS, before="2026-11-24T00:00:00Z")
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    await page.clock.fast_forward(11_000)
    await page.clock.fast_forward(6_000)
    for _ in range(100):
        await page.clock.fast_forward(1_000)
        if sockets:
            break
        await asyncio.sleep(0.05)
    await page.wait_for_selector(LIVE)
    assert sockets


async def test_a_gap_is_noticed_and_mended(wall: Wall) -> None:
    page = await wall.open(AGENTS)
    await until(lambda: wall.feed._rooms, "the page is live")
    wall.centre.publish = None
    wall.centre.pause(0)  # the page is not told
    wall.centre.publish = wall.feed.publish
    [view] = wall.feed._rooms
    false = messages.delta(
        "e1", 998, 999, wall.centre.at, objects={"agents": [], "queues": [], "sources": []}, removed={}
    )
    wall.feed._send(view, false, view.seq)
    await expect(tile(page, "Anna")).to_have_attribute("data-state", "paused")


async def test_nothing_is_asked_from_anywhere_else_and_nothing_is_complained_about(wall: Wall) -> None:
    page = await wall.open("?lang=ru&view=agents")
    await expect(page.locator("[data-agent]")).to_have_count(4)
    assert wall.requests
    assert {url.split("/")[2].split(":")[0] for url in wall.requests} == {"127.0.0.1"}
    assert wall.complaints == []


async def test_filters_are_written_into_the_address_and_reset(wall: Wall) -> None:
    wall.centre.pause(0, "lunch")
    page = await wall.open(AGENTS)
    await page.get_by_role("button", name="Paused").click()
    await expect(page.locator("[data-agent]")).to_have_count(1)
    await expect(page).to_have_url(re.compile("state=paused"))
    await page.get_by_label("Queue").select_option(label="support")
    await expect(page).to_have_url(re.compile("queues=support"))
    wall.centre.unpause(0)
    await expect(page.locator("[data-agent]")).to_have_count(0)
    await expect(page.locator(".empty")).to_contain_text("Queue: support · State: Paused")
    await page.locator(".empty").get_by_role("button", name="Reset filters").click()
    await expect(page.locator("[data-agent]")).to_have_count(4)
    await page.go_back()
    await expect(page.locator(".empty")).to_be_visible()


async def test_a_tile_leads_to_the_agents_own_page_with_the_day_and_why(wall: Wall) -> None:
    wall.centre.pause(0, "lunch")
    page = await wall.open(AGENTS)
    await tile(page, "Anna").click()
    await expect(page).to_have_url(re.compile("agent=pbx1/Anna"))
    await expect(page.locator(".why")).to_contain_text("The agent is paused and takes no calls.")
    rows = page.locator(".spans tbody tr")
    await expect(rows.first).to_contain_text("lunch")
    wall.centre.unpause(0)
    await expect(page.locator(".agenthead")).to_have_attribute("data-state", "available")
    await expect(rows.first).to_contain_text("Available")
    await page.get_by_role("slider").press("Home")
    await page.get_by_role("link", name="All agents").click()
    await expect(page.locator("[data-agent]")).to_have_count(4)
    assert wall.complaints == []


async def test_an_agent_who_is_not_there_is_said_with_a_way_back(wall: Wall) -> None:
    page = await wall.open("?lang=en&agent=pbx1/Nobody")
    await expect(page.locator("main")).to_contain_text("There is no agent pbx1/Nobody")
    await page.get_by_role("link", name="All agents").click()
    await expect(page.locator("[data-agent]")).to_have_count(4)


async def test_callers_who_wait_are_listed_by_how_long_and_nobody_is_good_news(wall: Wall) -> None:
    wall.centre.joins("c1").passes(65).joins("c2", "support")
    page = await wall.open("?lang=en&view=waiting")
    callers = page.locator("[data-call]")
    await expect(callers).to_have_count(2)
    await expect(page.get_by_role("heading", name="2 callers wait")).to_be_visible()
    for text in ("sales", "#1", "+7495*****67", "(critical)"):
        await expect(callers.first).to_contain_text(text)
    await expect(callers.first).to_have_attribute("data-level", "critical")
    await expect(callers.first.locator(".time")).to_have_text(at_least(65))
    await expect(callers.last).to_contain_text("support")
    await expect(callers.last).to_have_attribute("data-level", "ok")
    wall.centre.leaves("c1").leaves("c2", queue="support")
    await expect(page.locator("main")).to_contain_text("Nobody is waiting")
    wall.centre.lost()
    await expect(page.locator("main")).to_contain_text("not known")


async def test_a_television_goes_from_view_to_view_without_controls_and_can_be_left(wall: Wall) -> None:
    page = await wall.open("?lang=en&view=agents&tv&views=agents,waiting&every=5")
    await expect(page.get_by_role("status")).to_have_text("Live")
    await expect(page.locator("[data-agent]")).to_have_count(4)
    await expect(page.locator("a, button")).to_have_count(0)
    assert await page.evaluate("getComputedStyle(document.body).cursor") == "none"
    assert await page.evaluate(
        "document.scrollingElement.scrollHeight <= innerHeight && document.scrollingElement.scrollWidth <= innerWidth"
    )
    await expect(page.locator(".calm")).to_be_visible()
    await expect(page.locator("[data-agent]")).to_have_count(4)
    await page.keyboard.press("Space")
    await expect(page.locator(".tour")).to_contain_text("Paused")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(".calm")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    assert page.url.endswith("/?view=waiting&lang=en&views=agents,waiting&every=5")


async def test_a_television_shows_page_by_page_what_does_not_fit(browser: Browser) -> None:
    async with wall_of(browser, Centre(agents=300).up()) as wall:
        page = await wall.open(
            "?lang=en&tv&views=agents&every=5", viewport={"width": 900, "height": 500}, color_scheme="dark"
        )
        await expect(page.locator(".tour")).to_contain_text("1 of")
        seen = set()
        pages = int((await page.locator(".tour .page").inner_text()).split()[-1])
        await page.keyboard.press("Space")
        for number in range(pages):
            await expect(page.locator(".tour")).to_contain_text(f"{number + 1} of {pages}")
            seen |= set(
                await page.locator("[data-agent]").evaluate_all("all => all.map(a => a.dataset.agent)")
            )
            await page.keyboard.press("ArrowRight")
        assert len(seen) == 300


ALERT = (
    b'{"id":"%b","rule":"r","severity":"%b","state":"firing","since":%d,"labels":{},"summary":"%b","value":5,'
    b'"subject":"s","summaries":{},"acknowledged":null,"silenced":null,"inhibited":false}'
)


async def test_alerts_that_fire_are_called_out_and_go_when_they_are_over(wall: Wall) -> None:
    page = await wall.open("?lang=en&tv")
    await until(lambda: wall.feed._rooms, "the page is live")
    [view] = wall.feed._rooms
    at = int(wall.centre.at)
    fired = [
        ALERT % (b"a", b"critical", at, b"5 callers wait"),
        ALERT % (b"b", b"warning", at - 65, b"Slow <b>"),
    ]
    wall.feed._send(
        view,
        messages.delta("e1", view.seq, view.seq, at, objects={"alerts": fired}, removed={}),
        view.seq,
    )
    ribbon = page.get_by_role("region", name="Alerts")
    await expect(ribbon.get_by_role("listitem")).to_have_count(2)
    await expect(ribbon.get_by_role("listitem").first).to_contain_text("Critical")
    await expect(ribbon.locator("[data-alert=b] .time")).to_have_text(at_least(65))
    await expect(page.get_by_role("alert")).to_have_text("Critical: 5 callers wait. Warning: Slow <b>")
    wall.feed._send(
        view,
        messages.delta("e1", view.seq, view.seq, at, objects={"alerts": []}, removed={"alerts": ["a", "b"]}),
        view.seq,
    )
    await expect(ribbon).to_have_count(0)


async def test_a_source_without_queues_shows_its_people_at_once(browser: Browser) -> None:
    centre = Centre(queues=())
    places = tuple(
        events.EndpointFacts(endpoint=f"sip:{name}@pbx.example.org", name=name, state=state)
        for name, state in (("101", "idle"), ("102", "unavailable"), ("103", "unknown"))
    )
    centre.tell(events.SourceConnected).tell(
        events.Snapshot,
        taken_at=centre.at,
        endpoints=places,
        complete_endpoints=True,
        legs=(),
        work="endpoints",
    )
    async with wall_of(browser, centre) as wall:
        page = await wall.open()
        for name, state in (("101", "available"), ("102", "offline"), ("103", "unknown")):
            await expect(tile(page, name)).to_have_attribute("data-state", state)
        leg = {"leg": "a", "call": "a"}
        centre.tell(
            events.LegStarted, endpoint=places[0].endpoint, direction="inbound", party="+74951234567", **leg
        )
        centre.tell(events.LegAnswered, leg="a")
        await expect(tile(page, "101")).to_have_attribute("data-state", "talking")
        await expect(tile(page, "101")).to_contain_text("+7495*****67")
        await expect(tile(page, "101").locator(".today")).to_contain_text("1 Answered")
        centre.tell(events.PresenceChanged, endpoint=places[0].endpoint, presence="paused", reason="lunch")
        await expect(tile(page, "101").locator(".pausemark")).to_contain_text("lunch")
        await page.goto(f"{wall.web.url}/?agent=pbx1/103&lang=en")
        await expect(page.get_by_text("Nothing is known of the agent's phones at present.")).to_be_visible()


async def test_names_are_text_whatever_they_contain(browser: Browser) -> None:
    hostile = '<img src=x onerror="document.title=1">'
    async with wall_of(browser, Centre(names=[hostile, "a\"]'b", "\u202eevil"]).up()) as wall:
        page = await wall.open(AGENTS)
        await expect(page.locator("[data-agent]").filter(has_text=hostile)).to_have_count(1)
        await expect(page.locator("main img")).to_have_count(0)
        wall.centre.pause(1, "<b>bold</b>")
        await expect(page.locator("[data-state=paused].tile")).to_contain_text("<b>bold</b>")
        assert wall.complaints == []


async def test_a_change_of_one_among_500_touches_its_own_tile_alone(browser: Browser) -> None:
    async with wall_of(browser, Centre(agents=500).up()) as wall:
        page = await wall.open(AGENTS + "&sort=name")
        await expect(page.locator("[data-agent]")).to_have_count(500)
        await page.evaluate(
            """() => {
                window.touched = new Set();
                new MutationObserver((records) => {
                    for (const record of records) {
                        const node = record.target.nodeType === 1 ? record.target : record.target.parentElement;
                        const tile = node && node.closest("[data-agent]");
                        if (tile && !node.classList.contains("time")) window.touched.add(tile.dataset.agent);
                        if (!tile && node && node.matches(".agents")) window.touched.add("the list");
                    }
                }).observe(document.querySelector(".agents"),
                    {subtree: true, childList: true, attributes: true, characterData: true});
            }"""
        )
        wall.centre.pause(77)
        await expect(tile(page, "a77")).to_have_attribute("data-state", "paused")
        assert await page.evaluate("[...window.touched]") == ["pbx1/a77"]


async def test_everything_that_can_be_used_is_reached_by_keyboard(wall: Wall) -> None:
    page = await wall.open(OVERVIEW)
    reached = []
    for _ in range(8):
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
            )
        )
    sound = "Sound for alerts is off: turn it on"
    assert reached == ["Overview", "Agents", "Callers waiting", "EN", "RU", "Dark theme", sound, "TV mode"]
    for _ in range(3):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("html[lang=ru]")
    assert page.url.endswith("/?lang=ru")


async def test_back_goes_to_the_view_before_without_a_reload(wall: Wall) -> None:
    page = await wall.open(OVERVIEW)
    await page.evaluate("window.same = true")
    await page.get_by_role("link", name="Agents").click()
    await expect(page.locator("[data-agent]")).to_have_count(4)
    await page.get_by_role("link", name="Dark theme").click()
    await page.go_back()
    await expect(page.locator("[data-queue]")).to_have_count(2)
    assert await page.evaluate("window.same") is True


async def test_wrong_values_in_the_address_are_said_in_one_line_that_can_be_closed(wall: Wall) -> None:
    page = await wall.open("?lang=en&view=nowhere&sort=size")
    notice = page.locator(".notice")
    await expect(notice).to_contain_text("view=nowhere, sort=size")
    await expect(page.locator("[data-queue]")).to_have_count(2)
    await notice.get_by_role("button", name="Close").click()
    await expect(notice).to_have_count(0)
    await page.goto(f"{wall.web.url}/?lang=en&tv&sort=size")
    await page.wait_for_selector(LIVE)
    await expect(page.locator(".notice")).to_have_count(0)


async def test_the_theme_is_the_one_asked_for_else_the_browsers(wall: Wall) -> None:
    for query, scheme, theme in (
        ("", "light", "light"),
        ("", "dark", "dark"),
        ("?theme=dark", "light", "dark"),
    ):
        page = await wall.open(query, color_scheme=scheme)
        await expect(page.locator("html")).to_have_attribute("data-theme", theme)


CONTRASTS = """() => {
    const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = (element) => {
        for (let node = element; node; node = node.parentElement) {
            const colour = rgba(getComputedStyle(node).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.body.querySelectorAll("*")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility() || element.closest(".spoken")) continue;
        const style = getComputedStyle(element);
        const [a, b] = [luminance(rgba(style.color)), luminance(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) found.push(`${element.className} "${element.textContent}" ${contrast.toFixed(2)}`);
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_stands_out_from_its_ground_as_wcag_aa_wants(browser: Browser, scheme: Any) -> None:
    centre = Centre(agents=12, sources=("pbx1", "pbx2")).up("pbx1")
    centre.talks("c1", 0).pause(1).talks("c2", 2).pause(2).joins("c3").joins("c4").passes(30).leaves("c3")
    async with wall_of(browser, centre) as wall:
        page = await wall.open(AGENTS, color_scheme=scheme)
        await expect(page.locator("[data-agent]")).to_have_count(12)
        for state in (
            "available",
            "ringing",
            "dialing",
            "talking",
            "on_hold",
            "wrap_up",
            "paused",
            "offline",
            "unknown",
        ):
            await page.evaluate("state => { document.querySelector('.tile').dataset.state = state }", state)
            assert await page.evaluate(CONTRASTS) == [], state
        await page.get_by_role("link", name="Overview").click()
        await expect(page.locator("[data-queue]")).to_have_count(2)
        for level in ("ok", "warning", "critical"):
            await page.evaluate(
                "level => { for (const figure of document.querySelectorAll('.figure')) figure.dataset.level = level }",
                level,
            )
            assert await page.evaluate(CONTRASTS) == [], level
        await wall.feed.stop()
        await page.wait_for_selector(LOST)
        assert await page.evaluate(CONTRASTS) == []


async def test_the_pages_structure_can_be_read_aloud(wall: Wall) -> None:
    page = await wall.open(OVERVIEW)
    await expect(page.get_by_role("heading", name="Operator Monitor", level=1)).to_be_visible()
    await expect(page.get_by_role("heading", name="sales", level=2)).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("Live")
    await expect(page.get_by_role("main")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    await expect(page.get_by_role("term").filter(has_text="Service level")).to_have_count(2)
    await page.get_by_role("link", name="Agents").click()
    await expect(page.get_by_role("heading", name="4 agents")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="Anna")).to_contain_text("Available")


async def test_a_card_leads_to_its_queues_page_with_the_day_drawn_and_told(wall: Wall) -> None:
    wall.centre.talks("c1", 0).joins("c2")
    page = await wall.open(OVERVIEW)
    await row(page, "sales").get_by_role("link", name="sales").click()
    await expect(page.locator('.queuepage[data-queue="pbx1/sales"]')).to_be_visible()
    assert page.url.endswith("/?queue=pbx1/sales&lang=en")
    await expect(page.locator(".plot canvas")).to_have_count(4)
    members = page.get_by_role("region", name="Agents")
    await expect(members.get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_role("region", name="Waiting now").get_by_role("listitem")).to_have_count(1)
    calls = page.locator('[data-plot="calls"] [data-series="answered"] .reading')
    await expect(calls).to_have_text("1")
    wall.centre.talks("c3", 2)
    await expect(calls).to_have_text("2")
    await page.get_by_text("Hour by hour in numbers").click()
    await expect(page.locator(".inwords tbody tr")).to_have_count(1)
    await (
        page.get_by_role("link", name="Light theme").or_(page.get_by_role("link", name="Dark theme")).click()
    )
    await expect(page.locator(".plot canvas")).to_have_count(4)
    await members.get_by_role("link", name="Anna").click()
    assert "agent=pbx1/Anna" in page.url
    assert wall.complaints == []


async def test_a_queue_that_loses_customers_says_why_on_its_whole_card(wall: Wall) -> None:
    page = await wall.open(OVERVIEW)
    sales = row(page, "sales")
    for number in range(4):
        wall.centre.pause(number)
    await expect(sales.locator('.statebar [data-state="paused"]')).to_contain_text("2")
    assert await sales.get_attribute("data-alarm") is None
    wall.centre.joins("c1")
    await expect(sales).to_have_attribute("data-alarm", "absent")
    await expect(sales).to_contain_text("Nobody is signed on")
    await expect(row(page, "support")).not_to_have_attribute("data-alarm", re.compile("."))


async def test_a_queue_chosen_in_another_view_is_not_mistaken_for_all(wall: Wall) -> None:
    page = await wall.open(AGENTS)
    await page.get_by_label("Queue").select_option("sales")
    await page.get_by_role("link", name="Overview").click()
    await expect(page.locator("[data-queue]")).to_have_count(1)
    await expect(page.get_by_role("heading", name="Only sales")).to_be_visible()
    await page.get_by_role("link", name="All queues").click()
    await expect(page.locator("[data-queue]")).to_have_count(2)


@pytest.mark.parametrize("width", [320, 683, 720, 800])
async def test_nothing_to_choose_from_is_out_of_reach_on_a_narrow_or_magnified_page(
    wall: Wall, width: int
) -> None:
    page = await wall.open("?lang=ru&view=agents&queues=sales", viewport={"width": width, "height": 600})
    await expect(page.locator(".tile").first).to_be_visible()
    ends = await page.locator("header a, select, .reset").evaluate_all(
        "(found) => found.map((e) => e.getBoundingClientRect()).filter((r) => r.width > 0)"
        ".map(({ left, right }) => [left, right])"
    )
    assert len(ends) >= 10
    assert all(left >= 0 and right <= width for left, right in ends), ends


async def test_a_queue_page_says_what_it_cannot_show(wall: Wall) -> None:
    page = await wall.open("?lang=en&queue=pbx1/nowhere")
    await expect(page.locator("main")).to_contain_text("There is no queue pbx1/nowhere")
    await page.get_by_role("link", name="To the overview").click()
    await expect(page.locator("[data-queue]")).to_have_count(2)
    await page.route("**/history", lambda route: route.abort())
    await row(page, "sales").get_by_role("link", name="sales").click()
    failed = page.locator(".queueday .failed")
    await expect(failed).to_contain_text("can't be loaded")
    await page.unroute("**/history")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(failed).to_have_count(0)
    await expect(page.locator(".plot canvas")).to_have_count(4)
