"""One life with a server, walked through by a scripted one: no sockets, no clock."""

import itertools
import random
from pathlib import Path

import pytest

from adapters.sip.errors import Closed, CredentialsRefused, EverythingRefused, Silent
from adapters.sip.outputs import Count, Outcome, Reported, Synchronised, Up
from adapters.sip.peer import Peer
from adapters.sip.reports import DialogReport, RegistrationReport
from adapters.sip.session import State
from adapters.sip.timeouts import Timeouts
from adapters.sip.transactions import ANSWERS_LIMIT
from adapters.sip_messages.building import response
from adapters.sip_messages.message import parse
from tests.adapters.sip.server import SipServer, dialog, dialog_info
from tests.adapters.sip.talk import ANNA, BORIS, CLARA, PBX, Talk


def many(number: int) -> list[str]:
    return [f"sip:{1000 + index}@{PBX}" for index in range(number)]


LIVELY = Timeouts(idle=1e9, silence=1e9)
"""As if other traffic told all the time that the server lives: no OPTIONS, and no refresh out of turn beside it."""


def settled(**options: object) -> Talk:
    talk = Talk(**options)
    talk.settle()
    return talk


def per_second(talk: Talk, method: str = "SUBSCRIBE") -> int:
    """The most requests in any second, repetitions included."""
    times = [at for at, _ in talk.requests(method)]
    return max(sum(start <= at < start + 1.0 for at in times) for start in times)


# --- the ordinary way ----------------------------------------------------------------------------------------


def test_first_picture_comes_when_everybody_has_answered():
    talk = settled()
    assert [request.method for request in talk.server.asked] == ["OPTIONS", *["SUBSCRIBE"] * 3]
    assert talk.up
    assert talk.of(Synchronised) == [Synchronised(subscriptions=2, granted=2, refused=0)]
    assert talk.reported() == [ANNA, BORIS]
    assert talk.server.statuses() == {200: 2}


def test_each_package_that_is_configured_is_subscribed_to():
    talk = settled(registration="presence", features=True)
    packages = [request.event[0] for request in talk.server.subscribes() if request.get("Authorization")]
    assert sorted(packages) == ["as-feature-event"] * 2 + ["dialog"] * 2 + ["presence"] * 2


def test_subscribe_says_what_is_understood():
    talk = settled()
    asked = talk.server.subscribes()[0]
    assert asked.get("Accept") == "application/dialog-info+xml"
    assert asked.get("Event") == "dialog"
    assert asked.expires == 3600
    assert str(asked.contacts[0].uri) == "sip:monitor@198.51.100.7:5070;transport=udp"
    assert asked.via[0].parameters == {"rport": None, "branch": asked.via[0].branch}


def test_server_without_authentication_is_asked_once_each():
    server = SipServer()
    server.secret = None
    talk = settled(server=server, username=None)
    assert server.count("SUBSCRIBE") == 2
    assert "Authorization" not in str(server.asked[1].headers)
    assert talk.up


def test_server_that_answers_options_but_grants_nothing_is_not_up():
    server = SipServer()
    server.silent = {"SUBSCRIBE"}
    talk = Talk(server=server)
    talk.wait(30)
    assert not talk.up
    assert talk.lost is None
    talk.wait(30)
    assert isinstance(talk.lost.error, EverythingRefused)
    assert "no answer" in talk.lost.error.reason


def test_first_picture_does_not_wait_for_ever():
    server = SipServer()
    talk = Talk(server=server, watch=[ANNA, BORIS, CLARA])
    talk.wait(0.05)
    server.notifies = False
    talk.wait(9.8)
    assert not talk.of(Synchronised)
    talk.wait(0.5)
    assert talk.of(Synchronised) == [Synchronised(subscriptions=3, granted=1, refused=0)]


def test_what_comes_after_the_first_picture_is_told():
    talk = settled()
    before = len(talk.reported())
    talk.hear(*talk.server.tell(ANNA, dialog("1", "confirmed", call_id="c1")))
    assert talk.reported()[before:] == [ANNA]
    assert talk.of(Reported)[-1].at == talk.wall


@pytest.mark.parametrize(("adapts", "contact"), [(True, "203.0.113.5:4711"), (False, "198.51.100.7:5070")])
def test_address_that_the_server_sees_is_told_unless_one_is_configured(adapts, contact):
    server = SipServer()
    server.sees = ("203.0.113.5", 4711)
    settled(server=server, adapts=adapts)
    assert {str(asked.contacts[0].uri) for asked in server.subscribes()} == {
        f"sip:monitor@{contact};transport=udp"
    }


# --- authentication ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256", "MD5"), ("SHA-512-256",), ("SHA-999", "MD5")])
def test_topmost_known_algorithm_wins(algorithms):
    server = SipServer()
    if "SHA-999" not in algorithms:
        server.algorithms = algorithms
    talk = settled(server=server)
    assert talk.up


def test_known_nonce_is_used_in_advance():
    talk = settled(watch=many(50))
    assert talk.server.count("SUBSCRIBE") == 51  # one of them was challenged
    counts = [request.get("Authorization") for request in talk.server.subscribes()[1:]]
    assert len(set(counts)) == 50


def test_stale_nonce_is_replaced_without_notice():
    server = SipServer()
    server.nonce_lifetime = 45.0
    talk = settled(server=server)
    talk.wait(200)
    assert talk.lost is None
    assert not talk.unknown()
    assert len(server.subscriptions) == 2


def test_wrong_password_is_tried_once_and_said():
    talk = Talk(secret="wrong", watch=many(100))
    talk.wait(1)
    assert isinstance(talk.lost.error, CredentialsRefused)
    assert "secret" in talk.lost.error.remedy
    with_proof = [request for request in talk.server.subscribes() if request.get("Authorization")]
    assert len(with_proof) == 1
    assert not talk.up


def test_secret_is_in_no_output_and_no_message():
    talk = settled()
    assert "s3cret" not in str(talk.outputs) + repr(talk.session._plan)
    assert not any(b"s3cret" in data for _, data, _ in talk.sent)


def test_server_that_wants_a_user_without_one_configured():
    talk = Talk(username=None)
    talk.wait(1)
    assert isinstance(talk.lost.error, CredentialsRefused)
    assert "give `username`" in talk.lost.error.remedy


def test_server_that_lets_nobody_answer():
    talk = Talk(begin=False)
    basic = ("WWW-Authenticate", 'Basic realm="x"')
    talk.server.receive = lambda data: [_refused(parse(data), 401, basic)]
    talk.exchange()
    talk.wait(1)
    assert isinstance(talk.lost.error, CredentialsRefused)
    assert "digest" in talk.lost.error.remedy


# --- refreshing ----------------------------------------------------------------------------------------------


def test_each_subscription_is_refreshed_at_the_configured_interval():
    talk = settled(reconcile_interval=60, timeouts=LIVELY)
    before = talk.server.count("SUBSCRIBE")
    talk.wait(60)
    assert talk.server.count("SUBSCRIBE") == before + 2
    assert all(request.to.tag for request in talk.server.subscribes()[before:])


def test_refresh_comes_before_expiry():
    server = SipServer()
    server.most_expires = 40
    talk = settled(server=server, reconcile_interval=3_600, timeouts=LIVELY)
    call_ids = set(server.subscriptions)
    talk.wait(300)
    assert set(server.subscriptions) == call_ids  # none ran out
    assert talk.server.count("SUBSCRIBE") == pytest.approx(3 + 2 * 10, abs=2)
    assert not talk.unknown()


def test_expiry_in_notify_counts():
    talk = settled(reconcile_interval=3_600, timeouts=LIVELY)
    held = talk.server.of(ANNA)
    talk.hear(talk.server.notify(held, "active;expires=20"))
    talk.wait(15.5)
    assert [request.to.uri.aor for request in talk.server.subscribes()[3:]] == [ANNA]


def test_423_is_followed():
    server = SipServer()
    server.min_expires = server.most_expires = 7_200
    talk = settled(server=server)
    assert {request.expires for request in server.subscribes()[-1:]} == {7_200}
    assert talk.of(Synchronised)[0].granted == 2


def test_423_without_end_is_a_refusal():
    server = SipServer()
    server.refused = {ANNA: (423, {"Min-Expires": "999999999"})}
    talk = settled(server=server)
    assert talk.of(Synchronised) == [Synchronised(subscriptions=2, granted=1, refused=1)]
    assert {one.expires for one in server.subscribes()} == {3_600}


def test_compared_state_is_marked():
    talk = settled(timeouts=LIVELY)
    assert not any(one.compared for one in talk.of(Reported))
    talk.wait(61)
    assert [one.compared for one in talk.of(Reported)][2:] == [True, True]
    talk.hear(*talk.server.tell(ANNA))
    assert not talk.of(Reported)[-1].compared


def test_change_that_is_announced_while_a_refresh_is_under_way_was_not_missed():
    talk = settled(timeouts=LIVELY, watch=[ANNA])
    talk.server.silent = {"SUBSCRIBE"}
    talk.wait(60.2)
    assert talk.requests()[-1][1].to.tag, "a refresh is under way"
    talk.hear(*talk.server.tell(ANNA, dialog("1", "confirmed", call_id="c")))
    talk.server.silent = set()
    talk.wait(1)
    talk.hear(*talk.server.tell(ANNA))
    assert [one.compared for one in talk.of(Reported)] == [False] * 4


@pytest.mark.parametrize(
    ("place", "seconds"),
    [
        *itertools.product(["answer", "notify"], ["0", str(2**31), str(2**32 - 1)]),
        ("notify", str(2**32)),
        ("notify", "9" * 30),
    ],
)
def test_absurd_expiry_neither_ends_the_refreshes_nor_makes_a_storm(place, seconds):
    talk = Talk(timeouts=LIVELY, watch=[ANNA], begin=False)
    granted = talk.server._granted

    def absurd(asked, held):
        accepted, told = granted(asked, held)
        if place == "answer":
            return [accepted.replace(b"Expires: 3600", f"Expires: {seconds}".encode()), told]
        return [accepted, told.replace(b"expires=3600", f"expires={seconds}".encode())]

    talk.server._granted = absurd
    talk.exchange()
    talk.wait(3_600)
    asked = talk.server.count("SUBSCRIBE")
    talk.wait(300)
    assert talk.server.count("SUBSCRIBE") - asked in {5, 6}  # one of them may meet a stale nonce
    assert talk.unknown() == []


@pytest.mark.parametrize("header", ["Min-Expires", "Retry-After"])
def test_absurd_refusal_of_a_refresh_is_not_for_ever(header):
    server = SipServer()
    server.most_expires = 86_400
    talk = settled(server=server, timeouts=LIVELY, watch=[ANNA], expires=86_400)
    refresh = talk.server._refresh
    status = 423 if header == "Min-Expires" else 503
    talk.server._refresh = lambda asked: [_refused(asked, status, (header, str(2**31)))]
    talk.wait(61)
    talk.server._refresh = refresh
    asked = talk.server.count("SUBSCRIBE")
    talk.wait(3_700)
    assert talk.server.count("SUBSCRIBE") > asked
    talk.hear(*talk.server.tell(ANNA, dialog("1", "early", call_id="c")))
    assert talk.of(Reported)[-1].report.dialogs


def test_requests_within_a_dialog_go_to_the_contact_as_it_is_written():
    """RFC 3261 §12.2.1.1: whoever gave it must find it again."""
    server = SipServer()
    server.contact = "sip:PBX;x=%41:q@192.0.2.1:5060;Transport=UDP;Node=7"
    talk = settled(server=server, watch=[ANNA], timeouts=LIVELY)
    talk.wait(61)
    assert server.subscribes()[-1].to.tag
    assert server.subscribes()[-1].uri == server.contact


def test_refresh_that_fails_for_now_leaves_the_subscription_alive():
    talk = settled()
    talk.server._refresh = lambda asked: [_refused(asked, 503)]
    talk.wait(70)
    assert not talk.unknown()
    talk.hear(*talk.server.tell(ANNA))
    assert talk.server.statuses()[200] == len(talk.server.answers)


def _refused(asked, status, *headers):
    return response(asked, status, to_tag="t", headers=list(headers))


def test_version_gap_asks_for_the_full_state_at_once():
    talk = settled()
    held = talk.server.of(ANNA)
    held.version += 3
    body = dialog_info(ANNA, held.version, dialog("1", "early", call_id="c"), full=False)
    before = talk.server.count("SUBSCRIBE")
    talk.hear(talk.server.notify(held, body=body))
    talk.wait(0.2)
    assert talk.counted("gap") == 1
    assert talk.server.count("SUBSCRIBE") == before + 1
    assert talk.of(Reported)[-1].report.full


def test_a_server_whose_versions_always_jump_is_not_asked_each_time():
    talk = settled(timeouts=LIVELY)
    held = talk.server.of(ANNA)
    before = talk.server.count("SUBSCRIBE")
    for _ in range(100):
        held.version += 3
        body = dialog_info(ANNA, held.version, dialog("1", "early", call_id="c"), full=False)
        talk.hear(talk.server.notify(held, body=body))
        talk.wait(0.1)
    assert talk.counted("gap") == 100
    assert talk.server.count("SUBSCRIBE") - before in {2, 3}
    asked = talk.server.count("SUBSCRIBE")
    talk.wait(6)
    assert talk.server.count("SUBSCRIBE") == asked + 1, "the last one is not forgotten"


@pytest.mark.parametrize(
    ("package", "registration", "told"),
    [
        ("dialog", "none", DialogReport(entity=ANNA, version=0, full=True)),
        ("reg", "reg", RegistrationReport(entity=ANNA, version=0, full=True, state="init")),
    ],
)
def test_no_body_is_the_neutral_state(package, registration, told):
    """Kamailio's, of a phone that never called or registered."""
    talk = settled(registration=registration)
    talk.hear(talk.server.notify(talk.server.of(ANNA, package), body=b""))
    assert talk.of(Reported)[-1].report == told
    assert not talk.unknown()


def test_no_body_while_pending_says_nothing():
    talk = settled()
    talk.hear(talk.server.notify(talk.server.of(ANNA), "pending;expires=600", b""))
    assert talk.unknown() == [ANNA]


def test_no_presence_document_says_nothing():
    talk = settled(registration="presence")
    talk.hear(talk.server.notify(talk.server.of(ANNA, "presence"), body=b""))
    assert talk.unknown() == [ANNA]


def test_reginfo_without_a_registration_says_that_there_is_none():
    talk = settled(registration="reg")
    body = b'<?xml version="1.0"?><reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full"/>'
    talk.hear(talk.server.notify(talk.server.of(ANNA, "reg"), body=body))
    assert talk.of(Reported)[-1].report == RegistrationReport(entity=ANNA, version=0, full=True, state="init")


# --- what servers refuse -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 410, 405, 603])
def test_refused_endpoint_is_unknown_and_the_others_live_on(status):
    server = SipServer()
    server.refused = {ANNA: (status, {})}
    talk = settled(server=server)
    assert talk.of(Synchronised) == [Synchronised(subscriptions=2, granted=1, refused=1)]
    refusal = next(one for one in talk.of(Outcome) if not one.granted)
    assert (refusal.endpoint, refusal.answer[:3]) == (ANNA, str(status))
    assert ANNA not in talk.reported()
    assert refusal.again == pytest.approx(120)
    asked = sum(one.to.uri.aor == ANNA for one in server.subscribes())
    talk.wait(100)
    assert sum(one.to.uri.aor == ANNA for one in server.subscribes()) == asked
    server.refused = {}
    talk.wait(200)
    assert talk.of(Outcome)[-1].granted
    assert talk.reported()[-1] in {ANNA, BORIS}
    assert ANNA in talk.reported()


def test_489_is_not_tried_again():
    server = SipServer()
    server.refused = {"presence": (489, {})}
    talk = settled(server=server, registration="presence")
    assert talk.of(Synchronised) == [Synchronised(subscriptions=4, granted=2, refused=2)]
    refusal = next(one for one in talk.of(Outcome) if not one.granted)
    assert refusal.again is None
    assert "presence" in refusal.remedy
    server.refused = {}
    before = [one.event[0] for one in server.subscribes()].count("presence")
    talk.wait(7_200)
    assert [one.event[0] for one in server.subscribes()].count("presence") == before


@pytest.mark.parametrize("status", [404, 480, 500, 503])
def test_retry_after_is_kept(status):
    server = SipServer()
    server.refused = {ANNA: (status, {"Retry-After": "120"})}
    talk = settled(server=server)
    asked = [at for at, one in talk.requests() if one.to.uri.aor == ANNA][-1]
    server.refused = {}
    talk.wait(130)
    again = [at for at, one in talk.requests() if one.to.uri.aor == ANNA and one.to.tag is None][-1]
    assert again - asked == pytest.approx(120, abs=0.2)


def test_503_without_retry_after_is_tried_again_ever_later():
    server = SipServer()
    server.refused = {ANNA: (503, {})}
    talk = settled(server=server)
    talk.wait(400)
    times = [at for at, one in talk.requests() if one.to.uri.aor == ANNA]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times[1:])]
    assert gaps == pytest.approx([30, 60, 120, 120], abs=0.3)


def test_everything_refused_is_lost_with_a_remedy():
    server = SipServer()
    server.refused = {"dialog": (403, {})}
    talk = Talk(server=server)
    talk.wait(2)
    assert isinstance(talk.lost.error, EverythingRefused)
    assert "403" in talk.lost.error.reason
    assert "allow_subscribe" in talk.lost.error.remedy
    assert not talk.up


# --- terminated ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["deactivated", "timeout", "something-new", ""])
def test_terminated_subscription_is_made_anew_at_once(reason):
    talk = settled()
    talk.wait(40)
    held = talk.server.of(ANNA)
    state = f"terminated;reason={reason}" if reason else "terminated"
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, state, b""))
    talk.wait(0.2)
    assert talk.server.of(ANNA).call_id != held.call_id
    assert not talk.unknown()


@pytest.mark.parametrize(
    ("reason", "seconds"), [("probation;retry-after=70", 70), ("giveup", 30), ("giveup;retry-after=50", 50)]
)
def test_terminated_for_a_while(reason, seconds):
    talk = settled()
    held = talk.server.of(ANNA)
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, f"terminated;reason={reason}", b""))
    assert talk.unknown() == [ANNA]
    before = len(talk.requests())
    talk.wait(seconds - 0.5)
    assert [one for _, one in talk.requests()[before:] if one.to.uri.aor == ANNA] == []
    talk.wait(1)
    assert talk.server.of(ANNA)


@pytest.mark.parametrize("reason", ["rejected", "noresource"])
def test_terminated_for_good_is_asked_for_again_only_after_a_long_while(reason):
    talk = settled()
    held = talk.server.of(ANNA)
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, f"terminated;reason={reason};retry-after=5", b""))
    assert talk.unknown() == [ANNA]
    talk.wait(110)
    assert ANNA not in [held.aor for held in talk.server.subscriptions.values()]
    talk.wait(20)
    assert talk.server.of(ANNA)


@pytest.mark.parametrize("reason", ["invariant", "Invariant"])
def test_invariant_state_stays_known(reason):
    talk = settled()
    held = talk.server.of(ANNA)
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, f"terminated;reason={reason}"))
    talk.wait(20)
    assert talk.unknown() == []
    assert ANNA not in [one.aor for one in talk.server.subscriptions.values()], "and is not asked for again"


def test_server_that_ends_every_subscription_is_not_stormed():
    talk = settled(watch=[ANNA])

    def granted(asked, held):
        del talk.server.subscriptions[held.call_id]
        return [_refused(asked, 200), talk.server.notify(held, "terminated;reason=deactivated", b"")]

    held = talk.server.of(ANNA)
    talk.server._granted = granted
    talk.hear(talk.server.notify(held, "terminated;reason=deactivated", b""))
    before = len(talk.requests())
    talk.wait(120)
    assert len(talk.requests()) - before < 15
    assert talk.unknown() == [ANNA]


def test_ended_subscription_that_is_not_granted_anew_is_unknown_after_a_grace():
    talk = settled()
    held = talk.server.of(ANNA)
    del talk.server.subscriptions[held.call_id]
    talk.server.notifies = False
    talk.hear(talk.server.notify(held, "terminated;reason=deactivated", b""))
    talk.wait(3.9)
    assert talk.unknown() == []
    talk.wait(0.2)
    assert talk.unknown() == [ANNA]


def test_pending_tells_nothing():
    talk = settled()
    talk.hear(talk.server.notify(talk.server.of(ANNA), "pending;expires=60"))
    assert talk.unknown() == [ANNA]
    assert len(talk.reported()) == 2


# --- dialogs -------------------------------------------------------------------------------------------------


def test_notify_before_the_answer_makes_the_dialog():
    server = SipServer()
    server.notify_first = True
    talk = settled(server=server)
    assert server.statuses() == {200: 2}
    talk.hear(*server.tell(ANNA))
    assert server.statuses() == {200: 3}


def test_subscription_lives_by_notify_alone():
    talk = Talk(begin=False)
    granted = talk.server._granted
    talk.server._granted = lambda asked, held: granted(asked, held)[1:]  # the 200 is lost
    talk.exchange()
    talk.settle()
    talk.wait(50)
    assert not talk.unknown()
    talk.hear(*talk.server.tell(ANNA))
    assert talk.server.statuses()[200] == len(talk.server.answers)


def test_second_fork_is_refused():
    talk = settled()
    held = talk.server.of(ANNA)
    before = len(talk.reported())
    talk.hear(talk.server.notify(held, from_tag="another", cseq=1))
    assert talk.server.answers[-1].status == 481
    assert talk.counted("forked") == 1
    assert len(talk.reported()) == before


def test_notify_for_another_tag_of_ours_is_no_part_of_the_dialog():
    talk = settled()
    held = talk.server.of(ANNA)
    held.remote = "guessed"
    before = len(talk.outputs)
    talk.hear(talk.server.notify(held))
    assert talk.server.answers[-1].status == 481
    assert talk.outputs[before:] == [Count("unknown_dialog")]


def test_repeated_notify_is_answered_from_memory_and_applied_once():
    talk = settled()
    data = talk.server.tell(ANNA)[0]
    before = len(talk.reported())
    talk.hear(data, data, data)
    assert len(talk.reported()) == before + 1
    first, *others = talk.server.answers[-3:]
    assert [answer.status for answer in (first, *others)] == [200] * 3
    assert {answer.headers for answer in others} == {first.headers}


def test_old_cseq_is_out_of_order():
    talk = settled()
    held = talk.server.of(ANNA)
    talk.hear(talk.server.notify(held), talk.server.notify(held, cseq=1))
    assert talk.server.answers[-1].status == 500
    assert talk.counted("out_of_order") == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"event": "presence"}, 489),
        ({"state": ";"}, 400),
        ({"content_type": "text/html"}, 415),
        ({"body": b"<dialog-info", "content_type": "application/dialog-info+xml"}, 400),
        ({"extra": (("Require", "eventlist, gruu"),)}, 420),
        ({"extra": (("Content-Encoding", "gzip"),)}, 415),
    ],
)
def test_wrong_notify_gets_its_answer(change, status):
    talk = settled()
    before = len(talk.reported())
    talk.hear(talk.server.notify(talk.server.of(ANNA), **change))
    assert talk.server.answers[-1].status == status
    assert len(talk.reported()) == before
    names = {489: "Allow-Events", 415: "Accept", 420: "Unsupported"}
    if status in names and "Content-Encoding" not in str(change):
        assert talk.server.answers[-1].get(names[status])


def test_unreadable_state_is_unknown():
    talk = settled()
    talk.hear(talk.server.notify(talk.server.of(ANNA), body=b"<dialog-info"))
    assert talk.unknown() == [ANNA]


def test_481_to_a_refresh_makes_a_new_subscription_and_asks_after_all_others():
    talk = settled(watch=many(40))
    old = set(talk.server.subscriptions)
    held = next(iter(talk.server.subscriptions.values()))
    held.version += 3
    body = dialog_info(held.aor, held.version, dialog("1", "early", call_id="c"), full=False)
    late = talk.server.notify(held, body=body)  # its gap makes us refresh that one subscription
    talk.server.restart()
    talk.wait(5)
    before = len(talk.requests())
    talk.hear(late)
    talk.wait(6)
    assert len(talk.requests()) - before <= 83
    assert len(talk.server.subscriptions) == 40
    assert not old & set(talk.server.subscriptions)
    assert not talk.unknown()
    assert talk.lost is None


# --- loss, silence -------------------------------------------------------------------------------------------


def test_request_is_repeated_until_answered():
    talk = settled(watch=[ANNA], timeouts=LIVELY)
    talk.server.silent = {"SUBSCRIBE"}
    talk.wait(60)
    start = talk.requests()[-1][0]
    talk.wait(33)
    times = [at for at, one in talk.requests() if at >= start - 33]
    first = times.index(next(at for at in times if at > 150))
    gaps = [round(b - a, 2) for a, b in itertools.pairwise(times[first:])]
    assert gaps[:8] == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    assert not talk.unknown()  # it lives until it expires


def test_accepted_without_notify_is_given_up_after_timer_n():
    server = SipServer()
    talk = Talk(server=server)
    granted = server._granted
    server._granted = lambda asked, held: (
        granted(asked, held)[:1] if held.aor == BORIS else granted(asked, held)
    )
    talk.settle()
    talk.wait(40)
    refusal = next(one for one in talk.of(Outcome) if not one.granted)
    assert (refusal.endpoint, refusal.answer) == (BORIS, "accepted, but no NOTIFY came")


def test_silence_is_loss_within_four_seconds():
    talk = settled()
    talk.wait(10)
    talk.deaf = True
    asked = len(talk.requests("OPTIONS"))
    heard = talk.session._keepalive.heard_now
    talk.wait(5)
    assert isinstance(talk.lost.error, Silent)
    assert talk.lost.heard_at == pytest.approx(talk.wall - talk.now + heard)
    assert 2 <= len(talk.requests("OPTIONS")) - asked <= 4
    assert talk.session.next_deadline() == float("inf")


def test_loss_is_noticed_in_time():
    talk = settled()
    talk.deaf = True
    talk.wait(3.99 - (talk.now - talk.session._keepalive.heard_now))
    assert talk.lost is None
    talk.wait(0.02)
    assert talk.lost


def test_server_whose_answers_can_not_be_read_lives():
    talk = settled()
    talk.deaf = True
    for _ in range(10):
        talk.wait(1)
        talk.hear(b"SIP/2.0 200 OK\r\nVia: nonsense\r\n\r\n")
    assert talk.counted("malformed") == 10
    assert talk.lost is None


@pytest.mark.parametrize("what", ["stray", "malformed", "options", "publish", "blank", "notify", "replay"])
def test_what_anybody_on_its_host_can_say_does_not_keep_a_dead_server_alive(what):
    talk = settled(push={"username": "pusher", "secret": "pu5h"}, push_secret="pu5h")
    server = talk.server
    held = server.of(ANNA)
    old = server.notify(held)
    talk.hear(old)
    talk.deaf = True
    asked = server.request("OPTIONS", "sip:x@y")
    held.call_id = "another"
    for number in range(10):
        talk.wait(0.5)
        said = {
            "stray": response(parse(asked), 200, to_tag="z"),
            "malformed": b"SIP/2.0 200 OK\r\nVia: nonsense\r\n\r\n",
            "options": server.request("OPTIONS", "sip:x@y"),
            "publish": server.request("PUBLISH", ANNA, ("Event", "dialog")),
            "blank": b"\r\n\r\n",
            "notify": server.notify(held),
            "replay": old.replace(b"branch=", f"branch={number}".encode()),
        }[what]
        talk.hear(said, peer=Peer("udp", server.host, 9))
    assert isinstance(talk.lost.error, Silent)


def test_notify_in_a_dialog_is_a_sign_of_life_from_any_port():
    talk = settled(timeouts=Timeouts(idle=1e9))
    held = talk.server.of(ANNA)
    talk.server.silent = {"OPTIONS", "SUBSCRIBE"}
    for _ in range(10):
        talk.wait(1)
        talk.hear(talk.server.notify(held), peer=Peer("udp", talk.server.host, 9))
    assert talk.lost is None


def test_server_that_wants_ever_longer_times_is_not_followed():
    talk = Talk(watch=[ANNA], expires=60, begin=False)
    talk.server.secret = None
    talk.server._subscribe = lambda asked: [
        response(asked, 423, to_tag="t", headers=[("Min-Expires", str(asked.expires + 1))])
    ]
    talk.exchange()
    talk.wait(30)
    assert talk.server.count("SUBSCRIBE") == 3
    assert "423" in talk.lost.error.reason


def test_weaker_proof_is_refused_once_a_stronger_one_was_good():
    talk = settled(watch=[ANNA], expires=90)
    talk.server.algorithms = ("MD5",)
    talk.server._verifier = None
    sent = len(talk.sent)
    talk.wait(400)
    proofs = [one.get("Authorization") or "" for _, one in talk.requests()]
    assert "algorithm=SHA-256" in "".join(proofs)
    assert "algorithm=MD5" not in "".join(proofs)
    assert len(talk.sent) > sent
    assert talk.counted("weak_challenge") >= 1
    refusal = talk.of(Outcome)[-1]
    assert "weaker proof" in refusal.answer
    assert "restart" in refusal.remedy


def test_words_of_the_server_are_cleaned_and_cut():
    talk = Talk(watch=[ANNA], begin=False)
    talk.server.secret = None
    talk.server._subscribe = lambda asked: [
        response(asked, 403, to_tag="t", reason="\u202ekool" + "R" * 7_000)
    ]
    talk.exchange()
    assert "\u202e" not in talk.lost.error.reason
    assert len(talk.lost.error.reason) < 600
    talk = Talk(watch=[ANNA], begin=False)
    subscribe = talk.server._subscribe
    long = b"\xe2\x80\xaex" + b"S" * 7_000
    talk.server._subscribe = lambda asked: [one.replace(b"Testbed 1.0", long) for one in subscribe(asked)]
    talk.exchange()
    talk.wait(1)
    (up,) = talk.of(Up)
    assert up.software.startswith("xSSS")
    assert len(up.software) < 600


def test_server_that_never_answered_is_lost_too():
    server = SipServer()
    server.silent = {"OPTIONS"}
    talk = Talk(server=server)
    talk.wait(4.1)
    assert isinstance(talk.lost.error, Silent)
    assert talk.lost.heard_at is None
    assert server.count("SUBSCRIBE") == 0


def test_lost_datagrams_do_no_harm():
    rng = random.Random(5)
    talk = Talk(watch=many(20), begin=False)
    receive, hear = talk.server.receive, talk.session.receive
    talk.server.receive = lambda data: receive(data) if rng.random() > 0.25 else []
    talk.session.receive = lambda *all_of: hear(*all_of) if rng.random() > 0.25 else None
    talk.exchange()
    talk.wait(400)
    assert talk.session.state is State.UP or isinstance(talk.lost.error, Silent)


def test_standing_still_ourselves_is_no_silence_of_the_server():
    talk = settled()
    talk.now += 60
    talk.session.tick(talk.now, talk.wall)
    talk.exchange()
    talk.wait(10)
    assert talk.lost is None


def test_closed_connection_ends_it():
    talk = settled()
    talk.session.closed(Closed("the server closed the connection"))
    talk.collect()
    assert isinstance(talk.lost.error, Closed)
    talk.hear(*talk.server.tell(ANNA))
    assert talk.reported() == [ANNA, BORIS]


# --- pace ----------------------------------------------------------------------------------------------------


def test_hundreds_of_subscriptions_are_paced():
    talk = settled(watch=many(300))
    assert per_second(talk) <= 22
    assert talk.of(Synchronised)[0].granted == 300
    assert 14 <= talk.now - 100 <= 17


def test_no_storm_when_the_server_forgot_everything():
    talk = settled(watch=many(200))
    talk.sent.clear()
    talk.server.restart()
    talk.wait(120)
    assert per_second(talk) <= 22
    assert len(talk.server.subscriptions) == 200


def test_no_storm_when_the_server_ends_everything():
    talk = settled(watch=many(200))
    talk.wait(40)
    talk.sent.clear()
    held = list(talk.server.subscriptions.values())
    talk.server.subscriptions.clear()
    talk.hear(*(talk.server.notify(one, "terminated;reason=deactivated", b"") for one in held))
    talk.wait(30)
    assert per_second(talk) <= 22
    assert len(talk.server.subscriptions) == 200
    assert set(talk.unknown()) < set(many(200))  # those that waited longer than the grace


def test_no_storm_into_silence():
    talk = Talk(watch=many(300))
    talk.wait(5)
    talk.deaf = True
    talk.sent.clear()
    talk.wait(5)
    assert talk.lost
    assert per_second(talk) <= 45  # those under way are repeated


def test_refreshes_of_many_are_paced_and_none_expires():
    server = SipServer()
    server.most_expires = 60
    talk = settled(server=server, watch=many(200), reconcile_interval=3_600, pace=10)
    calls = set(server.subscriptions)
    talk.sent.clear()
    talk.wait(200)
    assert per_second(talk) <= 12
    assert set(server.subscriptions) == calls


# --- others' requests ----------------------------------------------------------------------------------------


def ask(
    talk: Talk, method: str, *headers: tuple[str, str], uri: str = "sip:monitor@198.51.100.7:5070", **more
):
    before = len(talk.server.answers)
    talk.hear(talk.server.request(method, uri, *headers, **more))
    return talk.server.answers[before] if len(talk.server.answers) > before else None


@pytest.mark.parametrize(
    "method", ["INVITE", "MESSAGE", "REGISTER", "BYE", "REFER", "SUBSCRIBE", "PUBLISH", "FOO"]
)
def test_other_methods_are_not_allowed(method):
    talk = settled()
    answer = ask(talk, method)
    assert answer.status == 405
    assert answer.get("Allow") == "OPTIONS, NOTIFY"
    assert answer.to.tag


def test_options_are_answered():
    talk = settled()
    answer = ask(talk, "OPTIONS")
    assert answer.status == 200
    assert "application/dialog-info+xml" in answer.get("Accept")
    assert "dialog" in answer.get("Allow-Events")
    assert answer.get("Supported") == "eventlist"


def test_cancel_belongs_to_nothing_and_ack_gets_nothing():
    talk = settled()
    assert ask(talk, "CANCEL").status == 481
    assert ask(talk, "ACK") is None


def test_unknown_scheme_and_unknown_extension():
    talk = settled()
    assert ask(talk, "OPTIONS", uri="http:x").status == 416
    answer = ask(talk, "OPTIONS", ("Require", "100rel, eventlist"))
    assert (answer.status, answer.get("Unsupported")) == (420, "100rel")


def test_notify_of_no_subscription_is_refused():
    talk = settled()
    before = list(talk.outputs)
    answer = ask(talk, "NOTIFY", ("Event", "dialog"), ("Subscription-State", "active"))
    assert answer.status == 481
    assert talk.outputs[len(before) :] == [Count("unknown_dialog")]


def test_malformed_request_of_the_server_gets_400():
    talk = settled()
    data = talk.server.request("OPTIONS", "sip:x@y").replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE")
    talk.hear(data)
    assert talk.server.answers[-1].status == 400
    talk.hear(b"SIP/2.0 200 OK\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n")
    assert talk.counted("malformed") == 3
    talk.hear(b"", b"\r\n\r\n", b"\x00" * 100)  # keep-alives
    assert talk.counted("malformed") == 3


def test_wrong_version_gets_505():
    talk = settled()
    talk.hear(talk.server.request("OPTIONS", "sip:x@y").replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1))
    assert talk.server.answers[-1].status == 505


def test_strangers_get_no_answer_and_change_nothing():
    talk = settled()
    held = talk.server.of(ANNA)
    sent, before = len(talk.sent), len(talk.outputs)
    stranger = Peer("udp", "203.0.113.9", 5060)
    talk.hear(
        talk.server.notify(held),
        talk.server.request("OPTIONS", "sip:x@y"),
        b"junk",
        bytes(65_000),
        peer=stranger,
    )
    assert len(talk.sent) == sent
    assert talk.outputs[before:] == [Count("stranger", address="203.0.113.9")] * 4


def test_strangers_do_not_keep_a_dead_server_alive():
    talk = settled()
    talk.deaf = True
    for _ in range(50):
        talk.wait(0.1)
        talk.hear(talk.server.request("OPTIONS", "sip:x@y"), peer=Peer("udp", "203.0.113.9", 5060))
    assert talk.lost


def test_stray_response_is_counted():
    talk = settled()
    data = talk.server.request("OPTIONS", "sip:x@y")
    talk.hear(response(parse(data), 200, to_tag="z"))
    assert talk.counted("stray_response") == 1


def test_answer_goes_back_where_the_request_came_from():
    talk = settled()
    other = Peer("udp", talk.server.host, 40_000)
    talk.hear(talk.server.request("OPTIONS", "sip:x@y"), peer=other)
    assert talk.sent[-1][2] == other  # rport
    data = talk.server.request("OPTIONS", "sip:x@y").replace(b";rport", b"")
    talk.hear(data, peer=other)
    assert talk.sent[-1][2] == Peer("udp", talk.server.host, 5060)  # the port in Via
    data = data.replace(b"192.0.2.1:5060", b"203.0.113.1:99")
    talk.hear(data, peer=other)
    assert talk.sent[-1][2].host == talk.server.host  # never another address


def test_junk_of_any_kind_is_survived():
    rng = random.Random(1)
    talk = settled()
    valid = [talk.server.notify(talk.server.of(ANNA)), talk.server.request("OPTIONS", "sip:x@y")]
    for _ in range(3_000):
        data = bytearray(rng.choice(valid))
        for _ in range(rng.randrange(1, 8)):
            place = rng.randrange(len(data))
            data[place : place + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
        talk.session.receive(bytes(data), talk.peer, talk.now, talk.wall)
    talk.collect()  # our answers repeat what was broken: nothing that the scripted server could read
    talk.wait(10)
    assert talk.lost is None


TORTURE = sorted((Path(__file__).parent.parent / "sip_messages" / "rfc4475").glob("*.dat"))


@pytest.mark.parametrize("path", TORTURE, ids=lambda path: path.stem)
def test_torture_messages_change_nothing(path):
    talk = settled()
    before, sent = len(talk.outputs), len(talk.sent)
    data = path.read_bytes()
    talk.session.receive(data, talk.peer, talk.now, talk.wall)
    talk.collect()
    assert all(isinstance(output, Count) for output in talk.outputs[before:])
    answers = [data.split(b" ")[1] for _, data, _ in talk.sent[sent:]]
    assert len(answers) <= 1
    assert all(status[:1] in {b"2", b"4", b"5"} for status in answers)
    if b"200" in answers:
        assert data.startswith(b"OPTIONS ")
    talk.wait(3)
    assert talk.lost is None


def test_there_are_torture_messages():
    assert len(TORTURE) == 49


def test_whatever_else_is_asked_a_repeated_notify_is_known():
    talk = settled()
    told = talk.server.tell(ANNA)[0]
    talk.hear(told)
    before = len(talk.reported())
    vias = [("Via", "SIP/2.0/UDP h;branch=" + "v" * 8_000)] * 7
    for _ in range(160):
        data = talk.server.request("OPTIONS", "sip:x@y", *vias)
        talk.session.receive(data, Peer("udp", talk.server.host, 9), talk.now, talk.wall)
    talk.collect()
    talk.hear(told)
    assert talk.server.answers[-1].status == 200
    assert talk.counted("out_of_order") == 0
    assert len(talk.reported()) == before


def test_repetition_that_comes_very_late_is_known_by_its_branch():
    talk = settled(timeouts=LIVELY, reconcile_interval=3_600)
    told = talk.server.tell(ANNA)[0]
    talk.hear(told)
    before = len(talk.reported())
    talk.wait(33)
    talk.hear(told)
    assert talk.server.answers[-1].status == 200
    assert talk.counted("out_of_order") == 0
    assert len(talk.reported()) == before


def test_request_whose_answer_would_be_too_large_gets_none():
    talk = settled()
    head = b"INFO sip:a@b SIP/2.0\r\nf:<sip:a@b>;tag=1\r\nt:<sip:a@b>\r\ni:x\r\nCSeq:1 INFO\r\n"  # grows when repeated
    via = b"v:SIP/2.0/UDP h;branch=z9hG4bK"
    rows = b"".join(via + b"a" * (8_000 - len(via) - 2) + b"\r\n" for _ in range(8))
    data = head + via + b"a" * (65_480 - len(head) - len(rows) - len(via) - 4) + b"\r\n" + rows + b"\r\n"
    assert len(data) == 65_480
    sent = len(talk.sent)
    talk.hear(data)
    assert len(talk.sent) == sent
    assert talk.counted("malformed") == 1
    talk.wait(5)
    assert talk.lost is None


def test_memory_of_answers_is_bounded():
    talk = settled(timeouts=LIVELY)
    for _ in range(ANSWERS_LIMIT + 500):
        talk.session.receive(talk.server.request("OPTIONS", "sip:x@y"), talk.peer, talk.now, talk.wall)
    talk.collect()
    assert len(talk.session._incoming.answers) <= ANSWERS_LIMIT + 2  # those to NOTIFYs are apart
    talk.wait(40)
    talk.hear(talk.server.request("OPTIONS", "sip:x@y"))
    assert len(talk.session._incoming.answers) == 1


def test_transactions_of_a_long_life_are_forgotten():
    talk = settled(watch=many(50), timeouts=LIVELY)
    talk.wait(600)
    assert len(talk.session._requests.transactions) <= 60
    talk.session._roster._pacer.window = 0  # no more subscriptions are refreshed
    talk.wait(20)
    assert len(talk.session._requests.transactions) < 5


def test_leaving_gives_the_subscriptions_back():
    talk = settled()
    talk.session.leave(talk.now, talk.wall)
    talk.exchange()
    talk.wait(3)
    assert talk.server.subscriptions == {}
