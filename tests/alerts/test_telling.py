"""Who is told what: once, with the end to whoever was told the beginning; kept back, and never too often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.silences import Silence, next_end, silencing
from monitor.alerts.telling import BURST, REST_SECONDS, Message, Telling
from monitor.model import Alert

NOON = 1_795_435_200.0


def alert(
    name: str = "a",
    state: Literal["pending", "firing", "resolved"] = "firing",
    rule: str = "wait",
    at: float = NOON,
) -> Alert:
    return Alert(
        id=f"{rule}/pbx1/{name}@{at}",
        rule=rule,
        severity="warning",
        state=state,
        since=at,
        labels={"source": "pbx1", "queue": f"pbx1/{name}"},
        summary="",
        value=None,
        subject=f"pbx1/{name}",
    )


@dataclass
class Ear:
    id: str = "ops"
    send_resolved: bool = True
    group_by: tuple[str, ...] = ("rule", "source")
    wants: Callable[[Alert], bool] = lambda _: True


@dataclass
class Talk:
    """A telling, what there is, and what was said."""

    ears: tuple[Ear, ...] = (Ear(),)
    telling: Telling = field(default_factory=Telling)
    alerts: dict[str, Alert] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    again: float | None = None
    marked_anew: bool = False

    def hush(self, *quiet: str) -> None:
        """Keep these back from now on, and only these."""
        self.quiet = set(quiet)
        self.marked_anew = True

    def settle(self, *changed: Alert, at: float = NOON) -> list[Message]:
        for one in changed:
            if one.state == "resolved":
                self.alerts.pop(one.id, None)
            else:
                self.alerts[one.id] = one
        if self.marked_anew:
            changed = (*changed, *(one for one in self.alerts.values() if one not in changed))
            self.marked_anew = False
        messages, self.again = self.telling.settle(
            self.alerts, changed, self.ears, lambda one: one.id in self.quiet, at
        )
        return messages

    def ended(self, one: Alert, at: float = NOON) -> list[Message]:
        return self.settle(msgspec.structs.replace(one, state="resolved"), at=at)


def said(messages: list[Message]) -> list[tuple[str, str, str]]:
    return [(message.receiver, one.subject, one.state) for message in messages for one in message.alerts]


def test_an_alert_is_told_once_and_its_end_once() -> None:
    talk = Talk()
    assert said(talk.settle(alert())) == [("ops", "pbx1/a", "firing")]
    assert talk.settle(alert()) == []
    assert talk.settle() == []
    assert said(talk.ended(alert())) == [("ops", "pbx1/a", "resolved")]
    assert talk.ended(alert()) == []


def test_what_is_pending_is_not_told() -> None:
    talk = Talk()
    assert talk.settle(alert(state="pending")) == []
    assert said(talk.settle(alert())) == [("ops", "pbx1/a", "firing")]


def test_those_that_begin_together_are_told_together_by_rule_and_source() -> None:
    messages = Talk().settle(alert("a"), alert("b"), alert("c", rule="level"))
    assert [(message.group, len(message.alerts)) for message in messages] == [
        ({"rule": "wait", "source": "pbx1"}, 2),
        ({"rule": "level", "source": "pbx1"}, 1),
    ]


def test_a_receiver_says_what_belongs_together() -> None:
    messages = Talk((Ear(group_by=("rule", "queue", "team")),)).settle(alert("a"), alert("b"))
    assert [message.group for message in messages] == [
        {"rule": "wait", "queue": "pbx1/a"},
        {"rule": "wait", "queue": "pbx1/b"},
    ], "a label that an alert lacks is left out"


def test_each_receiver_hears_what_it_wants() -> None:
    talk = Talk(
        (Ear("all"), Ear("level", wants=lambda one: one.rule == "level"), Ear("no ends", send_resolved=False))
    )
    assert said(talk.settle(alert())) == [("all", "pbx1/a", "firing"), ("no ends", "pbx1/a", "firing")]
    assert said(talk.ended(alert())) == [("all", "pbx1/a", "resolved")]


def test_what_is_kept_back_is_told_when_that_is_over() -> None:
    talk = Talk()
    talk.hush(alert().id)
    assert talk.settle(alert()) == []
    talk.hush()
    assert said(talk.settle()) == [("ops", "pbx1/a", "firing")]


def test_what_ended_while_it_was_kept_back_was_never_there() -> None:
    talk = Talk()
    talk.hush(alert().id)
    talk.settle(alert())
    assert talk.ended(alert()) == []
    talk.hush()
    assert talk.settle() == []


def test_the_end_is_told_even_while_it_would_be_kept_back() -> None:
    """Who was told that it began waits for its end."""
    talk = Talk()
    talk.settle(alert())
    talk.hush(alert().id)
    assert said(talk.ended(alert())) == [("ops", "pbx1/a", "resolved")]


def test_a_new_receiver_is_told_what_fires_the_others_are_not_told_again() -> None:
    talk = Talk()
    talk.settle(alert())
    talk.ears = (Ear(), Ear("new"))
    talk.telling.ask_all(talk.alerts.values())
    assert said(talk.settle()) == [("new", "pbx1/a", "firing")]


def test_after_a_restart_nobody_is_told_again() -> None:
    talk = Talk((Ear("ops"), Ear("new")))
    talk.alerts[alert().id] = alert()
    talk.telling.restore(alert(), ["ops"])
    assert said(talk.settle()) == [("new", "pbx1/a", "firing")]
    assert said(talk.ended(alert())) == [("ops", "pbx1/a", "resolved"), ("new", "pbx1/a", "resolved")]


def test_a_flapping_alert_is_told_a_few_times_and_then_rarely() -> None:
    talk, told = Talk(), 0
    for second in range(600):
        one = alert(at=NOON + second)
        begun = said(talk.settle(one, at=NOON + second))
        over = said(talk.ended(one, at=NOON + second + 0.5))
        assert len(begun) == len(over), "its end is told to who was told its beginning, and to nobody else"
        told += len(begun)
    assert BURST <= told <= BURST + 600 / REST_SECONDS


def test_a_flapping_alert_that_stays_is_told_in_the_end() -> None:
    talk = Talk()
    for second in range(BURST):
        one = alert(at=NOON + second)
        talk.settle(one, at=NOON + second)
        talk.ended(one, at=NOON + second)
    last = alert(at=NOON + BURST)
    assert talk.settle(last, at=NOON + BURST) == []
    assert talk.again == NOON + BURST - 1 + REST_SECONDS
    assert said(talk.settle(at=talk.again)) == [("ops", "pbx1/a", "firing")]
    assert talk.again is None


def test_one_that_flaps_does_not_quieten_others() -> None:
    talk = Talk()
    for second in range(10):
        one = alert(at=NOON + second)
        talk.settle(one, at=NOON + second)
        talk.ended(one, at=NOON + second)
    assert said(talk.settle(alert("b"), at=NOON + 10)) == [("ops", "pbx1/b", "firing")]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 90)), max_size=60), st.data())
def test_every_receiver_always_ends_up_knowing_what_is(
    steps: list[tuple[str, float]], data: st.DataObject
) -> None:
    """Whatever flaps, is kept back, or is asked late: told beginnings and ends alternate, and at last agree with what is."""
    talk, now = Talk(), NOON
    current: dict[str, Alert] = {}
    known: dict[str, str] = {}

    def hear(messages: list[Message]) -> None:
        for _, subject, state in said(messages):
            assert known.get(subject, "resolved") != state, "never the same twice"
            known[subject] = state

    for name, seconds in steps:
        now += seconds
        if data.draw(st.booleans()):
            talk.hush(*(one.id for one in current.values()) if data.draw(st.booleans()) else ())
        if name in current:
            hear(talk.ended(current.pop(name), at=now))
        else:
            current[name] = alert(name, at=now)
            hear(talk.settle(current[name], at=now))
    talk.hush()
    hear(talk.settle(at=now))
    while talk.again is not None:
        assert talk.again > now
        now = talk.again
        hear(talk.settle(at=now))
    firing = {subject for subject, state in known.items() if state == "firing"}
    assert firing == {one.subject for one in current.values()}


def test_old_beginnings_are_forgotten() -> None:
    talk = Talk()
    talk.settle(alert())
    assert len(talk.telling._spoken) == 1
    talk.telling.forget_old(NOON + BURST * REST_SECONDS)
    assert len(talk.telling._spoken) == 0


def silence(**matchers: str) -> Silence:
    return Silence(id="s", matchers=matchers, by="Anna", why="", created_at=NOON, until=NOON + 60)


def test_a_silence_means_alerts_by_all_of_its_matchers() -> None:
    one = alert()
    assert silence(rule="wait").matches(one)
    assert silence(severity="warning", queue="pbx1/a").matches(one)
    assert not silence(rule="wait", queue="pbx1/b").matches(one)
    assert not silence(floor="2").matches(one)


def test_a_silence_ends_at_its_time() -> None:
    one = silence(rule="wait")
    assert silencing(alert(), [one], NOON + 59.9) is one
    assert silencing(alert(), [one], NOON + 60) is None
    longer = msgspec.structs.replace(one, id="t", until=NOON + 90)
    assert silencing(alert(), [one, longer], NOON) is longer
    assert next_end({"s": one, "t": longer}, NOON + 60) == NOON + 90
    assert next_end({}, NOON) is None
