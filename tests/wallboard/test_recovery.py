"""Loss and recovery: what is shown is true or said not to be, and comes back without a reload."""

from __future__ import annotations

import json
import re
import signal
import time
from typing import Any

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.wallboard.board import LIVE, LOST, STALE, Board
from tests.wallboard.conftest import Open
from tests.wallboard.room import CommandedRoom, ServedRoom, until

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]

AGENTS, OVERVIEW = "?view=agents&lang=en", "?lang=en"


async def looks_untrue(board: Board, truth: str) -> None:
    """The whole picture is grey, and a band says since when."""
    await expect(board.main).to_have_attribute("data-truth", truth)
    await expect(board.main).to_have_css("filter", re.compile(r"grayscale\(1\)"))
    await expect(board.page.locator(".band strong")).to_have_text(
        re.compile(r"^Last true at \d\d:\d\d:\d\d$")
    )


def time_of(band: str | None) -> float:
    """Return the time of day that a band tells, in seconds."""
    told = re.search(r"(\d\d):(\d\d):(\d\d)", band or "")
    assert told is not None
    hours, minutes, seconds = (int(part) for part in told.groups())
    return hours * 3600.0 + minutes * 60 + seconds


async def test_kill_9_of_the_service_is_survived_without_a_reload(
    commanded: CommandedRoom, open_: Open
) -> None:
    await commanded.talks("Anna", "sales")
    commanded.simulation.hang_up("Anna")
    board = await open_(commanded.url, AGENTS, before="2001-01-01T00:00:00Z")
    answered = board.tile("Anna").locator(".today span").first
    await expect(answered).to_contain_text("1")
    await expect(board.tiles).to_have_count(5)
    await board.mark()

    await commanded.kill()
    await expect(board.page.locator(LOST)).to_be_visible()
    await looks_untrue(board, "lost")
    await expect(board.tiles).to_have_count(5)
    stood = await board.page.locator(".time, .clock").all_text_contents()
    await board.page.clock.fast_forward(3_000)
    assert await board.page.locator(".time, .clock").all_text_contents() == stood

    commanded.simulation.pause("Boris", "lunch")
    await commanded.run()
    await expect(board.page.locator(LIVE)).to_be_visible()
    await expect(board.tile("Boris")).to_have_attribute("data-state", "paused")
    await expect(board.page.locator(".band")).to_have_count(0)
    await expect(board.main).to_have_attribute("data-truth", "live")
    await expect(answered).to_contain_text("1")
    for agent in await commanded.ask("/api/v1/agents"):
        await expect(board.tile(agent["name"])).to_have_attribute("data-state", agent["state"])
    assert await board.is_marked('[data-agent="pbx/Anna"]', '[data-agent="pbx/Boris"]')
    assert board.navigations == 1


async def test_a_server_that_falls_silent_is_called_stale_within_ten_seconds(
    commanded: CommandedRoom, open_: Open
) -> None:
    commanded.waits("sales")
    commanded.simulation.pause("Anna", "lunch")
    board = await open_(commanded.url, OVERVIEW)
    await expect(board.card("sales")).to_be_visible()
    await board.mark()
    stopped = time.time()
    commanded.tell(signal.SIGSTOP)
    try:
        await board.page.wait_for_selector(STALE)
        assert (
            time.time() - stopped < 10 + 5
        )  # the promise, and as much as a busy machine may need to draw it
        await looks_untrue(board, "stale")
        await expect(board.page.locator(".band")).to_contain_text("Nothing heard from the server")
        last_true = time_of(await board.page.locator(".band strong").text_content())
        assert -6 <= (last_true - stopped % 86_400 + 43_200) % 86_400 - 43_200 <= 1.5
        # a connection that stays dead is replaced: until then, for 5 s, nothing moved
        await board.page.wait_for_selector(LOST)
    finally:
        commanded.tell(signal.SIGCONT)
    await board.page.wait_for_selector(LIVE)
    await expect(board.page.locator(".band")).to_have_count(0)
    assert await board.is_marked('[data-queue="pbx/sales"]')
    history = await board.history()
    assert [entry["state"] for entry in history if entry["state"] != "lost"] == ["live", "stale", "live"]
    stale = next(entry for entry in history if entry["state"] == "stale")
    assert stale["moved"] == 0


async def test_a_pbx_that_goes_away_makes_its_agents_unknown_until_it_is_back(
    room: ServedRoom, open_: Open
) -> None:
    await room.scene()
    board = await open_(room.url, AGENTS)
    await expect(board.tile("Anna")).to_have_attribute("data-state", "talking")
    await board.mark()
    room.pbx_wire.stall()
    room.pbx_wire.cut()
    band = board.page.locator('[data-source="pbx"]')
    await expect(band).to_be_visible()
    for name in ("Anna", "Boris", "Clara", "Жанна", "Egor"):
        await expect(board.tile(name)).to_have_attribute("data-state", "unknown")
    await expect(board.tile("Anna")).to_contain_text("was: talking")
    await expect(board.main).to_have_attribute("data-truth", "lost")
    await expect(board.page.locator(LIVE)).to_be_visible()  # the server itself is heard
    room.simulation.pause("Clara", "meeting")
    room.pbx_wire.flow()
    await expect(band).to_have_count(0)
    await expect(board.main).to_have_attribute("data-truth", "live")
    await expect(board.tile("Anna")).to_have_attribute("data-state", "talking")
    await expect(board.tile("Clara")).to_have_attribute("data-state", "paused")
    assert await board.is_marked('[data-agent="pbx/Anna"]')
    assert {entry["state"] for entry in (await board.history())[1:]} <= {"live"}


async def test_after_a_short_cut_of_the_network_only_what_changed_is_sent(
    room: ServedRoom, open_: Open
) -> None:
    board = await open_(room.url, AGENTS)
    await expect(board.tile("Anna")).to_have_attribute("data-state", "available")
    await board.mark()
    room.feed_wire.stall()  # whoever connects again hears nothing yet
    room.feed_wire.cut()
    await board.page.wait_for_selector(LOST)
    room.simulation.pause("Anna", "lunch")
    room.feed_wire.flow()
    await board.page.wait_for_selector(LIVE)
    await expect(board.tile("Anna")).to_have_attribute("data-state", "paused")
    subscribed = [sent for sent in board.sent if sent["type"] == "subscribe"]
    assert subscribed[0]["resume"] is None
    assert all(sent["resume"]["epoch"] for sent in subscribed[1:])
    assert len(subscribed) >= 2
    assert board.received.count("snapshot") == 1
    assert await board.is_marked('[data-agent="pbx/Anna"]')


async def test_a_message_lost_on_the_way_is_noticed_and_mended_without_a_flicker(
    room: ServedRoom, open_: Open
) -> None:
    messages: list[dict[str, Any]] = []
    subscribed: list[Any] = []
    lose: list[bool] = []

    def relay(page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()

        def up(message: str | bytes) -> None:
            subscribed.append(json.loads(message))
            server.send(message)

        def down(message: str | bytes) -> None:
            decoded = json.loads(message)
            if lose and decoded["type"] == "delta" and decoded.get("agents"):
                lose.clear()
                return
            messages.append(decoded)
            page_side.send(message)

        page_side.on_message(up)
        server.on_message(down)

    async def prepare(page: Page) -> None:
        await page.route_web_socket(re.compile("/v1/feed"), relay)

    board = await open_(room.url, AGENTS, prepare=prepare)
    await expect(board.tile("Anna")).to_have_attribute("data-state", "available")
    await board.mark()
    lose.append(True)
    room.simulation.pause("Anna", "lunch")
    await until(lambda: not lose, "a message is lost")
    room.simulation.pause("Clara", "training")
    await expect(board.tile("Clara")).to_have_attribute("data-state", "paused")
    await expect(board.tile("Anna")).to_have_attribute("data-state", "paused")
    assert [sent["resume"] for sent in subscribed] == [None, None]
    assert [message["type"] for message in messages].count("snapshot") == 2
    assert await board.is_marked('[data-agent="pbx/Anna"]', '[data-agent="pbx/Boris"]')
    history = await board.history()
    assert [entry["state"] for entry in history if entry["state"] != "lost"] == ["live"]


async def test_a_first_message_that_comes_late_finds_a_page_that_claims_nothing(
    room: ServedRoom, open_: Open
) -> None:
    room.feed_wire.stall()
    board = await open_(room.url, AGENTS, wait=LOST)
    await until(lambda: room.feed_wire.connections, "the page asks for the feed")
    await expect(board.main).to_have_text("Connecting …")
    await expect(board.page.get_by_role("status")).to_have_text("Connecting")
    await expect(board.tiles).to_have_count(0)
    room.feed_wire.flow()
    await board.page.wait_for_selector(LIVE)
    await expect(board.tiles).to_have_count(5)


async def test_a_slow_network_only_makes_it_slow(room: ServedRoom, open_: Open) -> None:
    async def slow(page: Page) -> None:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        await session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 300, "downloadThroughput": 50_000, "uploadThroughput": 20_000},
        )

    board = await open_(room.url, AGENTS, prepare=slow)
    await expect(board.tiles).to_have_count(5)
    await board.mark()
    for reason in ("lunch", "training", "meeting"):
        room.simulation.pause("Anna", reason)
        await expect(board.tile("Anna")).to_contain_text(reason)
    assert await board.is_marked('[data-agent="pbx/Anna"]')
    assert [entry["state"] for entry in await board.history()] == ["lost", "live"]
    assert board.complaints == []
