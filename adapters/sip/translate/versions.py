"""Which documents are news: what is old is dropped, what is missing is asked for.

Documents count up within one subscription (RFC 4235 section 4.3, RFC 3680 section 4.5, RFC 4662 section 5.2). Of
partial ones the one after the last is due: an older one is dropped, a later one is used but something is missing. A full
one is the whole truth, whatever its number: servers that always send the whole state often don't count (Kamailio's
pua_dialoginfo and pua_reginfo publish version 0 for ever). That it is later than the one before is known from the
dialog's CSeq, without which no NOTIFY may be taken.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from adapters.sip.reports import DialogReport, ListReport, RegistrationReport, Report, Resource

MEMBERS_LIMIT: Final = 100_000
"""Members of lists whose versions are remembered; beyond this all of a list's are forgotten in turn."""


class Judged(NamedTuple):
    """What to do with a report."""

    report: Report | None
    """What of it is news: translate that. ``None``: all of it is old."""
    gap: bool
    """Something before it was missed: ask for the full state by a refreshed subscription."""


class Versions:
    """The versions known of each subscription (and publication), by a key of the caller's own.

    Bounded by forgetting what is over; the members of a list count for themselves, as long as it lives.
    """

    def __init__(self) -> None:
        self._known: dict[str, dict[tuple[str, ...], int]] = {}

    def judge(self, subscription: str, report: Report) -> Judged:
        """Say what of a report is news and whether one before it is missing; remember its version."""
        return self._judge(self._known.setdefault(subscription, {}), (), report)

    def forget(self, subscription: str) -> None:
        """The subscription is over: the next one counts anew."""
        self._known.pop(subscription, None)

    def _judge(self, known: dict[tuple[str, ...], int], path: tuple[str, ...], report: Report) -> Judged:
        if not isinstance(report, DialogReport | RegistrationReport | ListReport):
            return Judged(report, gap=False)
        key = path if isinstance(report, ListReport) else (*path, report.entity)
        last = known.get(key)
        if not report.full and last is not None and report.version <= last:
            return Judged(None, gap=False)
        if len(known) >= MEMBERS_LIMIT:
            known.clear()
        known[key] = report.version
        gap = not report.full and (last is None or report.version > last + 1)
        if isinstance(report, ListReport):
            resources = []
            for resource in report.resources:
                news, missing = self._members(known, (*path, resource.uri), resource)
                resources.append(news)
                gap |= missing
            report = msgspec.structs.replace(report, resources=tuple(resources))
        return Judged(report, gap)

    def _members(
        self, known: dict[tuple[str, ...], int], path: tuple[str, ...], resource: Resource
    ) -> tuple[Resource, bool]:
        judged = [self._judge(known, path, report) for report in resource.reports]
        news = tuple(one.report for one in judged if one.report is not None)
        if news != resource.reports:
            resource = msgspec.structs.replace(resource, reports=news)
        return resource, any(one.gap for one in judged)
