"""The parts of a session alone: transactions, agenda, pace, what a subscription does on what."""

import random

import pytest

from adapters.common.backoff import Backoff
from adapters.sip.agenda import Agenda
from adapters.sip.client import PACE, REFUSALS
from adapters.sip.errors import CredentialsRefused, EverythingRefused, Silent
from adapters.sip.judgement import Input, judge, judge_reason
from adapters.sip.pacing import Pacer, Priority
from adapters.sip.peer import Peer
from adapters.sip.picture import MEMBERS_LIMIT, Picture
from adapters.sip.plan import plan_of
from adapters.sip.reports import ListReport, Resource
from adapters.sip.settings import parse
from adapters.sip.subscription import State, Subscription, Target
from adapters.sip.timeouts import Timeouts
from adapters.sip.transactions import (
    ANSWERS_BYTES,
    ClientTransaction,
    ServerTransactions,
)
from adapters.sip.transactions import Input as Step
from adapters.sip.transactions import State as Stage

# --- transactions --------------------------------------------------------------------------------------------


def transaction(*, reliable: bool = False):
    sent, ended = [], []
    one = ClientTransaction(
        sent.append,
        lambda response, at: ended.append((response, at)),
        reliable=reliable,
        now=0.0,
        timeouts=Timeouts(),
    )
    return one, sent, ended


def run(one: ClientTransaction, until: float) -> None:
    while one.due() <= until:
        one.tick(one.due())


def test_timers_e_and_f():
    one, sent, ended = transaction()
    run(one, 100)
    assert sent == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert ended == [(None, 32.0)]
    assert one.state is Stage.OVER


def test_proceeding_repeats_slowly():
    one, sent, ended = transaction()
    one.feed(Step.PROVISIONAL, 0.1)
    run(one, 100)
    assert sent == [0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert ended == [(None, 32.0)]


def test_timer_k_swallows_repeated_answers():
    one, sent, ended = transaction()
    one.feed(Step.FINAL, 0.2, "first")
    one.feed(Step.FINAL, 0.3, "second")
    assert ended == [("first", 0.2)]
    assert one.state is Stage.COMPLETED
    run(one, 5.1)
    assert one.state is Stage.COMPLETED
    run(one, 5.2)
    assert one.state is Stage.OVER
    assert sent == [0]


def test_reliable_transport_repeats_nothing():
    one, sent, ended = transaction(reliable=True)
    run(one, 100)
    assert sent == [0]
    assert ended == [(None, 32.0)]
    one, _, _ = transaction(reliable=True)
    one.feed(Step.FINAL, 0.2, "answer")
    assert one.state is Stage.OVER


def test_answers_are_forgotten_after_timer_j():
    kept = ServerTransactions(Timeouts())
    kept.remember(("a",), b"200", 0.0)
    assert kept.known(("a",), 31.9) == b"200"
    assert kept.known(("a",), 32.0) is None
    assert len(kept) == 0


def test_large_answers_are_bounded_by_their_bytes():
    kept = ServerTransactions(Timeouts())
    for number in range(300):
        kept.remember((number,), bytes(60_000), 0.0)
    assert len(kept) <= ANSWERS_BYTES / 60_000
    assert kept.known((299,), 0.0) is not None


# --- time ----------------------------------------------------------------------------------------------------


def test_agenda_gives_what_is_due_in_order():
    agenda = Agenda()
    for key, due in (("c", 3.0), ("a", 1.0), ("b", 2.0), ("never", float("inf"))):
        agenda.put(key, due)
    agenda.put("c", 0.5)
    agenda.drop("b")
    assert agenda.next() == 0.5
    assert [agenda.take(9), agenda.take(9), agenda.take(9)] == ["c", "a", None]
    assert agenda.next() == float("inf")


def test_agenda_does_not_grow_by_moving():
    agenda = Agenda()
    for number in range(10_000):
        agenda.put("same", float(number))
    assert len(agenda) == 1
    assert len(agenda._heap) < 200


def test_pacer_keeps_pace_and_order():
    pacer = Pacer(10)
    for who, priority in ((1, Priority.COMPARE), (2, Priority.NEW), (3, Priority.URGENT), (4, Priority.NEW)):
        pacer.want(who, priority)
    pacer.want(1, Priority.CHALLENGED)
    pacer.want(3, Priority.COMPARE)  # keeps its better place
    pacer.withdraw(4)
    order, now = [], 100.0
    while (who := pacer.take(now)) is not None or len(pacer):
        if who is None:
            now = pacer.next_deadline()
        else:
            pacer.spent(now)
            order.append((who, round(now - 100, 2)))
    assert [who for who, _ in order] == [1, 3, 2]
    assert order[-1][1] >= 0.1


def test_pacer_waits_for_answers():
    pacer = Pacer(1)
    pacer.window = 1
    pacer.want(1, Priority.NEW)
    pacer.want(2, Priority.NEW)
    assert pacer.take(10.0) == 1
    assert pacer.next_deadline() == float("inf")
    pacer.answered()
    assert pacer.take(20.0) == 2


def test_refusals_wait_longer_and_longer():
    for error in (CredentialsRefused(401, "pbx", "wrong", "mend it"), EverythingRefused(2, "403", None)):
        backoff = Backoff(PACE, random.Random(7), REFUSALS)
        waits = [backoff.after(error, 0) for _ in range(9)]
        assert 5 <= waits[0] <= 10
        assert all(60 <= wait <= 120 for wait in waits[4:])
    assert Backoff(PACE, random.Random(7), REFUSALS).after(Silent(4, ever=True), 0) <= 0.2


def test_reliable_transports():
    assert Peer("tls", "::1", 1).reliable
    assert not Peer("udp", "::1", 1).reliable


# --- what a subscription does on what ------------------------------------------------------------------------


def subscription() -> Subscription:
    target = Target(uri="sip:101@pbx", kind="dialog", package="dialog")
    return Subscription(1, target, 3_600, Timeouts(), 0.0)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", Input)
def test_every_input_in_every_state_leaves_a_state_that_goes_on(state, what):
    one = subscription()
    one.state = state
    one.wants = None
    one.feed(what, 1.0)
    goes_on = one.wants is not None or one.due() < float("inf")
    in_table = (state, what) in one._TABLE
    if in_table and one.state is not State.REFUSED:
        assert goes_on, (state, what, one.state)


@pytest.mark.parametrize(
    ("status", "refresh", "retry_after", "expected"),
    [
        (200, False, None, Input.ACCEPTED),
        (202, True, None, Input.ACCEPTED),
        (423, True, None, Input.BRIEF),
        (481, True, None, Input.GONE),
        (489, False, None, Input.BAD_EVENT),
        (404, False, None, Input.REFUSED),
        (404, False, 5.0, Input.PASSING),
        (503, False, None, Input.PASSING),
        (503, True, None, Input.PASSING),
        (403, False, 5.0, Input.REFUSED),
        (403, True, None, Input.PASSING),  # it lives until it expires (RFC 6665 §4.1.2.2)
        (404, True, None, Input.REFUSED),
        (480, True, None, Input.GONE),
        (603, False, None, Input.REFUSED),
        (302, False, None, Input.REFUSED),
    ],
)
def test_answers_are_judged(status, refresh, retry_after, expected):
    assert judge(status, refresh=refresh, retry_after=retry_after) is expected


@pytest.mark.parametrize(
    ("reason", "retry_after", "expected"),
    [
        ("deactivated", 9.0, Input.AT_ONCE),
        ("timeout", None, Input.AT_ONCE),
        ("probation", None, Input.LATER),
        ("giveup", 9.0, Input.LATER),
        ("rejected", 9.0, Input.NEVER),
        ("noresource", None, Input.NEVER),
        ("invariant", None, Input.NEVER),
        (None, None, Input.AT_ONCE),
        ("unheard-of", 9.0, Input.LATER),
    ],
)
def test_reasons_are_judged(reason, retry_after, expected):
    assert judge_reason(reason, retry_after) is expected


def test_partial_lists_without_end_are_cut():
    settings = {"id": "s", "adapter": "sip", "host": "h", "listen": "127.0.0.1:1", "lists": ["sip:l@h"]}
    picture = Picture(plan_of(parse(settings), "", ""))
    target = Target(uri="sip:l@h", kind="dialog", package="dialog", is_list=True)
    for number in range(21):
        members = tuple(
            Resource(uri=f"sip:m{number}-{index}@h", name=None, state="active", reason=None, reports=())
            for index in range(1_000)
        )
        picture.listed(target, ListReport(version=number, full=False, resources=members))
    assert len(picture._lists["sip:l@h"]) == MEMBERS_LIMIT
    gone = Resource(uri="sip:m0-0@h", name=None, state="terminated", reason=None, reports=())
    picture.listed(target, ListReport(version=30, full=False, resources=(gone,)))
    assert len(picture._lists["sip:l@h"]) == MEMBERS_LIMIT - 1
