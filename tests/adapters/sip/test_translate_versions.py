"""Old documents are dropped; what is missing is asked for."""

from __future__ import annotations

import pytest

from adapters.sip.reports import (
    DialogReport,
    FeatureReport,
    ListReport,
    PresenceReport,
    RegistrationReport,
    Report,
    Resource,
)
from adapters.sip.translate import Versions, versions
from tests.adapters.sip.shapes import ANNA, BORIS


def dialogs(version: int, full: bool = False, entity: str = ANNA) -> DialogReport:
    return DialogReport(entity=entity, version=version, full=full)


def judged(*reports: Report) -> list[tuple[bool, bool]]:
    """Return for each whether it is news and whether something is missing."""
    known = Versions()
    found = [known.judge("s", report) for report in reports]
    return [(one.report is not None, one.gap) for one in found]


NEWS, GAP, OLD = (True, False), (True, True), (False, False)


@pytest.mark.parametrize(
    ("numbers", "verdicts"),
    [
        ("F0 1 2 3", [NEWS, NEWS, NEWS, NEWS]),
        ("F7 8", [NEWS, NEWS]),
        ("F0 2 3", [NEWS, GAP, NEWS]),
        ("F0 1 1 0 2", [NEWS, NEWS, OLD, OLD, NEWS]),
        ("F5 F9 10", [NEWS, NEWS, NEWS]),
        ("F5 7 F8", [NEWS, GAP, NEWS]),
        ("3 4", [GAP, NEWS]),
        ("F0 F0 F0", [NEWS, NEWS, NEWS]),
        ("F9 F0 1", [NEWS, NEWS, NEWS]),
        (f"F{2**63 - 2} {2**63 - 1}", [NEWS, NEWS]),
    ],
)
def test_partial_documents_count_and_full_ones_are_the_truth(
    numbers: str, verdicts: list[tuple[bool, bool]]
) -> None:
    reports = [dialogs(int(one.removeprefix("F")), one.startswith("F")) for one in numbers.split()]
    assert judged(*reports) == verdicts


def test_each_subscription_counts_for_itself_and_anew() -> None:
    known = Versions()
    known.judge("a", dialogs(5, full=True))
    assert known.judge("b", dialogs(1, full=True)).report is not None
    assert known.judge("b", dialogs(2)).gap is False
    assert known.judge("a", dialogs(3)).report is None
    known.forget("a")
    known.forget("nobody")
    assert known.judge("a", dialogs(3)) == (dialogs(3), True)


def test_registrations_of_one_document_have_one_version() -> None:
    def registration(aor: str, version: int) -> RegistrationReport:
        return RegistrationReport(entity=aor, version=version, full=False)

    assert judged(registration(ANNA, 0), registration(BORIS, 0), registration(ANNA, 1), registration(ANNA, 1)) == [
        GAP,
        GAP,
        NEWS,
        OLD,
    ]  # fmt: skip


def test_what_has_no_version_is_news() -> None:
    assert judged(*[PresenceReport(entity=ANNA)] * 2, *[FeatureReport()] * 2) == [NEWS] * 4


def members(version: int, *told: tuple[str, Report], full: bool = False) -> ListReport:
    resources = tuple(Resource(uri=uri, state="active", reports=(report,)) for uri, report in told)
    return ListReport(full=full, version=version, resources=resources)


def test_the_members_of_a_list_count_for_themselves() -> None:
    known = Versions()
    first = members(0, (ANNA, dialogs(4, True)), (BORIS, dialogs(9, True, BORIS)), full=True)
    assert known.judge("s", first) == (first, False)
    second = members(1, (ANNA, dialogs(5)), (BORIS, dialogs(9, False, BORIS)))
    report, gap = known.judge("s", second)
    assert isinstance(report, ListReport)
    assert ([len(one.reports) for one in report.resources], gap) == ([1, 0], False)
    assert known.judge("s", members(2, (ANNA, dialogs(7)))).gap, "a member's is missing"
    assert known.judge("s", members(4)).gap, "one of the list is missing"
    assert known.judge("s", members(4, (ANNA, dialogs(8)))).report is None
    nested = members(5, ("sip:team@x", members(0, (ANNA, dialogs(0, True)), full=True)))
    assert known.judge("s", nested) == (nested, False)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MEMBERS_LIMIT", 10)
    known = Versions()
    for number in range(1_000):
        known.judge("s", dialogs(0, True, f"sip:{number}@x"))
    assert len(known._known["s"]) <= 10
