"""A notification as a message for people, for chat services."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from monitor.alerts.formats.language import summary
from monitor.alerts.notification import Notification
from monitor.model import Alert

Tone: TypeAlias = Literal["info", "warning", "critical", "resolved"]
GRAVEST_FIRST: tuple[Tone, ...] = ("critical", "warning", "info", "resolved")
MAX_LINES = 20
"""Alerts that are told one by one; services cut long messages off."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "info": "Info",
        "warning": "Warning",
        "critical": "Critical",
        "resolved": "Over",
        "more": "and {} more",
    },
    "ru": {
        "info": "К сведению",  # noqa: RUF001 - Russian
        "warning": "Внимание",
        "critical": "Критично",
        "resolved": "Закончилось",
        "more": "и ещё {}",
    },
}

_APART = "\N{ZERO WIDTH SPACE}"
"""Breaks what chat services would take for a mention: a queue may be called `@everyone`."""
_MENTIONS = (("@", f"@{_APART}"), ("<!", f"<{_APART}!"))


class Message(NamedTuple):
    """What people read."""

    title: str
    text: str
    tone: Tone
    """The gravest of its alerts; ``resolved`` when all are over."""


def message(notification: Notification, language: str | None) -> Message:
    """Return the message, one line per alert; in English unless a language is given that we speak."""
    words = WORDS.get(language or "en", WORDS["en"])
    tones = [_tone(alert) for alert in notification.alerts]
    gravest = min(tones, key=GRAVEST_FIRST.index, default=GRAVEST_FIRST[-1])
    lines = [
        f"{words[tone]}: {_harmless(summary(alert, language))}"
        for tone, alert in zip(tones[:MAX_LINES], notification.alerts, strict=False)
    ]
    if len(tones) > MAX_LINES:
        lines.append("… " + words["more"].format(len(tones) - MAX_LINES))
    rules = list(dict.fromkeys(alert.rule for alert in notification.alerts))
    return Message(f"{words[gravest]}: {', '.join(rules)}", "\n".join(lines), gravest)


def _harmless(text: str) -> str:
    """Return a summary as one line that mentions nobody."""
    line = " ".join(text.splitlines())
    for mention, broken in _MENTIONS:
        line = line.replace(mention, broken)
    return line


def _tone(alert: Alert) -> Tone:
    return "resolved" if alert.state == "resolved" else alert.severity
