"""What rules would have said to a recording is what they said when it was made."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts import Rule
from monitor.alerts.rehearsal import rehearse
from monitor.events import Event, QueueFacts, Snapshot, SourceConnected, Tick
from monitor.model import Alert
from monitor.recording import Header, Recorder, replaying
from tests.alerts.watching import Watch, rule
from tests.helpers.centre import START, Centre


class Recorded(Centre):
    """A centre that writes down its events."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.events: list[Event] = []

    def tell(self, kind: type[Event], source: str | None = None, **fields: Any) -> Centre:
        def noted(**all_fields: Any) -> Event:
            self.events.append(kind(**all_fields))
            return self.events[-1]

        return super().tell(noted, source, **fields)  # type: ignore[arg-type]  # it only calls it

    def write(self, path: Path) -> Path:
        configs = tuple(engine.config for engine in self.engines.values())
        recorder = Recorder(path, Header(version="test", started=START, sources=configs, state={}))
        recorder.write(self.events)
        recorder.close()
        return path


RULES = (
    rule("many", when="waiting > 2", until="waiting <= 1", severity="critical"),
    rule("long", when="longest_wait > 20s", summary={"en": "{name}: {longest_wait}"}),
    rule("soon", when="waiting > 0", **{"for": "15s"}),
    rule("hours", when="waiting > 0", schedule={"hours": "14:00-14:42", "timezone": "UTC"}),
    rule("break", "agent", 'state == "paused" and time_in_state > 40s', teams=["North"]),
    rule("lunch", "agent", 'reason == "lunch"', queues=["sales"], labels={"floor": "2"}),
    rule("day", "agent", "today.paused_seconds > 1m"),
    rule("lost", "source", 'state == "lost" and time_in_state > 5s'),
    rule("all", "service", "waiting > 3 or longest_wait > 50s or sources.lost > 0"),
)


async def passes(watch: Watch, seconds: float) -> None:
    """Let time pass as it does: what is due in between is judged at its time."""
    centre = watch.centre
    until = centre.at + seconds
    while (at := watch.center.next_look) is not None and at <= until:
        centre.at = max(at, centre.at)
        watch.center.look()
        await watch.settled()
    centre.at = until


async def live(centre: Recorded, rules: tuple[Rule, ...], chance: random.Random) -> list[Alert]:
    """Live through some minutes; return all alerts that fired, those that are over first."""
    watch = await Watch(centre, *rules).start()
    calls: dict[str, str] = {}
    up = {"pbx1": False, "pbx2": False}
    for number in range(120):
        what = chance.choice(("joins", "joins", "leaves", "pause", "unpause", "source", "sign_off"))
        agent, queue = chance.randrange(len(centre.names)), chance.choice(centre.queues)
        source = chance.choice(sorted(up))
        if what == "source" and (chance.random() < 0.3 or not up[source]):
            up[source] = not up[source]
            if up[source]:  # the two events of `Centre.up`, each judged by itself
                centre.tell(SourceConnected, source, version="22.10.0")
                await watch.settled()
                members = tuple(map(centre.member, range(len(centre.names))))
                facts = tuple(QueueFacts(queue=queue) for queue in centre.queues)
                centre.tell(Snapshot, source, taken_at=centre.at, queues=facts, members=members, legs=())
            else:
                centre.lost(source)
        elif not up["pbx1"]:
            pass  # the scenes are on this one
        elif what == "joins":
            calls[f"c{number}"] = queue
            centre.joins(f"c{number}", queue)
        elif what == "leaves" and calls:
            call = chance.choice(sorted(calls))
            centre.leaves(call, queue=calls.pop(call))
        elif what == "pause":
            centre.pause(agent, chance.choice(["lunch", "coffee"]))
        elif what == "unpause":
            centre.unpause(agent)
        elif what == "sign_off":
            (centre.sign_off if chance.random() < 0.5 else centre.sign_on)(agent, centre.queue_of(agent))
        await watch.settled()
        await passes(watch, chance.choice([0.5, 2, 7, 20]))
    centre.tell(Tick, "pbx1")  # so that the recording is as long
    await watch.settled()
    fired = [
        *reversed(watch.center.past),
        *(one for one in watch.center.alerts.values() if one.state == "firing"),
    ]
    await watch.stop()
    return fired


def rehearsed(path: Path, rules: tuple[Rule, ...]) -> list[Alert]:
    """Return the same of a recording."""
    over: list[Alert] = []
    firing: dict[str, Alert] = {}
    with replaying(path) as (picture, began, steps):
        for at, (before, after) in rehearse(rules, picture, steps, language="en", began=began):
            if after is not None and after.state == "resolved":
                assert after.resolved_at == at
                del firing[after.id]
                over.append(after)
            elif after is not None and after.state == "firing":
                assert (before is not None and before.state == "firing") or after.fired_at == at
                firing[after.id] = after
    return [*over, *firing.values()]


def plain(alerts: list[Alert]) -> dict[str, dict[str, Any]]:
    """Return alerts by id without what is no matter of rules: whether somebody was told."""
    return {
        one.id: {key: getattr(one, key) for key in one.__struct_fields__ if key not in ("inhibited", "silenced")}
        for one in alerts
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
async def test_a_rehearsal_says_what_was_said_live(seed: int, tmp_path: Path) -> None:
    centre = Recorded(agents=5, sources=("pbx1", "pbx2"), teams={"a0": "North", "a1": "North"})
    fired = await live(centre, RULES, random.Random(seed))
    assert {one.rule for one in fired} >= {"many", "soon", "lunch"}, "something happened"
    again = rehearsed(centre.write(tmp_path / "day.jsonl"), RULES)
    assert plain(again) == plain(fired)
    ended = [one.id for one in again if one.state == "resolved"]
    assert sorted(ended) == sorted(one.id for one in fired if one.state == "resolved")


async def test_every_rule_has_its_say(tmp_path: Path) -> None:
    """So that the comparison is one of all of them."""
    said = set()
    for seed in range(6):
        centre = Recorded(agents=5, sources=("pbx1", "pbx2"), teams={"a0": "North", "a1": "North"})
        await live(centre, RULES, random.Random(seed))
        said |= {one.rule for one in rehearsed(centre.write(tmp_path / f"{seed}.jsonl"), RULES)}
    assert said == {one.id for one in RULES}


async def test_what_is_so_from_the_beginning_is_judged_though_it_never_changes(tmp_path: Path) -> None:
    centre = Recorded(agents=2, sources=("pbx1", "pbx2"))
    rules = (rule("away", "source", 'state != "up"', **{"for": "30s"}),)
    watch = await Watch(centre, *rules).start()
    centre.tell(Tick, "pbx1")
    await watch.settled()
    await passes(watch, 60)
    centre.tell(Tick, "pbx1")
    await watch.settled()
    fired = list(watch.center.alerts.values())
    await watch.stop()
    again = rehearsed(centre.write(tmp_path / "day.jsonl"), rules)
    assert sorted(one.subject for one in again) == ["pbx1", "pbx2"]
    assert plain(again) == plain(fired)
