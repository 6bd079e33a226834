"""dialog-info: what servers write is read, each in its own way."""

from __future__ import annotations

import pytest

from adapters.sip.bodies import BadBody, read
from adapters.sip.reports import Dialog, DialogReport
from tests.adapters.sip.shapes import DIALOG_INFO, asterisk_dialog_info, kamailio_dialog, kamailio_dialog_info


def dialog_info(body: bytes) -> DialogReport:
    (report,) = read(DIALOG_INFO, {}, body)
    assert isinstance(report, DialogReport)
    return report


def only(body: bytes) -> Dialog:
    (dialog,) = dialog_info(body).dialogs
    return dialog


def test_asterisk_tells_one_dialog_without_a_call() -> None:
    report = dialog_info(asterisk_dialog_info("early", version=7))
    assert report == DialogReport(
        entity="sip:101@192.0.2.10", version=7, full=True, dialogs=(Dialog(id="101", state="early"),)
    )


def test_asterisk_writes_pvalue_where_the_schema_says_pval() -> None:
    assert only(asterisk_dialog_info("confirmed", held=True)).held is True


def test_kamailio_tells_who_calls() -> None:
    report = dialog_info(
        kamailio_dialog_info(
            kamailio_dialog(display="Anna &quot;Ann&quot; O'Brien", event="local-bye", duration="274")
        )
    )
    assert (report.version, report.full, report.entity) == (1, True, "sip:101@pbx.example.org")
    assert report.dialogs == (
        Dialog(
            id="a84b4c76e66710",
            state="confirmed",
            direction="recipient",
            call_id="a84b4c76e66710",
            local_tag="as7d900as8",
            remote_tag="fj3k8",
            remote="+74951234567",
            remote_name='Anna "Ann" O\'Brien',
            since=274.0,
            cause="local-bye",
        ),
    )


def test_no_dialogs_is_an_answer() -> None:
    assert dialog_info(kamailio_dialog_info(version="00000000000")).dialogs == ()


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (("early", "confirmed"), "confirmed"),
        (("confirmed", "early"), "confirmed"),
        (("terminated", "confirmed", "early"), "terminated"),
        (("trying", "proceeding"), "proceeding"),
    ],
)
def test_of_one_dialog_told_more_than_once_the_furthest_state_counts(
    states: tuple[str, ...], state: str
) -> None:
    body = kamailio_dialog_info(*(kamailio_dialog("a", one) for one in states))
    assert [dialog.state for dialog in dialog_info(body).dialogs] == [state]


@pytest.mark.parametrize(("rendering", "held"), [("no", True), ("yes", False), ("unknown", None), ("", None)])
def test_hold_is_what_the_local_side_renders(rendering: str, held: bool | None) -> None:
    assert only(kamailio_dialog_info(kamailio_dialog(rendering=rendering))).held is held


def test_names_of_values_are_of_any_case() -> None:
    body = kamailio_dialog_info(kamailio_dialog("a", "Confirmed", rendering="No"))
    assert only(body.replace(b"+sip.rendering", b"+SIP.Rendering")).held is True


def test_of_one_dialog_told_twice_in_one_state_the_last_counts() -> None:
    body = kamailio_dialog_info(kamailio_dialog("a", rendering="no"), kamailio_dialog("a", rendering="yes"))
    assert only(body).held is False


def test_what_the_other_side_renders_is_not_our_hold() -> None:
    body = kamailio_dialog_info(kamailio_dialog()).replace(
        b"</identity><target uri=",
        b'</identity><target uri="sip:x@y"><param pname="+sip.rendering" pval="no"/></target><target uri=',
        1,
    )
    assert b"rendering" in body
    assert only(body).held is None


@pytest.mark.parametrize(
    ("peer", "number"),
    [
        ("sip:102@pbx.example.org;user=phone", "102"),
        ("102@pbx.example.org", "102"),
        ("&lt;sip:102@pbx.example.org&gt;", "102"),
        ("sips:%2B7495@gw.example.org:5061", "+7495"),
        ("tel:+7-495-123-45-67;phone-context=x", "+74951234567"),
        ("sip:anonymous@anonymous.invalid", None),
        ("sip:Anonymous@gw", None),
        ("sip:gw.example.org", None),
        ("no address at all", None),
        ("", None),
    ],
)
def test_the_other_side_is_a_number_or_a_user(peer: str, number: str | None) -> None:
    assert only(kamailio_dialog_info(kamailio_dialog(peer=peer))).remote == number


def test_the_target_names_the_other_side_where_there_is_no_identity() -> None:
    body = kamailio_dialog_info(kamailio_dialog(peer="sip:102@gw")).replace(
        b"<identity>sip:102@gw</identity>", b""
    )
    assert only(body).remote == "102"


def test_namespaces_are_of_no_matter() -> None:
    prefixed = (
        b'<d:dialog-info xmlns:d="urn:ietf:params:xml:ns:dialog-info" version="3" state="partial"'
        b' entity="sips:101@PBX.example.org" d:version="9"><d:dialog id="1" direction="INITIATOR"><d:state> Trying </d:state>'
        b"</d:dialog><x:dialog xmlns:x='urn:x' id='2'><state>early</state></x:dialog></d:dialog-info>"
    )
    report = dialog_info(prefixed)
    assert (report.version, report.full, report.entity) == (3, False, "sip:101@pbx.example.org")
    assert [(one.id, one.state, one.direction) for one in report.dialogs] == [
        ("1", "trying", "initiator"),
        ("2", "early", None),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b' entity="sip:101@pbx.example.org"', b""),
        (b"sip:101@pbx.example.org", b"nobody at all"),
        (b'state="full"', b""),
        (b'state="full"', b'state="half"'),
        (b'version="1"', b""),
        (b'version="1"', b'version="-1"'),
        (b'version="1"', b'version="1.5"'),
        (b'version="1"', b'version="' + str(2**80).encode() + b'"'),
        (b'version="1"', b'version="' + str(2**63).encode() + b'"'),
        (b'version="1"', 'version="\u0661"'.encode()),
        (b'id="a84b4c76e66710" ', b""),
        (b'id="a84b4c76e66710" ', b'id="" '),
        (b"<state>confirmed</state>", b""),
        (b">confirmed<", b">somehow<"),
        (b"dialog-info", b"dialogue"),
    ],
)
def test_what_is_missing_or_absurd_is_refused_as_a_whole(before: bytes, after: bytes) -> None:
    body = kamailio_dialog_info(kamailio_dialog())
    assert before in body
    with pytest.raises(BadBody) as refused:
        dialog_info(body.replace(before, after))
    assert refused.value.kind == "body_content"
    assert refused.value.why


@pytest.mark.parametrize(
    "duration", ["-1", "1e9", "", "x", "99999999999999999999", "\u0661", str(11 * 366 * 86_400)]
)
def test_a_duration_that_cannot_be_is_left_out(duration: str) -> None:
    assert only(kamailio_dialog_info(kamailio_dialog(duration=duration))).since is None
