"""A wallboard in a browser, and everything that it asked, said and complained of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Browser, Locator, Page, WebSocket, expect

expect.set_options(timeout=20_000)  # a busy machine draws late

LIVE, STALE, LOST = ("[data-connection=live]", "[data-connection=stale]", "[data-connection=lost]")

WATCH = """
window.history_ = [];  // each state of the connection, and how often running times moved in it
const look = () => {
    const status = document.querySelector("[data-connection]");
    if (!status) return;
    const main = document.querySelector("main");
    const last = window.history_[window.history_.length - 1];
    if (last && last.state === status.dataset.connection) return;
    window.history_.push({state: status.dataset.connection, at: performance.now(), moved: 0});
};
new MutationObserver((records) => {
    look();
    for (const { target } of records) {
        const node = target.nodeType === 1 ? target : target.parentElement;
        const known = window.history_[window.history_.length - 1];
        if (known && node && node.closest(".time, .clock")) known.moved += 1;
    }
    if (window.firstPicture === undefined && document.querySelector("[data-agent], [data-queue]")) {
        window.firstPicture = performance.now();
    }
}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
"""


class Board:
    """A page, watched."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.received: list[str] = []
        """The types of the feed's messages, in their order."""
        self.navigations = 0
        page.set_default_timeout(20_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("websocket", self._listen)
        page.on("framenavigated", lambda _: self._navigated())
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )

    def _navigated(self) -> None:
        self.navigations += 1

    def _listen(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))
        socket.on("framereceived", lambda frame: self.received.append(json.loads(frame)["type"]))

    # --- what is seen ----------------------------------------------------------------------------------

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def tiles(self) -> Locator:
        return self.page.locator(".tile[data-agent]")

    def tile(self, name: str) -> Locator:
        return self.page.locator(f'.tile[data-agent="pbx/{name}"]')

    def card(self, name: str) -> Locator:
        return self.page.locator(f'[data-queue="pbx/{name}"]').first

    async def names(self) -> list[str]:
        """Return the agents' names in the order shown."""
        return [str(name) for name in await self.tiles.locator(".name").all_text_contents()]

    async def history(self) -> list[dict[str, Any]]:
        """Return each state of the connection so far, and how often running times moved in it."""
        found: list[dict[str, Any]] = await self.page.evaluate("window.history_")
        return found

    async def mark(self) -> None:
        """Mark document and elements, to know them again."""
        await self.page.evaluate(
            "() => { window.same = true; for (const e of document.querySelectorAll('main *')) e.same = true; }"
        )

    async def is_marked(self, *selectors: str) -> bool:
        """Say whether document and elements are those that were marked."""
        same: bool = await self.page.evaluate(
            "selectors => window.same === true"
            " && selectors.every((s) => document.querySelector(s) && document.querySelector(s).same === true)",
            list(selectors),
        )
        return same


async def open_board(
    browser: Browser,
    url: str,
    query: str = "",
    *,
    before: str | None = None,
    prepare: Callable[[Page], Awaitable[None]] | None = None,
    wait: str | None = LIVE,
    **context: Any,
) -> Board:
    """Open the wallboard in a context of its own and wait until it is live.

    ``before``: a time for the browser's own clock, which a test then moves; ``prepare``: called before anything loads.
    """
    page = await (await browser.new_context(**({"timezone_id": "UTC"} | context))).new_page()
    board = Board(page)
    if before is not None:
        await page.clock.install(time=before)
    await page.add_init_script(WATCH)
    if prepare is not None:
        await prepare(page)
    await page.goto(f"{url}/{query}")
    if wait is not None:
        await page.wait_for_selector(wait)
    return board


async def come_true(condition: Callable[[], Awaitable[object]], what: str) -> None:
    """Wait for something that the page must be asked."""
    try:
        async with asyncio.timeout(20):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never came true: {what}") from None
