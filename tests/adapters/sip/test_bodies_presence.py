"""reginfo, PIDF and as-feature-event: whether somebody is there and takes calls."""

from __future__ import annotations

import pytest

from adapters.sip.bodies import BadBody, read
from adapters.sip.reports import Contact, FeatureReport, PresenceReport, RegistrationReport
from monitor.events import Presence
from tests.adapters.sip.shapes import (
    ANNA,
    BORIS,
    DIALOG_INFO,
    FEATURE,
    PIDF,
    REGINFO,
    agent_event,
    asterisk_dialog_info,
    asterisk_pidf,
    cisco_pidf,
    do_not_disturb,
    multipart,
    not_ready,
    reginfo,
)


def registration(body: bytes) -> RegistrationReport:
    (report,) = read(REGINFO, {}, body)
    assert isinstance(report, RegistrationReport)
    return report


def presence(body: bytes) -> PresenceReport:
    (report,) = read(PIDF, {}, body)
    assert isinstance(report, PresenceReport)
    return report


def features(*bodies: bytes) -> FeatureReport:
    if len(bodies) == 1:
        (report,) = read(FEATURE, {}, bodies[0])
    else:
        (report,) = read(
            "multipart/mixed", {"boundary": "XbN3k"}, multipart([(FEATURE, "", body) for body in bodies])
        )
    assert isinstance(report, FeatureReport)
    return report


# --- reginfo ---------------------------------------------------------------------------------------------


def test_a_registration_has_contacts() -> None:
    assert registration(reginfo(("0x1", "active"), ("0x2", "terminated"), version=4)) == RegistrationReport(
        entity=ANNA,
        version=4,
        full=True,
        contacts=(Contact(id="0x7f6a5c 0x1", active=True), Contact(id="0x7f6a5c 0x2", active=False)),
    )


def test_the_contacts_of_a_registration_that_is_over_are_over() -> None:
    report = registration(reginfo(("0x1", "active"), state="terminated"))
    assert (report.state, [contact.active for contact in report.contacts]) == ("terminated", [False])


def test_several_registrations_of_one_address_are_one_report() -> None:
    one = reginfo(("0x1", "terminated"), state="terminated")
    other = reginfo(("0x1", "active")).partition(b"<registration")[2].partition(b"</reginfo>")[0]
    both = one.replace(b"</reginfo>", b"<registration" + other.replace(b"0x7f6a5c", b"0x9") + b"</reginfo>")
    report = registration(both)
    assert report.state == "active"
    assert report.contacts == (
        Contact(id="0x7f6a5c 0x1", active=False),
        Contact(id="0x9 0x1", active=True),
    )


def test_registrations_of_several_addresses_are_several_reports() -> None:
    other = reginfo(aor=BORIS, state="init").partition(b"<registration")[2].partition(b"</reginfo>")[0]
    body = reginfo(("0x1", "active")).replace(b"</reginfo>", b"<registration" + other + b"</reginfo>")
    assert [(one.entity, one.state) for one in read(REGINFO, {}, body) if isinstance(one, RegistrationReport)] == [
        (ANNA, "active"),
        (BORIS, "init"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'aor="sip:101@pbx.example.org" ', b""),
        (b' id="0x7f6a5c"', b""),
        (b'state="active">\n    <contact', b'state="half">\n    <contact'),
        (b' id="0x1"', b""),
        (b'id="0x1" state="active"', b'id="0x1" state="so so"'),
    ],
)
def test_a_registration_that_says_nothing_is_refused(before: bytes, after: bytes) -> None:
    body = reginfo(("0x1", "active"))
    assert before in body
    with pytest.raises(BadBody):
        registration(body.replace(before, after))


# --- PIDF ------------------------------------------------------------------------------------------------


def test_asterisk_tells_open_and_a_note() -> None:
    assert presence(asterisk_pidf()) == PresenceReport(entity=ANNA, open=True, note="Ready")


def test_asterisk_tells_closed_and_what_the_person_does() -> None:
    report = presence(asterisk_pidf("closed", "On the phone", "busy"))
    assert (report.open, report.activities, report.note) == (False, {"busy"}, "On the phone")
    assert report.do_not_disturb is False


def test_names_of_values_are_of_any_case() -> None:
    assert presence(asterisk_pidf("Open")).open is True
    assert presence(cisco_pidf("e:On-The-Phone", "ce:DND")).activities == {"on-the-phone", "dnd"}


def test_one_open_tuple_is_enough() -> None:
    closed = b'<tuple id="2"><status><basic>closed</basic></status></tuple>'
    assert presence(asterisk_pidf().replace(b"</presence>", closed + b"</presence>")).open is True


def test_without_a_status_nothing_is_told() -> None:
    body = asterisk_pidf().replace(b"<basic>open</basic>", b"")
    assert (presence(body).open, presence(body).do_not_disturb) == (None, None)


@pytest.mark.parametrize(
    ("activities", "on"),
    [
        (("ce:dnd",), True),
        (("e:on-the-phone", "ce:dnd"), True),
        (("e:on-the-phone",), False),
        (("ce:available",), False),
        ((), False),
    ],
)
def test_cisco_tells_do_not_disturb(activities: tuple[str, ...], on: bool) -> None:
    assert presence(cisco_pidf(*activities)).do_not_disturb is on


def test_a_presentity_is_an_address_too() -> None:
    assert presence(asterisk_pidf(entity="pres:101@PBX.example.org")).entity == ANNA


@pytest.mark.parametrize("basic", ["", "away", "openclosed"])
def test_a_status_that_is_neither_is_refused(basic: str) -> None:
    with pytest.raises(BadBody):
        presence(asterisk_pidf(basic))


# --- as-feature-event ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("AgentLoggedOnEvent", "paused"),
        ("AgentLoggedOffEvent", "signed_off"),
        ("AgentReadyEvent", "ready"),
        ("AgentNotReadyEvent", "paused"),
        ("AgentWorkingAfterCallEvent", "wrap_up"),
        ("ForwardingEvent", None),
        ("CallRecordingModeEvent", None),
    ],
)
def test_a_root_names_what_the_agent_decided(root: str, told: Presence | None) -> None:
    assert features(agent_event(root)) == FeatureReport(presence=told)


def test_a_reason_is_in_the_vendor_namespace() -> None:
    assert features(not_ready("1001")) == FeatureReport(presence="paused", reason="1001")
    assert features(not_ready("")) == FeatureReport(presence="paused")


def test_only_a_pause_has_a_reason() -> None:
    assert features(not_ready("7").replace(b"AgentNotReadyEvent", b"AgentReadyEvent")).reason is None


@pytest.mark.parametrize(("text", "on"), [("true", True), ("1", True), ("false", False), (" False ", False)])
def test_do_not_disturb_is_a_feature(text: str, on: bool) -> None:
    assert features(do_not_disturb(text)) == FeatureReport(do_not_disturb=on)


def test_the_first_report_has_several_parts() -> None:
    report = features(do_not_disturb("true"), agent_event("ForwardingEvent"), not_ready("9"))
    assert report == FeatureReport(presence="paused", reason="9", do_not_disturb=True)


@pytest.mark.parametrize("order", [1, -1])
def test_signed_on_says_less_than_what_comes_with_it(order: int) -> None:
    parts = [agent_event("AgentLoggedOnEvent"), agent_event("AgentReadyEvent")]
    assert features(*parts[::order]).presence == "ready"


def test_parts_of_other_types_are_passed_over() -> None:
    body = multipart([("text/plain", "", b"hello"), (FEATURE, "", do_not_disturb("true"))])
    assert read("Multipart/Mixed", {"boundary": "XbN3k"}, body) == (FeatureReport(do_not_disturb=True),)
    body = multipart([(DIALOG_INFO, "", asterisk_dialog_info()), (FEATURE, "", do_not_disturb("true"))])
    assert len(read("multipart/mixed", {"boundary": "XbN3k"}, body)) == 2
    with pytest.raises(BadBody) as refused:
        read("multipart/mixed", {"boundary": "XbN3k"}, multipart([("text/plain", "", b"hello")]))
    assert refused.value.kind == "body_type"


def test_do_not_disturb_has_to_say_which() -> None:
    with pytest.raises(BadBody):
        features(do_not_disturb("perhaps"))
