"""The wallboard as it is built: what it may use, how big it may be, how it is served."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import aiohttp
import pytest

from monitor.feed import Feed
from monitor.web import WebServer
from monitor.web import files as files_module
from tests.helpers.centre import Centre
from tests.helpers.publishing import WALLBOARD, FeedOptions, HttpOptions, alerts_of, metrics_of

BUILT = Path(files_module.__file__).parent / "wallboard"

YOUNGER_THAN_CHROMIUM_68 = re.compile(
    r"\?\.[A-Za-z_$]|\?\?|\.at\(|\.flat\(|\.flatMap\(|\.replaceAll\(|\.matchAll\(|fromEntries|globalThis|allSettled"
    r"|structuredClone|replaceChildren|toggleAttribute|checkVisibility|toSorted|findLast|hasOwn\(|WeakRef"
)
CSS_YOUNGER_THAN_CHROMIUM_68 = re.compile(
    r"\binset:|\bclamp\(|[^-]\bmin\(|[^-]\bmax\(|:is\(|:where\(|aspect-ratio:|@layer|@container"
)


def _read(ending: str) -> dict[str, str]:
    found = {path.name: path.read_text(encoding="utf-8") for path in BUILT.glob(f"*.{ending}")}
    assert found, "the wallboard is built: make setup"
    return found


def test_nothing_is_used_that_television_sets_of_2020_lack() -> None:
    scripts = _read("js")
    for name, text in scripts.items():
        assert YOUNGER_THAN_CHROMIUM_68.findall(text) == [], name
    # libraries do use it, and compat.ts brings it with what is loaded first
    (first,) = re.findall(r"/page/([^\"]+\.js)", (BUILT / "index.html").read_text(encoding="utf-8"))
    assert "window.queueMicrotask=" in scripts[first]
    for name, text in _read("css").items():
        assert CSS_YOUNGER_THAN_CHROMIUM_68.findall(text) == [], name


def test_no_flex_box_relies_on_gaps() -> None:
    """Chromium 68 knows gaps of grids alone."""
    for rule in re.findall(r"\{[^{}]*\}", "".join(_read("css").values())):
        assert not ("display:flex" in rule and "gap:" in rule), rule


@pytest.mark.parametrize("subject", ["Agent", "Queue"])
def test_all_that_the_first_page_loads_is_under_100_kb_gzipped(subject: str) -> None:
    """Also where it is an agent's or a queue's own page."""
    page = (BUILT / "index.html").read_text(encoding="utf-8")
    own = [path.name for path in BUILT.glob(f"{subject}Page-*") if path.suffix in {".js", ".css"}]
    assert len(own) == 2
    loaded = ["index.html", *re.findall(r"/page/([^\"]+)", page), *own]
    assert any(name.endswith(".js") for name in loaded)
    fonts = [path.name for path in BUILT.glob("*.woff2") if re.search(r"-(latin|cyrillic)-\d", path.name)]
    assert len(fonts) == 2
    sizes = {name: len(gzip.compress((BUILT / name).read_bytes())) for name in (*loaded, *fonts)}
    assert sum(sizes.values()) < 100_000, sizes


def test_no_address_of_another_host_is_asked() -> None:
    for text in (*_read("html").values(), *_read("css").values()):
        assert "//" not in text.replace("<!doctype", "")
    for text in _read("js").values():
        assert set(re.findall(r"https?://[\w./-]+", text)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1998/Math/MathML",
            "http://www.w3.org/1999/xhtml",
            "http://www.w3.org/1999/xlink",
        }


def _server() -> WebServer:
    centre = Centre().up()
    feed = Feed(centre.picture, FeedOptions(), now=centre.now, epoch="e1")
    return WebServer(
        centre.picture,
        HttpOptions(),
        now=centre.now,
        feed=feed,
        metrics=metrics_of(centre.picture, feed, centre.now),
        wallboard=WALLBOARD,
        alerts=alerts_of(centre.picture, centre.now),
    )


async def test_files_whose_names_change_with_their_content_are_kept_for_ever() -> None:
    server = _server()
    await server.start()
    try:
        async with aiohttp.ClientSession(server.url) as session:
            async with session.get("/") as page:
                assert page.headers["Cache-Control"] == "no-cache"
                names = re.findall(r"/page/([^\"]+)", await page.text())
            fonts = [path.name for path in BUILT.glob("*.woff2")]
            assert {name.rpartition(".")[2] for name in (*names, *fonts)} == {"js", "css", "svg", "woff2"}
            for name in (*names, *fonts):
                async with session.get(f"/page/{name}") as file:
                    assert file.status == 200
                    assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                    assert file.content_type in {"text/javascript", "text/css", "image/svg+xml", "font/woff2"}
            async with session.get("/page/licenses.md") as file:
                assert file.headers["Cache-Control"] == "no-cache"
                assert "preact" in await file.text()
            async with session.get("/page/roboto-condensed-licence.txt") as file:
                assert "SIL Open Font License" in await file.text()
    finally:
        await server.stop()


async def test_without_the_built_wallboard_the_page_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files_module, "files", lambda _package: tmp_path)
    server = _server()
    await server.start()
    try:
        async with aiohttp.ClientSession(server.url) as session:
            async with session.get("/") as page:
                assert page.status == 503
                assert page.content_type == "text/html"
                assert "make setup" in await page.text()
            async with session.get("/healthz") as health:
                assert health.status == 200
    finally:
        await server.stop()
