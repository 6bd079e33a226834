"""What no single section can see: names given twice, devices given to two, ports that collide.

These checks read the document as it was written and pass over whatever has another shape than expected, so that
a mistake elsewhere doesn't hide them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from monitor.settings.alert_checks import ALERT_CHECKS
from monitor.settings.document import Document
from monitor.settings.errors import KeyPath, Problem
from monitor.settings.sections import FeedSettings, HttpSettings
from monitor.settings.threshold_checks import warnings_come_first


def cross_checks(document: Document) -> list[Problem]:
    """Return every mistake that spans several sections or entries."""
    return [problem for check in CHECKS for problem in check(document)]


def _source_ids_are_unique(document: Document) -> Iterator[Problem]:
    seen: dict[str, KeyPath] = {}
    for index, source in _entries(document, "sources"):
        yield from _once(document, seen, _text(source.get("id")), ("sources", index, "id"), "this source id")


def _agent_ids_are_unique(document: Document) -> Iterator[Problem]:
    seen: dict[str, KeyPath] = {}
    for index, agent in _entries(document, "agents"):
        yield from _once(document, seen, _text(agent.get("id")), ("agents", index, "id"), "this agent id")


def _endpoints_have_one_agent(document: Document) -> Iterator[Problem]:
    """``anna`` and ``pbx1/anna`` are one agent; ``pbx1/anna`` and ``pbx2/bob`` never meet."""
    owners: dict[str, list[tuple[str, KeyPath]]] = {}
    for index, agent in _entries(document, "agents"):
        owner = _text(agent.get("id"))
        endpoints = agent.get("endpoints")
        if owner is None or not isinstance(endpoints, list):
            continue
        for position, written in enumerate(endpoints):
            endpoint = _text(written)
            path: KeyPath = ("agents", index, "endpoints", position)
            if endpoint is None:
                continue
            earlier = owners.setdefault(endpoint, [])
            for other, other_path in earlier:
                if _may_meet(owner, other) and _name(owner) != _name(other):
                    where = document.place(other_path)
                    text = f"{endpoint} already belongs to agent {other!r} ({where}): a device has one agent"
                    yield Problem(document.place(path), path, text)
                    break
            earlier.append((owner, path))


def _prefixes_are_sources(document: Document) -> Iterator[Problem]:
    """In ``pbx1/sales`` the part before the slash must be a source."""
    sources = {_text(source.get("id")) for _, source in _entries(document, "sources")}
    queues = document.data.get("queues")
    named: list[tuple[KeyPath, str]] = []
    if isinstance(queues, dict):
        named += [(("queues", key), str(key)) for key in queues]
    for index, agent in _entries(document, "agents"):
        if (text := _text(agent.get("id"))) is not None:
            named.append((("agents", index, "id"), text))
    for path, text in named:
        prefix, slash, name = text.partition("/")
        of_key = path[0] == "queues"
        if slash and prefix not in sources:
            known = ", ".join(sorted(source for source in sources if source)) or "none"
            message = f"expected a source's id before the slash ({known}), found {prefix!r}"
            yield Problem(document.place(path, of_key=of_key), path, message)
        elif slash and not name:
            yield Problem(document.place(path, of_key=of_key), path, "expected a name after the slash")


def _listeners_differ(document: Document) -> Iterator[Problem]:
    http, feed = (document.data.get(section) for section in ("http", "feed"))
    http = http if isinstance(http, dict) else {}
    feed = feed if isinstance(feed, dict) else {}
    port = feed.get("port", FeedSettings.model_fields["port"].default)
    http_port = http.get("port", HttpSettings.model_fields["port"].default)
    if http_port == port and port != 0 and type(port) is int:
        path: KeyPath = ("feed", "port") if "port" in feed else ("http", "port")
        yield Problem(document.place(path), path, f"http and feed need a port each; both are given {port}")


def _sources_listen_apart(document: Document) -> Iterator[Problem]:
    seen: dict[str, KeyPath] = {}
    for index, source in _entries(document, "sources"):
        text = _text(source.get("listen"))
        if text is not None and not text.endswith(":0"):
            yield from _once(document, seen, text, ("sources", index, "listen"), "the address")


CHECKS: tuple[Callable[[Document], Iterator[Problem]], ...] = (
    _source_ids_are_unique,
    _agent_ids_are_unique,
    _endpoints_have_one_agent,
    _prefixes_are_sources,
    _listeners_differ,
    _sources_listen_apart,
    warnings_come_first,
    *ALERT_CHECKS,
)


def _entries(document: Document, section: str) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = document.data.get(section)
    if isinstance(entries, list):
        yield from ((index, entry) for index, entry in enumerate(entries) if isinstance(entry, dict))


def _once(
    document: Document, seen: dict[str, KeyPath], text: str | None, path: KeyPath, what: str
) -> Iterator[Problem]:
    if text is None:
        return
    if text in seen:
        first = document.place(seen[text])
        yield Problem(document.place(path), path, f"{what} is given twice ({text!r}, first at {first})")
    seen.setdefault(text, path)


def _text(value: Any) -> str | None:
    """Return an id as the sections will read it, ``None`` for what they will refuse."""
    return str(value) if isinstance(value, str) or type(value) is int else None


def _name(agent: str) -> str:
    return agent.rpartition("/")[2]


def _may_meet(one: str, other: str) -> bool:
    prefixes = {agent.partition("/")[0] for agent in (one, other) if "/" in agent}
    return len(prefixes) <= 1  # otherwise they speak of two different sources
