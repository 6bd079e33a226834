"""Lists (RFC 4662): who is in them, and what is told of whom."""

from __future__ import annotations

import pytest

from adapters.sip.bodies import ACCEPT, BadBody, read
from adapters.sip.reports import DialogReport, ListReport, PresenceReport, Resource
from tests.adapters.sip.shapes import (
    ANNA,
    BORIS,
    DIALOG_INFO,
    PIDF,
    RELATED,
    RLMI,
    a_list,
    asterisk_pidf,
    kamailio_dialog_info,
    multipart,
    resource,
    rlmi,
)


def listed(body: bytes, parameters: dict[str, str] | None = None) -> ListReport:
    (report,) = read("multipart/related", parameters or RELATED, body)
    assert isinstance(report, ListReport)
    return report


def test_a_list_tells_of_each_member() -> None:
    report = listed(
        a_list((ANNA, kamailio_dialog_info()), (BORIS, kamailio_dialog_info(entity=BORIS)), version=3)
    )
    assert (report.full, report.version, report.bad) == (True, 3, ())
    assert [one.uri for one in report.resources] == [ANNA, BORIS]
    assert [one.reports[0].entity for one in report.resources if isinstance(one.reports[0], DialogReport)] == [
        ANNA,
        BORIS,
    ]  # fmt: skip


def test_members_have_names_and_states() -> None:
    body = multipart(
        [
            (
                RLMI,
                "root@x",
                rlmi(
                    resource(ANNA, "Anna\x85Ivanova\u202e", "terminated", reason="noresource"),
                    resource(BORIS, state="pending", reason="x"),
                    resource("sips:103@pbx.example.org:5061", state=""),
                    full="0",
                ),
            )
        ]
    )
    report = listed(body)
    assert not report.full
    assert report.resources == (
        Resource(uri=ANNA, name="Anna Ivanova", state="terminated", reason="noresource"),
        Resource(uri=BORIS, state="pending"),
        Resource(uri="sip:103@pbx.example.org"),
    )


def test_of_several_instances_the_liveliest_is_the_state_and_all_tell() -> None:
    forks = (
        f'<resource uri="{ANNA}"><instance id="1" state="terminated" reason="rejected"/>'
        '<instance id="2" state="active" cid="a@x"/><instance id="3" state="pending" cid="&lt;b@x&gt;"/></resource>'
    )
    body = multipart(
        [
            (RLMI, "root@x", rlmi(forks)),
            (PIDF, "a@x", asterisk_pidf()),
            (PIDF, "b@x", asterisk_pidf("closed")),
        ]
    )
    (member,) = listed(body).resources
    assert (member.state, member.reason) == ("active", None)
    assert [one.open for one in member.reports if isinstance(one, PresenceReport)] == [True, False]


def test_the_root_is_found_by_start_or_by_its_type() -> None:
    body = a_list((ANNA, kamailio_dialog_info()))
    assert len(listed(body, {"boundary": "XbN3k"}).resources) == 1
    two = multipart([(RLMI, "other@x", rlmi()), (RLMI, "root@x", rlmi(resource(ANNA, state="pending")))])
    assert len(listed(two).resources) == 1
    with pytest.raises(BadBody) as refused:
        listed(multipart([(DIALOG_INFO, "root@x", kamailio_dialog_info())]))
    assert refused.value.kind == "body_multipart"


def test_what_is_wrong_with_one_member_takes_nothing_from_the_others() -> None:
    report = listed(a_list((ANNA, b"<broken"), (BORIS, kamailio_dialog_info(entity=BORIS))))
    assert report.bad == ("body_xml",)
    assert [len(one.reports) for one in report.resources] == [0, 1]


def test_a_part_that_is_missing_is_counted_and_one_that_is_used_twice_is_used_once() -> None:
    body = multipart(
        [
            (RLMI, "root@x", rlmi(resource(ANNA, cid="a@x"), resource(BORIS, cid="a@x"))),
            (DIALOG_INFO, "a@x", kamailio_dialog_info()),
        ]
    )
    report = listed(body)
    assert report.bad == ("body_multipart",)
    assert [len(one.reports) for one in report.resources] == [1, 0]


def test_a_list_may_have_lists_in_it() -> None:
    inner = a_list((BORIS, kamailio_dialog_info(entity=BORIS))).replace(b"XbN3k", b"inner")
    body = a_list(
        ("sip:team@pbx.example.org", inner),
        content_type='multipart/related;type="application/rlmi+xml";start="<root@x>";boundary=inner',
    )
    (member,) = listed(body).resources
    (report,) = member.reports
    assert isinstance(report, ListReport)
    assert [one.uri for one in report.resources] == [BORIS]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b' fullState="true"', b""),
        (b' version="0"', b""),
        (b' uri="sip:101@pbx.example.org"', b""),
        (b'id="i-c0@x" ', b""),
        (b'state="active"', b'state="well"'),
    ],
)
def test_a_list_that_says_nothing_is_refused(before: bytes, after: bytes) -> None:
    body = a_list((ANNA, kamailio_dialog_info()))
    assert before in body
    with pytest.raises(BadBody):
        listed(body.replace(before, after, 1))


def test_a_list_without_its_parts_is_refused() -> None:
    with pytest.raises(BadBody) as refused:
        listed(b"no parts at all")
    assert refused.value.kind == "body_multipart"


def test_each_package_says_what_it_takes() -> None:
    assert set(ACCEPT) == {"dialog", "reg", "presence", "as-feature-event"}
    assert all({"multipart/related", RLMI} <= set(types) for types in ACCEPT.values())
