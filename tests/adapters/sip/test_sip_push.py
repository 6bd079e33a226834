"""State that is pushed: who may, for whom, for how long; and who may not change anything."""

import pytest

from adapters.sip import publications
from adapters.sip.outputs import Reported, Synchronised, Unknown
from adapters.sip.peer import Peer
from adapters.sip.publications import LIMIT, Publication, Publications, Wish
from adapters.sip_messages.digest import Challenge, answer
from adapters.sip_messages.message import Request, Response, parse
from tests.adapters.sip.server import DIALOG_INFO, SipServer, dialog, dialog_info, pidf
from tests.adapters.sip.talk import ANNA, BORIS, Talk

PUSHER, PUSH_SECRET = "pusher", "pu5h"
BODY = dialog_info(ANNA, 0, dialog("1", "early", call_id="c1"))


def pushed(**options: object) -> Talk:
    """A server that grants nothing and may push by digest."""
    server = SipServer()
    server.refused = {"dialog": (403, {})}
    push = options.pop("push", {"username": PUSHER, "secret": PUSH_SECRET})
    talk = Talk(server=server, push=push, push_secret=PUSH_SECRET, **options)
    talk.wait(2)
    return talk


def send(talk: Talk, method: str, uri: str, *headers, body: bytes = b"", peer=None, **more) -> Response:
    before = len(talk.server.answers)
    talk.hear(talk.server.request(method, uri, *headers, body=body, **more), peer=peer)
    return talk.server.answers[before]


def push(
    talk: Talk, uri: str = ANNA, *headers, body: bytes = BODY, method: str = "PUBLISH", **more
) -> Response:
    """Push with the right secret, after the challenge."""
    more = {"event": "dialog", "content_type": DIALOG_INFO if body else None, **more}
    given = (("Event", more.pop("event")), *headers)
    first = send(talk, method, uri, *given, body=body, **more)
    assert first.status == 401
    challenges = Challenge.parse_all(first.all("WWW-Authenticate"))
    secret = more.pop("secret", PUSH_SECRET)
    proof = answer(challenges, PUSHER, secret, method, uri, "cn", 1, body)
    return send(talk, method, uri, *given, ("Authorization", proof), body=body, **more)


def test_pushed_state_is_told_and_makes_the_server_up():
    talk = pushed()
    assert not talk.up
    assert talk.lost is None
    answer = push(talk)
    assert answer.status == 200
    assert answer.get("SIP-ETag")
    assert answer.expires == 120
    assert talk.reported() == [ANNA]
    assert talk.up
    assert talk.of(Synchronised)


def test_server_that_only_pushes_needs_no_user_of_ours():
    talk = Talk(push={"username": PUSHER, "secret": PUSH_SECRET}, push_secret=PUSH_SECRET, username=None)
    talk.wait(3)  # its subscriptions are challenged
    assert talk.lost is None
    assert push(talk).status == 200
    assert talk.up


def test_nothing_is_taken_without_proof():
    talk = pushed()
    for headers in ((), (("Authorization", "Digest nonsense"),)):
        first = send(
            talk, "PUBLISH", ANNA, ("Event", "dialog"), *headers, body=BODY, content_type=DIALOG_INFO
        )
        assert first.status == 401
    assert push(talk, secret="wrong").status == 401
    assert push(talk, method="NOTIFY", secret="wrong").status == 401
    assert talk.reported() == []
    assert talk.counted("unauthenticated") >= 3


def test_proof_can_not_be_used_twice():
    talk = pushed()
    push(talk)
    proof = next(
        message.get("Authorization")
        for message in reversed(talk.heard)
        if message.get("Authorization") is not None
    )
    again = send(
        talk,
        "PUBLISH",
        ANNA,
        ("Event", "dialog"),
        ("Authorization", proof),
        body=BODY,
        content_type=DIALOG_INFO,
    )
    assert again.status == 401
    assert "stale=true" in again.get("WWW-Authenticate").replace('"', "")
    assert len(talk.reported()) == 1


@pytest.fixture(autouse=True)
def _remember(monkeypatch):
    """Keep what the session heard, to play it back."""
    hear = Talk.hear

    def remembering(self, *messages, peer=None):
        self.heard = getattr(self, "heard", [])
        self.heard += [one for one in map(parse, messages) if isinstance(one, Request)]
        hear(self, *messages, peer=peer)

    monkeypatch.setattr(Talk, "hear", remembering)


def test_life_of_a_publication():
    talk = pushed()
    etag = push(talk).get("SIP-ETag")
    refreshed = push(talk, ANNA, ("SIP-If-Match", etag), body=b"")
    assert refreshed.status == 200
    assert refreshed.get("SIP-ETag") != etag
    assert push(talk, ANNA, ("SIP-If-Match", etag), body=b"").status == 412
    changed = push(talk, ANNA, ("SIP-If-Match", refreshed.get("SIP-ETag")), body=dialog_info(ANNA, 1))
    assert changed.status == 200
    assert len(talk.reported()) == 2
    assert talk.unknown() == []
    removed = push(talk, ANNA, ("SIP-If-Match", changed.get("SIP-ETag")), ("Expires", "0"), body=b"")
    assert (removed.status, removed.expires) == (200, 0)
    assert removed.get("SIP-ETag") not in {None, changed.get("SIP-ETag")}, "each 2xx has one (RFC 3903 §4.1)"
    assert talk.unknown() == [ANNA]


def test_publication_that_is_not_refreshed_expires():
    talk = pushed()
    assert push(talk, ANNA, ("Expires", "100")).expires == 100
    talk.wait(99)
    assert talk.unknown() == []
    talk.wait(2)
    assert talk.unknown() == [ANNA]


@pytest.mark.parametrize(
    ("headers", "more", "status", "tells"),
    [
        ((("Expires", "5"),), {}, 423, "Min-Expires"),
        ((), {"event": "message-summary"}, 489, "Allow-Events"),
        ((), {"content_type": "text/plain"}, 415, "Accept"),
        ((), {"body": b"<nonsense"}, 400, None),
        ((), {"body": b""}, 400, None),
        ((("SIP-If-Match", "unknown"),), {}, 412, None),
        ((("Require", "gruu"),), {}, None, None),
    ],
)
def test_wrong_publication_gets_its_answer(headers, more, status, tells):
    talk = pushed()
    if status is None:
        assert send(talk, "PUBLISH", ANNA, *headers, ("Event", "dialog")).status == 420
        return
    answer = push(talk, ANNA, *headers, **more)
    assert answer.status == status
    assert tells is None or answer.get(tells)
    assert talk.reported() == []


def test_bad_body_leaves_the_publication_as_it_was():
    talk = pushed()
    etag = push(talk).get("SIP-ETag")
    assert push(talk, ANNA, ("SIP-If-Match", etag), body=b"<nonsense").status == 400
    assert push(talk, ANNA, ("SIP-If-Match", etag), body=b"").status == 200


def test_only_watched_endpoints_are_taken():
    talk = pushed()
    other = "sip:199@pbx.example.org"
    assert push(talk, other, body=dialog_info(other, 0)).status == 404
    assert talk.reported() == []


def test_server_that_publishes_to_our_address_names_the_endpoint_by_its_user():
    talk = pushed()
    body = dialog_info("sip:101@198.51.100.7", 0, dialog("1", "early"))
    assert push(talk, "sip:101@198.51.100.7:5070", ("To", "<sip:101@198.51.100.7>"), body=body).status == 200
    assert talk.reported() == [ANNA]


def test_address_of_others_with_the_same_user_is_not_taken():
    talk = pushed()
    assert push(talk, "sip:101@evil.example", body=dialog_info("sip:101@evil.example", 0)).status == 404


def test_unsolicited_notify():
    talk = pushed()
    answer = push(talk, "sip:monitor@198.51.100.7:5070", ("From", f"<{ANNA}>;tag=1"), method="NOTIFY")
    assert answer.status == 200
    assert talk.reported() == [ANNA]
    over = push(
        talk, "sip:monitor@198.51.100.7:5070", ("From", f"<{ANNA}>;tag=1"),
        ("Subscription-State", "terminated"), method="NOTIFY", body=b"",
    )  # fmt: skip
    assert over.status == 200
    assert talk.unknown() == [ANNA]


def test_unsolicited_notify_that_has_expired_tells_nothing():
    talk = pushed()
    over = push(
        talk, "sip:monitor@198.51.100.7:5070", ("From", f"<{ANNA}>;tag=1"),
        ("Subscription-State", "active;expires=0"), method="NOTIFY",
    )  # fmt: skip
    assert over.status == 200
    assert talk.reported() == []


def test_trusted_addresses_need_no_proof_and_others_get_none():
    talk = pushed(push={"allow": ["10.1.0.0/16"]})
    gate = Peer("udp", "10.1.2.3", 5060)
    data = talk.server.request("PUBLISH", ANNA, ("Event", "dialog"), body=BODY, content_type=DIALOG_INFO)
    talk.hear(data, peer=gate)
    assert talk.reported() == [ANNA]
    assert talk.sent[-1][1].startswith(b"SIP/2.0 200 OK")
    data = talk.server.request("PUBLISH", BORIS, ("Event", "dialog"), body=BODY, content_type=DIALOG_INFO)
    sent = len(talk.sent)
    talk.hear(data, peer=Peer("udp", "10.2.0.1", 5060))  # a stranger
    assert len(talk.sent) == sent
    assert (
        send(talk, "PUBLISH", BORIS, ("Event", "dialog"), body=BODY, content_type=DIALOG_INFO).status == 403
    )
    assert talk.reported() == [ANNA]
    assert talk.counted("stranger") == 1


def test_those_who_push_do_not_keep_a_dead_server_alive():
    talk = pushed(push={"allow": ["10.1.0.0/16"]})
    talk.deaf = True
    for _ in range(50):
        talk.wait(0.1)
        data = talk.server.request("PUBLISH", ANNA, ("Event", "dialog"), body=BODY, content_type=DIALOG_INFO)
        talk.hear(data, peer=Peer("udp", "10.1.2.3", 5060))
    assert talk.lost


def test_what_is_published_outlives_a_refused_subscription():
    server = SipServer()
    talk = Talk(
        server=server, push={"username": PUSHER, "secret": PUSH_SECRET}, push_secret=PUSH_SECRET,
        registration="presence",
    )  # fmt: skip
    talk.settle()
    body = pidf(ANNA, "closed")
    assert push(talk, ANNA, event="presence", body=body, content_type="application/pidf+xml").status == 200
    held = server.of(ANNA, "presence")
    del server.subscriptions[held.call_id]
    talk.hear(server.notify(held, "terminated;reason=noresource", b""))
    (gone,) = talk.of(Unknown)
    assert (gone.endpoint, gone.origin) == (ANNA, ""), "what was published is another origin's"
    talk.wait(3_700)
    assert [one.origin != "" for one in talk.of(Unknown)] == [False, True]


# --- the store alone -----------------------------------------------------------------------------------------


def wish(**change: object) -> Wish:
    return Wish(
        **{"endpoint": ANNA, "kind": "dialog", "if_match": None, "expires": None, "has_body": True, **change}
    )


def store() -> Publications:
    numbers = iter(range(10**9))
    return Publications(lambda: f"e{next(numbers)}")


def test_memory_is_bounded(monkeypatch):
    assert LIMIT >= 5_000
    monkeypatch.setattr(publications, "LIMIT", 100)
    kept = store()
    answers = [kept.publish(wish(), 0.0).status for _ in range(150)]
    assert answers == [200] * 100 + [503] * 50
    assert len(kept) == 100
    assert not kept.notified(BORIS, "dialog", None, 0.0)
    assert len(kept.expired(4_000.0)) == 100
    assert len(kept) == 0


def test_each_publication_is_one_origin_through_all_its_changes():
    kept = store()
    first, second = (kept.publish(wish(expires=seconds), 0.0) for seconds in (60, 120))
    assert first.origin != second.origin
    etag = dict(first.headers)["SIP-ETag"]
    for change in ({}, {"has_body": False}):
        answer = kept.publish(wish(if_match=etag, expires=60, **change), 10.0)
        assert (answer.origin, answer.told) == (first.origin, not change)
        etag = dict(answer.headers)["SIP-ETag"]
    assert kept.expired(71.0) == [Publication(ANNA, "dialog", first.origin)]
    assert kept.expired(121.0) == [Publication(ANNA, "dialog", second.origin)]


def test_two_publications_of_one_endpoint_tell_of_two_calls():
    """Kamailio's pua publishes each dialog by itself."""
    talk = pushed()
    for name in ("a", "b"):
        body = dialog_info(ANNA, 0, dialog(name, "confirmed", call_id=name))
        assert push(talk, ANNA, body=body).status == 200
    first, second = talk.of(Reported)
    assert "" not in {first.origin, second.origin}
    assert first.origin != second.origin


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            dialog("101", "confirmed"),
            dialog("other", "terminated"),
        ),  # Asterisk: one for the endpoint, whatever its id
        (dialog("1", "confirmed", call_id="c"), dialog("1", "terminated", call_id="c")),
    ],
)
def test_publisher_that_restarted_takes_the_place_of_its_former_publication(first, second):
    """It has forgotten the entity-tag, so it publishes anew."""
    talk = pushed()
    other = dialog("2", "confirmed", call_id="d")
    old = push(talk, body=dialog_info(ANNA, 0, first)).get("SIP-ETag")
    push(talk, body=dialog_info(ANNA, 0, other))
    push(talk, body=dialog_info(ANNA, 0, second))
    before, kept, _ = talk.of(Reported)
    assert [one.origin for one in talk.of(Unknown)] == [before.origin]
    assert talk.outputs.index(talk.of(Unknown)[0]) > talk.outputs.index(talk.of(Reported)[-1]), (
        "not unknown between"
    )
    assert push(talk, ANNA, ("SIP-If-Match", old), body=b"").status == 412
    talk.wait(121)
    assert kept.origin in {one.origin for one in talk.of(Unknown)[1:]}


def test_publication_that_tells_more_than_a_new_one_stays():
    talk = pushed()
    both = (dialog("1", "confirmed", call_id="c"), dialog("2", "confirmed", call_id="d"))
    etag = push(talk, body=dialog_info(ANNA, 0, *both)).get("SIP-ETag")
    push(talk, body=dialog_info(ANNA, 0, both[0]))
    assert talk.unknown() == []
    assert push(talk, ANNA, ("SIP-If-Match", etag), body=b"").status == 200


def test_what_a_publication_tells_is_what_its_last_change_told():
    talk = pushed()
    etag = push(talk, body=dialog_info(ANNA, 0, dialog("1", "confirmed", call_id="c"))).get("SIP-ETag")
    change = dialog_info(ANNA, 1, dialog("2", "confirmed", call_id="d"))
    etag = push(talk, ANNA, ("SIP-If-Match", etag), body=change).get("SIP-ETag")
    push(talk, ANNA, ("SIP-If-Match", etag), body=b"")
    push(talk, body=dialog_info(ANNA, 0, dialog("1", "confirmed", call_id="c")))
    assert talk.unknown() == []
    push(talk, body=dialog_info(ANNA, 0, dialog("2", "confirmed", call_id="d")))
    assert talk.unknown() == [ANNA]


def test_entity_tag_of_another_endpoint_is_worth_nothing():
    kept = store()
    etag = dict(kept.publish(wish(), 0.0).headers)["SIP-ETag"]
    assert kept.publish(wish(endpoint=BORIS, if_match=etag), 0.0).status == 412
    assert kept.publish(wish(kind="reg", if_match=etag), 0.0).status == 412


def test_longer_lives_are_cut():
    answer = store().publish(wish(expires=999_999), 0.0)
    assert ("Expires", "120") in answer.headers


def test_outputs_carry_the_time():
    talk = pushed()
    push(talk, ANNA, ("Expires", "60"))
    assert talk.of(Reported)[0].at == talk.wall
    talk.wait(61)
    assert talk.of(Unknown)[0].at <= talk.wall
