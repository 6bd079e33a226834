"""Recordings that were damaged or made up: told in a sentence, with bounded memory, and harmless on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from monitor import recording
from monitor.cli import app
from monitor.events import EventIds, MemberFacts, Snapshot, Tick, encode
from monitor.recording import RecordingError, replay

HEAD: dict[str, Any] = {
    "operator_monitor_recording": 1,
    "version": "0",
    "started": 1_795_444_790.0,
    "sources": [{"source": "pbx1"}],
    "state": {},
}
AT = 1_795_444_800.0


def written(directory: Path, head: dict[str, Any], *lines: bytes) -> Path:
    path = directory / "a.recording"
    path.write_bytes(b"\n".join([msgspec.json.encode(head), *lines, b""]))
    return path


def tick(at: float) -> bytes:
    return encode(Tick(source="pbx1", at=at, id=EventIds(1)()))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sources": [{"source": "pbx1", "day": {"timezone": "No/Where"}}]}, "No/Where"),
        ({"sources": [{"source": "pbx1", "day": {"timezone": "../../etc/passwd"}}]}, "configuration"),
        ({"sources": [{"source": "pbx1", "day": {"starts": "99:99"}}]}, "99:99"),
        ({"started": 1e300}, "can't have begun"),
        ({"started": -1e18}, "can't have begun"),
        ({"state": {"pbx1": {"agent/x": "AAAA"}}}, "state"),
    ],
)
def test_a_header_that_cannot_be_is_told_with_its_line(
    change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    path = written(tmp_path, HEAD | change, tick(AT))
    with pytest.raises(RecordingError, match=why) as caught:
        replay(path)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b'{"event":"Tick","x":' + b"[" * 100_000, b"\xff\xfe", b'{"event":"Tick"}']
)
def test_a_line_that_is_no_event_is_told_with_its_number(line: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, tick(AT), line, tick(AT + 1))
    with pytest.raises(RecordingError) as caught:
        replay(path)
    assert caught.value.line == 3


def test_a_header_nested_without_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.recording"
    path.write_bytes(b'{"x":' + b"[" * 100_000 + b"\n")
    with pytest.raises(RecordingError, match="no recording"):
        replay(path)


@pytest.mark.parametrize("number", [1, 2])
def test_a_line_without_end_is_not_read_to_its_end(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MAX_LINE_BYTES", 1_000)
    path = written(tmp_path, HEAD, b"x" * 5_000) if number == 2 else tmp_path / "zeros"
    if number == 1:
        path.write_bytes(bytes(5_000))
    with pytest.raises(RecordingError, match="longer than") as caught:
        replay(path)
    assert caught.value.line == number


@pytest.mark.parametrize("at", [1e300, -1e300])
def test_an_impossible_time_of_an_event_is_not_the_states(at: float, tmp_path: Path) -> None:
    _, told = replay(written(tmp_path, HEAD, tick(at)))
    assert told == HEAD["started"]
    result = CliRunner().invoke(app, ["replay", str(tmp_path / "a.recording")])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_names_in_a_recording_do_not_steer_the_terminal(options: list[str], tmp_path: Path) -> None:
    name = "\x1b]0;title\x07\x9b31m\u202egnol\u2028Żółć"
    member = MemberFacts(queue="sales", interface="PJSIP/1", name=name, endpoint="PJSIP/1")
    event = Snapshot(source="pbx1", at=AT, id=EventIds(1)(), taken_at=AT, members=(member,))
    path = written(tmp_path, HEAD, encode(event))
    result = CliRunner().invoke(app, ["replay", *options, str(path)])
    assert result.exit_code == 0, result.output
    assert "Żółć" in result.output
    assert not set(result.output) & set("\x1b\x07\x9b\u202e\u2028")
