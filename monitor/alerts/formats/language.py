"""The language in which a receiver is told what is the matter."""

from __future__ import annotations

from monitor.model import Alert


def summary(alert: Alert, language: str | None) -> str:
    """Return the alert's summary in a language; in the default one where there is none in this, or none is asked for."""
    return alert.summary if language is None else alert.summaries.get(language, alert.summary)
