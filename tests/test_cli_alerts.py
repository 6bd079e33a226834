"""``operator-monitor alerts …`` as a user calls it: real processes, real recordings, a real receiver."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor import events
from monitor.engine.config import SourceConfig
from monitor.events import CallerFacts, EventIds, MemberFacts, QueueFacts
from monitor.recording import Header, Recorder
from tests.alerts.receiver import OK, Receiver, answer, closes_after, receiving

SECRET = "whsec_b3BlcmF0b3ItbW9uaXRvci10ZXN0LXNlY3JldA=="
BEGIN = 1_795_444_800.0
"""2026-11-23 14:40:00 UTC."""
NASTY = "an\x1b[2Jna\x07\x7f\u202e"

LUNCH = {
    "id": "lunch",
    "for_each": "agent",
    "when": 'state == "paused"',
    "severity": "critical",
    "summary": {"en": "{name} has lunch", "ru": "{name}: обед"},
}
NEVER = {"id": "crowd", "for_each": "queue", "when": "waiting > 100"}
SOON = LUNCH | {"id": "soon", "for": "5m"}
WAIT = {"id": "wait", "for_each": "queue", "when": "longest_wait > 20s"}


class Ended:
    """What a command left."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def all(self) -> str:
        return self.out + self.err


class Shell:
    """Calls the command in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def __call__(self, *arguments: str) -> Ended:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor.cli", "alerts", *arguments,
            cwd=self.directory, stdout=PIPE, stderr=PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "COLUMNS": "120"},
        )  # fmt: skip
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode is not None
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ended.err
        assert not [sign for sign in ended.all if sign in "\x1b\x07\u202e\x7f"]
        return ended

    def configure(
        self, *rules: dict[str, Any], webhooks: list[dict[str, Any]] | None = None, **alerts: Any
    ) -> None:
        sections = {
            "sources": [{"id": "pbx", "adapter": "ami", "username": "u", "secret": "hunter-two"}],
            "day": {"timezone": "Europe/Moscow"},
            "alerts": {"rules": list(rules), "webhooks": webhooks or [], **alerts},
        }
        (self.directory / "monitor.yaml").write_text(json.dumps(sections), encoding="utf-8")

    def record(self, agent: str = "anna") -> None:
        """A morning: a caller waits for 30 s, the agent has lunch for a minute."""
        file = self.directory / "day.jsonl"
        recorder = Recorder(
            file, Header(version="1", started=BEGIN, sources=(SourceConfig(source="pbx"),), state={})
        )
        ids = EventIds(1)

        at = 0

        def tell(kind: type[events.Event], seconds: int, **fields: Any) -> None:
            nonlocal at
            for second in range(at + 1, seconds + 1):
                recorder.write([events.Tick(source="pbx", at=BEGIN + second, id=ids())])
            at = seconds
            recorder.write([kind(source="pbx", at=BEGIN + seconds, id=ids(), **fields)])

        member = MemberFacts(
            queue="sales",
            interface="PJSIP/1",
            name=agent,
            endpoint="PJSIP/1",
            state="idle",
            membership="dynamic",
        )
        tell(events.SourceConnected, 0, version="22")
        queue = QueueFacts(queue="sales")
        tell(events.Snapshot, 1, taken_at=BEGIN + 1, queues=(queue,), members=(member,), legs=())
        caller = CallerFacts(
            queue="sales", call="c1", linked="c1", joined_at=BEGIN + 10, position=1, party="7"
        )
        tell(events.CallerJoined, 10, caller=caller)
        tell(events.CallerLeft, 40, queue="sales", call="c1", outcome="abandoned")
        tell(events.MemberPaused, 60, queue="sales", interface="PJSIP/1", reason="lunch")
        tell(events.MemberUnpaused, 120, queue="sales", interface="PJSIP/1")
        recorder.close()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


# --- test --------------------------------------------------------------------------------------------------


async def test_the_rehearsal_tells_what_would_have_fired_when_and_who_would_have_heard(shell: Shell) -> None:
    hooks = [
        {"id": "ops", "url": "http://127.0.0.1:1/secret-path", "severities": ["critical"]},
        {"id": "all", "url": "http://127.0.0.1:1/"},
    ]
    shell.configure(LUNCH, WAIT, SOON, webhooks=hooks)
    shell.record()
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "2026-11-23 17:40:30  warning   wait pbx/sales: sales: wait (longest_wait > 20s) → all",
        "2026-11-23 17:40:40  over      wait pbx/sales, after 10 s → all",
        "2026-11-23 17:41:00  critical  lunch pbx/anna: anna has lunch → ops, all",
        "2026-11-23 17:42:00  over      lunch pbx/anna, after 60 s → ops, all",
        "",
        "  lunch: fired once",
        "  wait: fired once",
        "  soon: never fired",
    ]


async def test_the_rehearsal_as_json_is_an_alert_per_line(shell: Shell) -> None:
    shell.configure(
        LUNCH, NEVER, webhooks=[{"id": "ops", "url": "http://127.0.0.1:1/secret-path"}], language="ru"
    )
    shell.record()
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml", "--json")
    assert (ended.code, ended.err) == (0, "")
    began, over = map(json.loads, ended.out.splitlines())
    assert (began["at"], over["at"]) == (BEGIN + 60, BEGIN + 120)
    assert began["receivers"] == over["receivers"] == ["ops"]
    assert (began["alert"]["state"], over["alert"]["state"]) == ("firing", "resolved")
    assert began["alert"]["id"] == over["alert"]["id"]
    assert (began["alert"]["summary"], began["alert"]["labels"]["agent"]) == ("anna: обед", "pbx/anna")
    assert "secret-path" not in ended.all


async def test_a_day_without_alerts_is_a_good_one(shell: Shell) -> None:
    shell.configure(NEVER)
    shell.record()
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml")
    assert (ended.code, ended.out.split()) == (0, ["crowd:", "never", "fired"])
    as_json = await shell("test", "day.jsonl", "--config", "monitor.yaml", "--json")
    assert (as_json.code, as_json.out) == (0, "")


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_a_name_with_control_characters_steers_no_terminal(
    shell: Shell, options: tuple[str, ...]
) -> None:
    shell.configure(LUNCH)
    shell.record(NASTY)
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml", *options)
    assert ended.code == 0
    assert "\\u001b[2Jna\\u0007" in ended.out
    if options:
        # A summary is for people: what steers terminals is told in it by its number, in JSON, too.
        assert "na\\u0007" in json.loads(ended.out.splitlines()[0])["alert"]["summary"]


async def test_without_rules_there_is_nothing_to_rehearse(shell: Shell) -> None:
    shell.configure()
    shell.record()
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "no alert rules" in ended.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "No such file"),
        ("", "day.jsonl:1"),
        ("\x1b[2J no recording\n", "day.jsonl:1"),
        ("{}\n", "day.jsonl:1"),
    ],
)
async def test_what_is_no_recording_is_told(shell: Shell, text: str | None, expected: str) -> None:
    shell.configure(LUNCH)
    if text is not None:
        (shell.directory / "day.jsonl").write_text(text, encoding="utf-8")
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert expected in ended.err


@pytest.mark.parametrize("missing", ["recording", "config"])
async def test_a_path_with_control_characters_steers_no_terminal(shell: Shell, missing: str) -> None:
    shell.configure(LUNCH)
    shell.record()
    paths = {"recording": "day.jsonl", "config": "monitor.yaml"} | {missing: NASTY}
    ended = await shell("test", paths["recording"], "--config", paths["config"])
    assert ended.code == 2
    assert "an\\u001b[2Jna" in ended.err


async def test_a_recording_that_breaks_off_in_its_midst_is_told_with_its_line(shell: Shell) -> None:
    shell.configure(LUNCH)
    shell.record()
    file = shell.directory / "day.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:100], "no event\n", *lines[100:]]), encoding="utf-8")
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml")
    assert ended.code == 2
    assert "lunch pbx/anna" in ended.out
    assert "day.jsonl:101: no event" in ended.err


async def test_a_mistake_in_a_rule_is_told_with_its_place(shell: Shell) -> None:
    shell.configure(LUNCH | {"when": "waitng > 1"})
    shell.record()
    ended = await shell("test", "day.jsonl", "--config", "monitor.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "monitor.yaml:1:" in ended.err
    assert "waitng" in ended.err


# --- send-test ---------------------------------------------------------------------------------------------


def hook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {"id": "ops", "url": f"{receiver.url}?token=hunter-three", "secret": SECRET, **more}


def assert_silent_about(ended: Ended, receiver: Receiver) -> None:
    for hidden in ("hunter", SECRET, SECRET.removeprefix("whsec_"), str(receiver.port), "/hook"):
        assert hidden not in ended.all


@pytest.mark.parametrize("status", [200, 204])
async def test_a_receiver_that_takes_the_test_is_praised(
    shell: Shell, receiver: Receiver, status: int
) -> None:
    receiver.then(answer(status))
    shell.configure(webhooks=[hook(receiver, language="ru")], language="en")
    ended = await shell("send-test", "--config", "monitor.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert f"✓ ops: took it, status {status}" in ended.out
    assert_silent_about(ended, receiver)
    [request] = receiver.requests
    told = request.verified(SECRET)
    [alert] = told["alerts"]
    assert (alert["rule"], alert["severity"], alert["state"]) == ("test", "info", "firing")
    assert "ничего не случилось" in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(500), "500"),
        (answer(410), "410"),
        (answer(302, "Location: http://127.0.0.1:1/\r\n"), "redirects are not followed"),
        (closes_after(b""), "without an answer"),
        (closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "in the middle"),
    ],
    ids=["500", "410", "302", "nothing", "half"],
)
async def test_a_receiver_that_refuses_the_test_is_told_with_the_reason(
    shell: Shell, receiver: Receiver, reply: Any, expected: str
) -> None:
    receiver.then(reply)
    shell.configure(webhooks=[hook(receiver)])
    ended = await shell("send-test", "--config", "monitor.yaml")
    assert (ended.code, ended.err) == (1, "")
    assert "✗ ops: " in ended.out
    assert expected in ended.out
    assert len(receiver.requests) == 1  # a test is not tried again
    assert_silent_about(ended, receiver)


async def test_a_receiver_that_says_nothing_is_waited_for_as_long_as_configured(shell: Shell) -> None:
    async def hangs(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with receiving() as receiver:
        receiver.then(hangs)
        shell.configure(webhooks=[hook(receiver, timeout=0.2)])
        ended = await shell("send-test", "--config", "monitor.yaml")
        assert ended.code == 1
        assert "✗ ops: " in ended.out
        assert "0.2 s" in ended.out
        assert_silent_about(ended, receiver)


async def test_a_receiver_that_is_not_there_is_told(shell: Shell) -> None:
    async with receiving() as receiver:
        pass
    shell.configure(webhooks=[hook(receiver)])
    ended = await shell("send-test", "--config", "monitor.yaml")
    assert ended.code == 1
    assert "no connection" in ended.out
    assert_silent_about(ended, receiver)


async def test_every_webhook_is_tried_and_one_that_fails_decides(shell: Shell, receiver: Receiver) -> None:
    receiver.answers = lambda request: answer(500) if "first" in request.line else OK
    hooks = [hook(receiver, id=name) | {"url": f"{receiver.url}/{name}"} for name in ("first", "second")]
    shell.configure(webhooks=hooks)
    ended = await shell("send-test", "--config", "monitor.yaml")
    assert ended.code == 1
    assert "✗ first: " in ended.out
    assert "✓ second: " in ended.out
    only = await shell("send-test", "--config", "monitor.yaml", "--webhook", "second")
    assert only.code == 0
    assert "first" not in only.out
    assert len(receiver.requests) == 3


async def test_an_unknown_webhook_is_told_with_those_that_there_are(shell: Shell, receiver: Receiver) -> None:
    shell.configure(webhooks=[hook(receiver)])
    ended = await shell("send-test", "--config", "monitor.yaml", "--webhook", "osp\x1b[2J")
    assert (ended.code, ended.out) == (2, "")
    assert "osp" in ended.err
    assert "configured: ops" in ended.err
    assert receiver.requests == []


async def test_without_webhooks_there_is_nobody_to_tell(shell: Shell) -> None:
    shell.configure(LUNCH)
    ended = await shell("send-test", "--config", "monitor.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "no webhooks" in ended.err


async def test_a_secret_that_is_missing_is_told_with_its_key(shell: Shell, receiver: Receiver) -> None:
    given = hook(receiver)
    del given["secret"]
    shell.configure(webhooks=[given | {"secret_file": "nosuch"}])
    ended = await shell("send-test", "--config", "monitor.yaml")
    assert ended.code in (1, 2)
    assert "secret_file" in ended.all
    assert receiver.requests == []


# --- help --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["test", "send-test", "Try alert rules and webhooks."]),
        (("test",), ["recording", "--config", "--json", "would have fired"]),
        (("send-test",), ["--config", "--webhook", "once each", "Ends with 0 only if"]),
    ],
)
async def test_the_help_says_what_there_is(
    shell: Shell, arguments: tuple[str, ...], expected: list[str]
) -> None:
    ended = await shell(*arguments, "--help")
    assert ended.code == 0
    for words in expected:
        assert words in ended.out
