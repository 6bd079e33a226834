"""Says each change of fact once: to people by the log, to the engine by SourceConnected and SourceLost."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from adapters.contract import Host
from adapters.sip.outputs import Lost, Outcome, Synchronised, Up
from monitor.events import SourceConnected, SourceLost

EXAMPLES = 5
"""Endpoints that a line about many of them names."""
OUTCOMES_LIMIT = 100
"""Single outcomes that are logged in one life, after the first picture."""

ORDINARY = frozenset(
    {"forked", "gap", "missed_notify", "old_version", "out_of_order", "stray_response", "unknown_dialog"}
)
"""Counted, but what any network brings about: no warning."""


class Teller:
    """What was said of one source."""

    def __init__(self, source: str, place: str, host: Host) -> None:
        self._source = source
        self._place = place
        self._host = host
        self._said: dict[str, Any] = {}
        self._is_lost = False
        self._synchronised_at: float | None = None
        self._good = 0.0
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._logged = 0

    def good_seconds(self) -> float:
        """Return for how long the last life was synchronised."""
        return self._good

    def up(self, output: Up) -> SourceConnected:
        """The server lets us in."""
        self._is_lost = False
        self._said.clear()
        self._host.log("info", "source_connected", software=output.software, place=self._place)
        return SourceConnected(
            source=self._source,
            at=self._host.now(),
            id=self._host.next_id(),
            version=output.software,
            detail=self._place,
        )

    def synchronised(self, output: Synchronised) -> None:
        """The first picture is there: say who is missing, and why."""
        self._synchronised_at = self._host.monotonic()
        self._host.log(
            "info",
            "source_synchronised",
            subscriptions=output.subscriptions,
            granted=output.granted,
            refused=output.refused,
            unanswered=output.subscriptions - output.granted - output.refused,
        )
        refused = [outcome for outcome in self._outcomes.values() if not outcome.granted]
        for (package, answer), number in Counter((one.package, one.answer) for one in refused).items():
            same = [one for one in refused if (one.package, one.answer) == (package, answer)]
            self._host.log(
                "warning",
                "subscriptions_refused",
                package=package,
                answer=answer,
                number=number,
                endpoints=[one.endpoint for one in same[:EXAMPLES]],
                remedy=same[0].remedy,
                again_seconds=round(same[0].again) if same[0].again is not None else None,
            )

    def outcome(self, outcome: Outcome) -> None:
        """A subscription was granted or refused."""
        key = (outcome.endpoint, outcome.package)
        before = self._outcomes.get(key)
        self._outcomes[key] = outcome
        if self._synchronised_at is None or self._logged >= OUTCOMES_LIMIT:
            return
        if outcome.granted and (before is None or before.granted):
            return
        self._logged += 1
        self._host.log(
            "info" if outcome.granted else "warning",
            "subscription_granted" if outcome.granted else "subscription_refused",
            endpoint=outcome.endpoint,
            package=outcome.package,
            answer=outcome.answer or None,
            remedy=outcome.remedy,
        )

    def lost(self, lost: Lost) -> None:
        """The server, or the attempt to find it, is lost."""
        host = self._host
        error = lost.error
        began, self._synchronised_at = self._synchronised_at, None
        self._good = host.monotonic() - began if began is not None else 0.0
        self._outcomes.clear()
        self._logged = 0
        now = host.now()
        self.say("warning", "source_lost", reason=error.reason, remedy=error.remedy)
        if not self._is_lost:
            self._is_lost = True
            at = now if lost.heard_at is None else min(lost.heard_at, now)
            host.emit([SourceLost(source=self._source, at=at, id=host.next_id(), reason=error.reason)])

    def count(self, kind: str) -> None:
        """Count what was dropped or refused; say each kind once a life."""
        self._host.count_skipped(kind)
        self.say("info" if kind in ORDINARY else "warning", f"skipped_{kind}", kind=kind)

    def untranslatable(self, what: str, error: Exception) -> None:
        """A defect of ours, or a document that nobody foresaw."""
        self._host.count_skipped("untranslatable")
        self.say("error", f"untranslatable_{what}", what=what, error=repr(error))

    def say(self, level: Literal["info", "warning", "error"], event: str, **fields: Any) -> None:
        """Log a fact unless it was the last one said of its kind."""
        if self._said.get(event) != fields:
            self._said[event] = fields
            self._host.log(level, event, **fields)
