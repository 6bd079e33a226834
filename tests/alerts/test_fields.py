"""The fields of rules are those of the public objects, and none is forgotten or misread."""

from __future__ import annotations

import msgspec
import pytest

from monitor.alerts.fields import FIELDS, KINDS, Kind
from monitor.model import AGENT_STATES
from tests.alerts.samples import AGENT, CALL, NOW, QUEUE, SUBJECTS, changed

FIGURES = {
    **dict.fromkeys(
        ("offered", "answered", "abandoned", "short_abandoned", "timed_out", "left", "unknown"), "number"
    ),
    "service_level.formula": "text",
    "service_level.value": "number",
    "service_level.met": "number",
    "service_level.of": "number",
    "service_level.threshold": "duration",
    "service_level.target": "number",
    "average_wait": "duration",
    "longest_wait": "duration",
    "average_handle_time": "duration",
    "average_talk_time": "duration",
    "abandonment_rate": "number",
}
EXPECTED: dict[Kind, dict[str, str]] = {
    "queue": {
        **dict.fromkeys(("id", "name", "source"), "text"),
        "waiting": "number",
        "longest_wait": "duration",
        **{f"agents.{state}": "number" for state in AGENT_STATES},
        **{f"{period}.{name}": type_ for period in ("today", "last_30m") for name, type_ in FIGURES.items()},
    },
    "agent": {
        **dict.fromkeys(("id", "name", "team", "source", "state", "last_state", "reason"), "text"),
        **dict.fromkeys(("presence.reason", "why.rule", "why.event", "why.id"), "text"),
        **{f"call.{name}": "text" for name in ("id", "direction", "queue", "party")},
        **dict.fromkeys(("presence.paused", "do_not_disturb"), "truth"),
        **dict.fromkeys(("time_in_state", "time_in_call"), "duration"),
        **{f"today.{name}": "number" for name in ("answered", "missed", "outbound", "direct", "occupancy")},
        **{
            f"today.{name}_seconds": "duration"
            for name in (
                "talk", "hold", "wrap_up", "paused", "available", "ringing", "dialing", "offline", "unknown"
            )
        },
    },
    "source": {
        **dict.fromkeys(("id", "adapter", "state", "version", "detail"), "text"),
        **dict.fromkeys(("time_in_state", "time_since_event"), "duration"),
    },
    "service": {
        **{f"sources.{state}": "number" for state in ("connecting", "synchronising", "up", "lost")},
        **dict.fromkeys(("waiting", "feed_clients", "webhooks_failing"), "number"),
        "longest_wait": "duration",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_and_their_types(kind: Kind) -> None:
    assert {field.name: field.type for field in FIELDS[kind].values()} == EXPECTED[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_what_the_public_object_shows(kind: Kind) -> None:
    subject = changed(AGENT, call=CALL) if kind == "agent" else SUBJECTS[kind]
    shown = msgspec.to_builtins(subject)
    for field in FIELDS[kind].values():
        if field.running:
            continue
        value = shown
        for part in field.name.split("."):
            value = value[part]
        assert field.value(subject, NOW) == value
        assert field.public in shown
        expected = {"text": str, "truth": bool}.get(field.type, (int, float))
        assert value is None or isinstance(value, expected)


def test_running_fields_are_the_time_since() -> None:
    assert FIELDS["queue"]["longest_wait"].value(QUEUE, NOW + 1) == 43.0
    assert FIELDS["queue"]["longest_wait"].value(changed(QUEUE, longest_wait_since=None), NOW) is None
    assert FIELDS["agent"]["time_in_state"].value(AGENT, NOW) == 600.0
    assert FIELDS["agent"]["time_in_call"].value(AGENT, NOW) is None
    assert FIELDS["agent"]["time_in_call"].value(changed(AGENT, call=CALL), NOW) == 100.0
    running = {(kind, field.name) for kind in KINDS for field in FIELDS[kind].values() if field.running}
    assert running == {
        ("queue", "longest_wait"),
        ("agent", "time_in_state"),
        ("agent", "time_in_call"),
        ("source", "time_in_state"),
        ("source", "time_since_event"),
        ("service", "longest_wait"),
    }


def test_fields_of_what_is_missing_are_null() -> None:
    for name in ("id", "direction", "queue", "party"):
        assert FIELDS["agent"][f"call.{name}"].value(AGENT, NOW) is None


def test_words_of_a_fixed_set_are_known() -> None:
    assert FIELDS["agent"]["state"].values == AGENT_STATES
    assert FIELDS["agent"]["last_state"].values == AGENT_STATES
    assert FIELDS["agent"]["reason"].values == ()
    assert FIELDS["source"]["state"].values == ("connecting", "synchronising", "up", "lost")
    assert "outbound" in FIELDS["agent"]["call.direction"].values


def test_shares_are_told_from_counts() -> None:
    shares = {field.name for field in FIELDS["queue"].values() if field.share}
    assert shares == {
        f"{period}.{name}"
        for period in ("today", "last_30m")
        for name in ("service_level.value", "service_level.target", "abandonment_rate")
    }
    assert {field.name for field in FIELDS["agent"].values() if field.share} == {"today.occupancy"}
