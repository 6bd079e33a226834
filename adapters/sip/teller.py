"""Says each change of fact once: to people by the log, to the engine by SourceConnected and SourceLost."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from adapters.contract import Host
from adapters.sip.errors import ServerLost, Silent
from adapters.sip.outputs import Count, Lost, Outcome, Synchronised, Up
from adapters.sip.refusals import COUNTED
from monitor.events import SourceConnected, SourceLost

EXAMPLES = 5
"""Endpoints that a line about many of them names."""
OUTCOMES_LIMIT = 100
"""Single outcomes that are logged in one life, after the first picture."""

ADDRESSES_LIMIT = 8
"""Addresses of strangers that are logged in one life."""

DEFECTS_LIMIT = 20
"""Different defects of ours that are logged while the service runs."""

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
        self._lost_by: object = None
        """What the last SourceLost said; None: the server is not lost."""
        self._strangers: set[tuple[str, str]] = set()
        self._defects: set[object] = set()
        self._synchronised_at: float | None = None
        self._good = 0.0
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._logged = 0

    def good_seconds(self) -> float:
        """Return for how long the last life was synchronised."""
        return self._good

    def up(self, output: Up) -> SourceConnected:
        """The server lets us in."""
        self._lost_by = None
        self._said.clear()
        self._strangers.clear()
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
        for same in grouped(self._outcomes.values()):
            self._host.log(
                "warning",
                "subscriptions_refused",
                package=same[0].package,
                answer=same[0].answer,
                number=len(same),
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
        if self._lost_by != _fact(error):
            self._lost_by = _fact(error)
            at = now if lost.heard_at is None else min(lost.heard_at, now)
            host.emit([SourceLost(source=self._source, at=at, id=host.next_id(), reason=error.reason)])

    def count(self, output: Count) -> None:
        """Count what was dropped or refused; say each kind once a life, of strangers each address."""
        kind, address = output.kind, output.address
        for _ in range(output.number):
            self._host.count_skipped(kind)
        if address is None:
            more = {"remedy": COUNTED[kind]} if kind in COUNTED else {}
            self.say("info" if kind in ORDINARY else "warning", f"skipped_{kind}", kind=kind, **more)
        elif (kind, address) not in self._strangers and len(self._strangers) < ADDRESSES_LIMIT:
            self._strangers.add((kind, address))
            given = {"method": output.method, "remedy": COUNTED.get(kind)}
            more = {name: text for name, text in given.items() if text is not None}
            self._host.log("warning", f"skipped_{kind}", kind=kind, address=address, **more)

    def untranslatable(self, what: str, error: Exception) -> None:
        """A defect of ours, or a document that nobody foresaw."""
        self._host.count_skipped("untranslatable")
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None
        defect = (what, type(error), place)
        if defect not in self._defects and len(self._defects) < DEFECTS_LIMIT:
            self._defects.add(defect)
            self._host.log("error", f"untranslatable_{what}", what=what, error=repr(error)[:200], place=place)

    def say(self, level: Literal["info", "warning", "error"], event: str, **fields: Any) -> None:
        """Log a fact unless it was the last one said of its kind."""
        if self._said.get(event) != fields:
            self._said[event] = fields
            self._host.log(level, event, **fields)


def grouped(outcomes: Iterable[Outcome]) -> list[list[Outcome]]:
    """Return the refused ones of a kind together. A server may give each its own words: those tell nothing apart."""
    groups: dict[tuple[str, int, str | None], list[Outcome]] = {}
    for outcome in outcomes:
        if not outcome.granted:
            groups.setdefault((outcome.package, outcome.status, outcome.remedy), []).append(outcome)
    return list(groups.values())


def _fact(error: ServerLost) -> object:
    """Return what tells a reason from another: how long it was silent is no news, and the second try is silent, too."""
    return Silent if isinstance(error, Silent) else error.reason
