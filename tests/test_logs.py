"""Logging: one form for all, and no secret gets out, whoever logs it."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog

from monitor.logs import configure_logs
from monitor.settings import LogSettings

early = structlog.get_logger("made.at.import")

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["auto", "json", "console"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def logged() -> Callable[..., list[dict[str, Any]]]:
    """Give what comes out as JSON when something is logged."""

    def logged_(log: Callable[[], object], level: Level = "info") -> list[dict[str, Any]]:
        stream = io.StringIO()
        configure_logs(LogSettings(level=level, format="json"), stream)
        log()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return logged_


Logged = Callable[..., list[dict[str, Any]]]


def test_an_event_is_one_line_of_json_with_its_facts(logged: Logged) -> None:
    (line,) = logged(lambda: early.info("source_lost", source="pbx1", seconds=1.5, name="Жанна\n\u2028"))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "source_lost",
        "level": "info",
        "logger": "made.at.import",
        "source": "pbx1",
        "seconds": 1.5,
        "name": "Жанна\n\u2028",
    }


def test_libraries_come_out_in_the_same_form(logged: Logged) -> None:
    (line,) = logged(lambda: logging.getLogger("library").warning("it %s", "works", extra={"port": 5038}))
    assert (line["event"], line["level"], line["logger"], line["port"]) == (
        "it works",
        "warning",
        "library",
        5038,
    )


def test_python_warnings_are_logged(logged: Logged) -> None:
    def warn() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("old ways", DeprecationWarning, stacklevel=1)

    logging.captureWarnings(capture=False)
    (line,) = logged(warn)
    assert "old ways" in line["event"]


def test_what_is_below_the_level_is_not_written(logged: Logged) -> None:
    def log() -> None:
        early.info("no")
        logging.getLogger("library").info("no")
        early.warning("yes")

    assert [line["event"] for line in logged(log, "warning")] == ["yes"]


def test_the_chatter_of_libraries_is_left_out(logged: Logged) -> None:
    assert logged(lambda: logging.getLogger("aiohttp.access").info("GET /")) == []
    assert logged(lambda: logging.getLogger("websockets.server").info("connection open")) == []


def test_configuring_again_replaces_and_doubles_nothing() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logs(LogSettings(format="json"), first)
    configure_logs(LogSettings(format="json"), second)
    early.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


SECRETS: dict[str, dict[str, Any]] = {
    "by key": {"secret": "hunter2"},
    "by part of a key": {"ami_password": "hunter2", "api-key": "hunter2", "access_token": "hunter2"},
    "by any case": {"Authorization": "hunter2", "X_TOKEN": "hunter2"},
    "nested": {"source": {"options": [{"secret": "hunter2"}, {"key": ["hunter2"]}]}},
    "in a tuple": {"sources": ({"token": "hunter2"},)},
    "in an address": {"url": "redis://me:hunter2@host:6379/0"},
    "in a text": {"reason": "can't reach redis://:hunter2@host, giving up"},
    "bearer": {"headers": "Authorization: Bearer hunter2"},
    "too deep to look": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"secret": "hunter2"}}}}}}}},
}


@pytest.mark.parametrize("fields", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_written(fields: dict[str, Any], form: Form) -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format=form), stream)
    early.info("connecting", host="pbx", **fields)
    logging.getLogger("library").warning("connecting to pbx", extra=fields)
    assert stream.getvalue().count("pbx") == 2
    assert "hunter2" not in stream.getvalue()


def test_what_only_looks_like_a_secret_is_written(logged: Logged) -> None:
    fields = {
        "secret_file": "/run/secrets/ami",
        "keyboard": "qwerty",
        "monkey": 1,
        "url": "http://host:80/a@b",
    }
    (line,) = logged(lambda: early.info("x", **fields))
    assert {key: line[key] for key in fields} == fields


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_variables(form: Form) -> None:
    def log_in(secret: str) -> None:
        raise ValueError("refused" + secret[:0])

    stream = io.StringIO()
    configure_logs(LogSettings(format=form), stream)
    secret = "2retnuh"[::-1]  # the traceback may show this line
    try:
        log_in(secret)
    except ValueError:
        early.exception("failed")
        logging.getLogger("library").exception("failed, too")
    assert stream.getvalue().count("ValueError: refused") == 2
    assert "Traceback" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize(
    ("form", "stream", "is_json"),
    [
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
        ("json", Terminal(), True),
        ("console", io.StringIO(), False),
    ],
)
def test_a_terminal_gets_readable_lines_and_everything_else_json(
    form: Form, stream: io.StringIO, is_json: bool
) -> None:
    configure_logs(LogSettings(format=form), stream)
    early.info("started", port=8080)
    assert stream.getvalue().startswith("{") is is_json
    assert "started" in stream.getvalue()


def test_a_callers_name_can_not_steer_the_terminal() -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format="console"), stream)
    early.info("call", party="\x1b[2Jgone\x9b31m", event_text="a\rb")
    assert "\x1b[2J" not in stream.getvalue()
    assert "\x9b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()
    assert "gone" in stream.getvalue()


def test_a_closed_standard_error_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure_logs(LogSettings(format="json"), stream)
    stream.close()
    early.info("nobody listens")
    assert capsys.readouterr().err == ""  # logging's own way would be a traceback
