"""What receivers get: our own body, Alertmanager's, and text for people."""

from __future__ import annotations

import msgspec
import pytest

from monitor.alerts.formats import BODIES
from monitor.alerts.formats.text import MAX_LINES, message
from monitor.alerts.notification import Notification
from monitor.model import Acknowledgement, Alert
from tests.alerts.sending import NOW, alert


def told(*alerts: Alert) -> Notification:
    return Notification(
        id="n1", webhook="ops", group={"rule": "waiting", "source": "pbx1"}, at=NOW, alerts=alerts
    )


def body(format_: str, *alerts: Alert, language: str | None = None) -> dict:
    return msgspec.json.decode(BODIES[format_](told(*alerts), language))


def test_the_standard_body_has_the_alerts_as_they_are_shown_elsewhere() -> None:
    firing, resolved = (
        alert(acknowledged=Acknowledgement(by="anna", why="calling back", at=NOW)),
        alert("resolved"),
    )
    assert body("standard", firing, resolved) == {
        "type": "alerts",
        "id": "n1",
        "at": NOW,
        "group": {"rule": "waiting", "source": "pbx1"},
        "alerts": [msgspec.to_builtins(firing), msgspec.to_builtins(resolved)],
    }


@pytest.mark.parametrize(
    ("language", "summary"),
    [
        (None, "Sales: 7 callers wait"),
        ("en", "Sales: 7 callers wait"),
        ("ru", "Продажи: ждут 7"),
        ("de", "Sales: 7 callers wait"),
    ],
)
def test_the_summary_is_in_the_receivers_language(language: str | None, summary: str) -> None:
    (one,) = body("standard", alert(), language=language)["alerts"]
    assert one["summary"] == summary
    (one,) = body("alertmanager", alert(), language=language)["alerts"]
    assert one["annotations"]["summary"] == summary
    assert summary in message(told(alert()), language).text


def test_the_alertmanager_body_of_a_firing_and_a_resolved_alert() -> None:
    other = alert(
        "resolved", subject="pbx1/support", labels={"source": "pbx1", "queue": "pbx1/support"}, value=None
    )
    got = body("alertmanager", alert(), other)
    common = {"alertname": "waiting", "severity": "critical", "source": "pbx1"}
    first, second = got.pop("alerts")
    assert got == {
        "version": "4",
        "receiver": "ops",
        "status": "firing",
        "groupKey": '{}:{alertname="waiting", source="pbx1"}',
        "groupLabels": {"alertname": "waiting", "source": "pbx1"},
        "commonLabels": common,
        "commonAnnotations": {"summary": "Sales: 7 callers wait"},
        "externalURL": "",
        "truncatedAlerts": 0,
    }
    assert first | {"fingerprint": ""} == {
        "status": "firing",
        "labels": {**common, "queue": "pbx1/sales", "floor": "2"},
        "annotations": {"summary": "Sales: 7 callers wait", "value": "7"},
        "startsAt": "2026-11-23T14:39:40.125Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": "",
    }
    assert (second["status"], second["endsAt"]) == ("resolved", "2026-11-23T14:39:50.125Z")
    assert second["annotations"] == {"summary": "Sales: 7 callers wait"}
    assert body("alertmanager", other)["status"] == "resolved"


def test_a_label_of_the_rule_does_not_hide_its_name_or_severity() -> None:
    (one,) = body("alertmanager", alert(labels={"alertname": "x", "severity": "none", "empty": ""}))["alerts"]
    assert one["labels"] == {"alertname": "waiting", "severity": "critical"}


@pytest.mark.parametrize("value", [3.0, "paused", None, 0.25, 1e9])
def test_values_are_annotations_of_text(value: float | str | None) -> None:
    (one,) = body("alertmanager", alert(value=value))["alerts"]
    shown = {3.0: "3", 0.25: "0.25", 1e9: "1000000000"}
    if value is None:
        assert "value" not in one["annotations"]
    else:
        assert one["annotations"]["value"] == shown.get(value, value)  # type: ignore[call-overload]


def test_fingerprints_tell_alerts_apart_and_stay() -> None:
    first, again, other = (
        body("alertmanager", one)["alerts"][0]["fingerprint"]
        for one in (alert(), alert("resolved"), alert(labels={"source": "pbx2"}))
    )
    assert first == again != other


def test_chat_text_has_a_line_for_each_alert_and_the_gravest_in_front() -> None:
    got = message(told(alert("resolved"), alert(severity="warning", summary="Support: 3 callers wait")), None)
    assert got.title == "Warning: waiting"
    assert got.text == "Over: Sales: 7 callers wait\nWarning: Support: 3 callers wait"
    assert got.tone == "warning"
    assert message(told(alert("resolved")), "ru") == (
        "Закончилось: waiting",
        "Закончилось: Продажи: ждут 7",
        "resolved",
    )


def test_chat_text_is_bounded() -> None:
    got = message(told(*(alert() for _ in range(MAX_LINES + 5))), "ru")
    assert len(got.text.splitlines()) == MAX_LINES + 1
    assert got.text.endswith("… и ещё 5")


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        ("@everyone: 7 wait", "@\u200beveryone: 7 wait"),
        ("<!channel> <@U012> <!here|x>", "<\u200b!channel> <@\u200bU012> <\u200b!here|x>"),
        ("two\nlines\r\nof\u2028one", "two lines of one"),
        ("обед < 5 !", "обед < 5 !"),
    ],
)
def test_chat_text_mentions_nobody_and_keeps_to_its_line(summary: str, line: str) -> None:
    assert message(told(alert(summary=summary)), None).text == f"Critical: {line}"
