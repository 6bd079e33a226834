"""What no single key of the alerts can see: names given twice, conditions that mean nothing, receivers out of reach.

Read like the other checks from the document as it was written, passing over whatever has another shape than
expected: that is told elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor.alerts.errors import RuleError, RulesError
from monitor.alerts.rules import rule_of
from monitor.alerts.webhooks.addresses import refused
from monitor.settings.alerts import RuleSettings
from monitor.settings.document import Document
from monitor.settings.errors import KeyPath, Problem

_EXAMPLE: Final = "https://receiver.example.org/hook"


def ids_are_unique(document: Document) -> Iterator[Problem]:
    """A rule and a webhook each have an id of their own."""
    for section, what in (("rules", "this rule id"), ("webhooks", "this webhook id")):
        seen: dict[str, KeyPath] = {}
        for path, entry in _entries(document, section):
            text = _text(entry.get("id"))
            if text is None:
                continue
            if text in seen:
                first = document.place(seen[text])
                here = (*path, "id")
                yield Problem(
                    document.place(here), here, f"{what} is given twice ({text!r}, first at {first})"
                )
            seen.setdefault(text, (*path, "id"))


def rules_are_sound(document: Document) -> Iterator[Problem]:
    """Conditions, hours, selectors and summaries can be understood."""
    day = document.data.get("day")
    timezone = day.get("timezone") if isinstance(day, dict) else None
    for path, entry in _entries(document, "rules"):
        rule = _readable(entry)
        if rule is None:
            continue
        try:
            rule_of(rule, timezone if isinstance(timezone, str) else "UTC")
        except RulesError as error:
            schedule = entry.get("schedule")
            own_zone = isinstance(schedule, dict) and schedule.get("timezone") is not None
            for problem in error.problems:
                if problem.key != "schedule.timezone" or own_zone:  # of `day` it is told there
                    yield _located(document, path, problem)


def names_are_known(document: Document) -> Iterator[Problem]:
    """Rules, sources and teams that are spoken of exist: a mistyped one would be silent for ever."""
    rules = {text for _, entry in _entries(document, "rules") if (text := _text(entry.get("id")))}
    sources = {
        text for source in _mappings(document.data.get("sources")) if (text := _text(source.get("id")))
    }
    teams = {text for agent in _mappings(document.data.get("agents")) if (text := _text(agent.get("team")))}
    for section in ("rules", "webhooks"):
        for path, entry in _entries(document, section):
            for key, known, what in (("rules", rules, "a rule's id"), ("teams", teams, "a team of `agents`")):
                for here, name in _texts_in(entry, (*path, key)):
                    if name not in known:
                        yield Problem(document.place(here), here, _expected(what, name, known), repr(name))
            for here, name in _texts_in(entry, (*path, "queues")):
                prefix, slash, _ = name.partition("/")
                if slash and prefix not in sources:
                    expected = _expected("a source's id before the slash", prefix, sources)
                    yield Problem(document.place(here), here, expected, repr(prefix))


def webhooks_can_be_reached(document: Document) -> Iterator[Problem]:
    """Addresses and secrets have the right form. What was found is not told: it may be a secret."""
    for path, entry in _entries(document, "webhooks"):
        for key, check in (("url", _wrong_url), ("secret", _wrong_secret)):
            value = entry.get(key)
            problem = check(value, entry) if isinstance(value, str) else None
            if problem:
                yield Problem(document.place((*path, key)), (*path, key), problem)
        if entry.get("secret") is not None and entry.get("secret_file") is not None:
            here = (*path, "secret_file")
            yield Problem(document.place(here), here, "expected either `secret` or `secret_file`, not both")


ALERT_CHECKS: Final[tuple[Callable[[Document], Iterator[Problem]], ...]] = (
    ids_are_unique,
    rules_are_sound,
    names_are_known,
    webhooks_can_be_reached,
)


def _readable(entry: dict[str, Any]) -> RuleSettings | None:
    """Return a rule without the keys that the section itself refuses, so that all mistakes are told at once."""
    try:
        return RuleSettings.model_validate(entry)
    except ValidationError as error:
        wrong = {found["loc"][0] for found in error.errors() if found["loc"]}
    try:
        return RuleSettings.model_validate(
            {"id": "?", **{key: value for key, value in entry.items() if key not in wrong}}
        )
    except ValidationError:
        return None


def _located(document: Document, path: KeyPath, error: RuleError) -> Problem:
    here = (*path, *error.key.split("."))
    if error.position is None:
        return Problem(document.place(here), here, error.problem)
    exact = document.place_in(here, error.position)
    if exact is not None:
        return Problem(exact, here, error.problem)
    return Problem(document.place(here), here, f"character {error.position + 1}: {error.problem}")


def _wrong_url(url: str, entry: dict[str, Any]) -> str | None:
    if entry.get("format") == "apprise":
        known = re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", url)
        return (
            None if known else "expected an address that apprise understands, such as mailto://… or tgram://…"
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or parts.fragment or not re.fullmatch(r"\S+", url):
        return f"expected an address such as {_EXAMPLE}"
    if refused(host):
        return f"{host} is a link-local or metadata address, to which webhooks are not sent"
    return None


def _wrong_secret(secret: str, entry: dict[str, Any]) -> str | None:
    if entry.get("format") == "apprise":
        return "chat services take no signature: take this out"
    encoded = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    return None if key else "expected whsec_… or base64; make one with: echo whsec_$(openssl rand -base64 32)"


def _expected(what: str, name: str, known: set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    hint = f"perhaps {near[0]}; " if near else ""
    return f"expected {what} ({hint}known: {', '.join(sorted(known)[:10]) or 'none'})"


def _entries(document: Document, section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    alerts = document.data.get("alerts")
    entries = alerts.get(section) if isinstance(alerts, dict) else None
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                yield ("alerts", section, index), entry


def _mappings(entries: Any) -> Iterator[dict[str, Any]]:
    if isinstance(entries, list):
        yield from (entry for entry in entries if isinstance(entry, dict))


def _texts_in(entry: dict[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    names = entry.get(str(path[-1]))
    if isinstance(names, list):
        for index, name in enumerate(names):
            text = _text(name)
            if text is not None:
                yield (*path, index), text


def _text(value: Any) -> str | None:
    """Return an id as the sections will read it, ``None`` for what they will refuse."""
    return str(value) if isinstance(value, str) or type(value) is int else None
