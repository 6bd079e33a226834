"""Alerts at work on a real picture: begun, told, ended; blind, silenced, restarted, configured anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import pytest

from monitor.alerts import NoSuch
from monitor.alerts.keeping import HISTORY
from monitor.alerts.telling import BURST
from monitor.log import MemoryStorage
from monitor.log.contract import StorageUnavailable
from tests.alerts.test_telling import Ear
from tests.alerts.watching import Watch, rule
from tests.helpers.centre import Centre


def waiting(centre: Centre, *calls: str) -> None:
    for call in calls:
        centre.joins(call)


async def test_an_alert_begins_is_told_and_ends() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(summary={"en": "{name}: {waiting}", "ru": "ждут: {waiting}"})).start()
    assert watch.states() == {}
    waiting(centre, "c1", "c2")
    await watch.settled()
    alert = watch.only()
    assert (alert.state, alert.subject, alert.value, alert.since) == (
        "firing",
        "pbx1/sales",
        2,
        alert.fired_at,
    )
    assert alert.labels == {"source": "pbx1", "queue": "pbx1/sales"}
    assert (alert.summary, alert.summaries) == ("sales: 2", {"en": "sales: 2", "ru": "ждут: 2"})
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    assert watch.published[-1] == {alert.id}
    centre.leaves("c1")
    await watch.settled()
    assert watch.states() == {}
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "resolved")]
    assert watch.removed[-1] == {alert.id}
    over = watch.center.past[0]
    assert (over.id, over.state, over.resolved_at) == (alert.id, "resolved", centre.at)
    await watch.stop()


async def test_it_tells_what_is_so_now_without_telling_receivers_again() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(summary={"en": "{waiting} wait"})).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    watch.deliveries.said()
    waiting(centre, "c3")
    await watch.settled()
    assert (watch.only().summary, watch.only().value) == ("3 wait", 3)
    assert watch.deliveries.said() == []
    await watch.stop()


async def test_it_waits_for_as_long_as_the_rule_says() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(**{"for": "10s"})).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    began = watch.only().since
    assert watch.states() == {"pbx1/sales": "pending"}
    assert watch.deliveries.said() == []
    await watch.at(9.5)
    assert watch.states() == {"pbx1/sales": "pending"}
    await watch.at(0.5)
    assert watch.states() == {"pbx1/sales": "firing"}
    assert watch.only().since == began
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    await watch.stop()


async def test_what_does_not_last_was_nothing() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(**{"for": "10s"})).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    pending = watch.only().id
    centre.leaves("c1")
    await watch.settled()
    assert watch.states() == {}
    assert watch.removed[-1] == {pending}
    await watch.at(30)
    assert watch.deliveries.said() == []
    assert watch.center.past == []
    await watch.stop()


async def test_a_time_is_noticed_without_any_change() -> None:
    """Nobody moves, and yet lunch becomes too long."""
    centre = Centre().up()
    watch = await Watch(centre, rule("lunch", "agent", 'reason == "lunch" and time_in_state > 30m')).start()
    centre.pause(0)
    await watch.at(1799)
    assert watch.states() == {}
    assert watch.center.next_look is not None
    await watch.at(1.1)
    assert watch.states() == {"pbx1/a0": "firing"}
    await watch.stop()


async def test_figures_of_the_day_are_looked_at_though_nothing_happens() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule("much", "agent", "today.paused_seconds > 1m")).start()
    centre.pause(0)
    await watch.settled()
    for _ in range(11):
        await watch.at(5)
    assert watch.states() == {}
    await watch.at(5.1)
    await watch.at(5)
    assert watch.states() == {"pbx1/a0": "firing"}
    await watch.stop()


async def test_the_center_wakes_by_itself_at_the_time() -> None:
    centre = Centre().up()
    loop = asyncio.get_running_loop()
    begun, start = loop.time(), centre.at
    watch = Watch(centre, rule("short", "agent", 'state == "paused" and time_in_state > 0.2s'))
    centre.pause(0)
    watch.center._now = lambda: start + loop.time() - begun
    await watch.start()
    async with asyncio.timeout(20):
        while watch.states() != {"pbx1/a0": "firing"}:
            await asyncio.sleep(0.01)
    await watch.stop()


async def test_until_keeps_it_from_flapping() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(when="waiting > 2", until="waiting <= 1")).start()
    waiting(centre, "c1", "c2", "c3")
    await watch.settled()
    centre.leaves("c1")
    await watch.settled()
    assert watch.states() == {"pbx1/sales": "firing"}
    centre.leaves("c2")
    await watch.settled()
    assert watch.states() == {}
    await watch.stop()


async def test_an_until_that_can_not_be_told_leaves_it_to_the_condition() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(when="longest_wait > 30s", until="longest_wait < 10s")).start()
    waiting(centre, "c1")
    await watch.at(31)
    assert watch.states() == {"pbx1/sales": "firing"}
    centre.leaves("c1")
    await watch.settled()
    assert watch.states() == {}, "nobody waits: no longest wait"
    await watch.stop()


async def test_while_its_source_is_lost_nothing_begins_and_nothing_ends() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(), rule("soon", when="waiting > 0", **{"for": "1m"})).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    centre.lost()
    await watch.settled()
    assert {alert.rule: alert.inhibited for alert in watch.center.alerts.values()} == {"wait": True}
    await watch.at(120)
    assert watch.deliveries.said() == []
    centre.up()  # nobody waits any more
    await watch.settled()
    assert watch.states() == {}
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "resolved")]
    await watch.stop()


async def test_a_lost_source_is_itself_told() -> None:
    centre = Centre(sources=("pbx1", "pbx2")).all_up()
    rules = rule("lost", "source", 'state == "lost"'), rule("all", "service", "sources.lost > 0")
    watch = await Watch(centre, *rules).start()
    centre.lost("pbx2")
    await watch.settled()
    assert watch.states() == {"pbx2": "firing", "service": "firing"}
    assert sorted(watch.deliveries.said()) == [("ops", "pbx2", "firing"), ("ops", "service", "firing")]
    assert not any(alert.inhibited for alert in watch.center.alerts.values())
    centre.up("pbx2")
    await watch.settled()
    assert watch.states() == {}
    await watch.stop()


async def test_a_subject_that_is_gone_has_no_alert() -> None:
    centre = Centre(agents=2).up()
    watch = await Watch(centre, rule("break", "agent", 'state == "paused"')).start()
    centre.pause(0)
    await watch.settled()
    assert watch.states() == {"pbx1/a0": "firing"}
    centre.sign_off(0)
    await watch.at(86_400)
    assert watch.states() == {}
    assert watch.deliveries.said()[-1] == ("ops", "pbx1/a0", "resolved")
    await watch.stop()


async def test_hours_begin_and_end_without_any_change() -> None:
    centre = Centre().up()  # 14:39:50 UTC
    watch = await Watch(centre, rule(schedule={"hours": "15:00-16:00", "timezone": "UTC"})).start()
    waiting(centre, "c1", "c2")
    await watch.at(1200)
    assert watch.states() == {}
    await watch.at(20)
    assert watch.states() == {"pbx1/sales": "firing"}
    await watch.at(3600)
    assert watch.states() == {}
    await watch.stop()


async def test_silenced_alerts_are_shown_and_told_when_the_silence_ends() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule()).start()
    until = centre.at + 600
    silence = await watch.center.silence(matchers={"rule": "wait"}, by="Anna", why="test", until=until)
    waiting(centre, "c1", "c2")
    await watch.settled()
    assert watch.only().silenced == silence.id
    assert watch.deliveries.said() == []
    await watch.at(300)
    assert watch.deliveries.said() == []
    await watch.at(301)
    assert watch.only().silenced is None
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    await watch.stop()


async def test_a_silence_can_be_ended() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule()).start()
    silence = await watch.center.silence(
        matchers={"queue": "pbx1/sales"}, by="A", why="", until=centre.at + 60
    )
    waiting(centre, "c1", "c2")
    await watch.settled()
    await watch.center.unsilence(silence.id)
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    with pytest.raises(NoSuch, match="there is no silence"):
        await watch.center.unsilence(silence.id)
    await watch.stop()


async def test_an_acknowledgement_stays_with_the_alert() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(summary={"en": "{waiting}"})).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    await watch.center.acknowledge(watch.only().id, by="Anna", why="I call them back")
    waiting(centre, "c3")
    await watch.settled()
    seen = watch.only().acknowledged
    assert seen is not None
    assert (watch.only().summary, seen.by, seen.why) == ("3", "Anna", "I call them back")
    with pytest.raises(NoSuch, match="there is no alert 'x'"):
        await watch.center.acknowledge("x", by="Anna", why="")
    await watch.stop()


async def test_a_restart_goes_on_where_it_was() -> None:
    """Same episode, same id, nobody told twice; silences, acknowledgement and history are there."""
    centre = Centre().up()
    first = await Watch(centre, rule(), rule("past", when="waiting == 1")).start()
    waiting(centre, "c1")
    await first.settled()
    waiting(centre, "c2")
    await first.settled()
    await first.center.acknowledge(first.only().id, by="Anna", why="")
    silence = await first.center.silence(matchers={"rule": "x"}, by="A", why="", until=centre.at + 60)
    before = first.only()
    first.deliveries.said()
    await first.stop()
    second = Watch(centre, rule(), rule("past", when="waiting == 1"), storage=first.storage)
    centre.lost()  # as the service begins
    await second.start()
    assert msgspec.structs.replace(second.only(), inhibited=False) == before
    assert second.center.silences == {silence.id: silence}
    assert [alert.rule for alert in second.center.past] == ["past"]
    await second.stop()


async def test_after_a_restart_nobody_is_told_what_they_were_told() -> None:
    centre = Centre().up()
    first = await Watch(centre, rule()).start()
    waiting(centre, "c1", "c2")
    await first.settled()
    assert first.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    await first.stop()
    second = await Watch(centre, rule(), storage=first.storage).start(Ear("ops"), Ear("new"))
    assert second.deliveries.said() == [("new", "pbx1/sales", "firing")]
    centre.leaves("c1")
    await second.settled()
    assert sorted(second.deliveries.said()) == [
        ("new", "pbx1/sales", "resolved"),
        ("ops", "pbx1/sales", "resolved"),
    ]
    await second.stop()


async def test_an_alert_whose_rule_is_gone_after_a_restart_ends() -> None:
    centre = Centre().up()
    first = await Watch(centre, rule()).start()
    waiting(centre, "c1", "c2")
    await first.settled()
    await first.stop()
    second = await Watch(centre, storage=first.storage).start()
    assert second.states() == {}
    assert [alert.state for alert in second.center.past] == ["resolved"]
    assert second.deliveries.said() == [("ops", "pbx1/sales", "resolved")], "who was told that it began"
    third = await Watch(centre, rule(), storage=first.storage).start()
    assert len(third.center.past) == 1, "it did not come back"
    await second.stop()
    await third.stop()


async def test_other_rules_take_over_what_they_mean_as_well() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(), rule("other", when="waiting > 0")).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    same = next(alert.id for alert in watch.center.alerts.values() if alert.rule == "wait")
    watch.deliveries.said()
    await watch.center.replace([rule(), rule("new", when="waiting == 2")], (Ear(),), language="en")
    await watch.settled()
    assert {alert.rule for alert in watch.center.alerts.values()} == {"wait", "new"}
    assert same in watch.center.alerts
    said = [(alert.rule, alert.state) for one in watch.deliveries.notifications for alert in one.alerts]
    assert sorted(said) == [("new", "firing"), ("other", "resolved")]
    await watch.stop()


async def test_a_rule_that_asks_another_question_is_another_one() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule()).start()
    waiting(centre, "c1", "c2")
    await watch.settled()
    await watch.center.replace([rule(severity="critical")], (Ear(),), language="en")
    await watch.settled()
    assert watch.only().severity == "critical"
    states = [(alert.severity, alert.state) for one in watch.deliveries.notifications for alert in one.alerts]
    assert states == [("warning", "firing"), ("warning", "resolved"), ("critical", "firing")]
    await watch.stop()


async def test_what_another_version_wrote_keeps_nobody_from_starting() -> None:
    centre = Centre().up()
    first = await Watch(centre, rule()).start()
    waiting(centre, "c1", "c2")
    await first.settled()
    await first.stop()
    shelf = first.storage.shelf("alerts")
    await shelf.put({"alert:x": b'{"alert": 7}', "history:x": b"[]", "silence:x": b"\xff", "later:x": b"?"})
    second = await Watch(centre, rule(), storage=first.storage).start()
    assert second.states() == {"pbx1/sales": "firing"}
    await second.stop()


async def test_a_defect_does_not_end_all_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.alerts.center.PAUSE_SECONDS", 0.01)
    centre = Centre().up()
    watch = await Watch(centre, rule()).start()
    whole, failed = watch.center._telling.settle, asyncio.Event()

    def broken(*arguments: object, **more: object) -> object:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        return whole(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(watch.center._telling, "settle", broken)
    waiting(centre, "c1", "c2")
    await failed.wait()
    async with asyncio.timeout(20):
        while not watch.deliveries.notifications:
            await asyncio.sleep(0.01)
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    assert watch.states() == {"pbx1/sales": "firing"}
    await watch.stop()


async def test_a_subject_that_a_restart_does_not_find_has_no_alert() -> None:
    centre = Centre(sources=("pbx1", "pbx2")).all_up()
    lost = rule("lost", "source", 'state == "lost"')
    first = await Watch(centre, rule(), lost).start()
    waiting(centre, "c1", "c2")
    centre.lost("pbx2")
    await first.settled()
    assert first.states() == {"pbx1/sales": "firing", "pbx2": "firing"}
    await first.stop()
    fresh = Centre(queues=("support",))  # without pbx2, and pbx1 has forgotten its queue
    second = await Watch(fresh, rule(), lost, storage=first.storage).start()
    assert second.states() == {"pbx1/sales": "firing"}, "it may come back: its source is not up yet"
    assert second.deliveries.said() == [("ops", "pbx2", "resolved")]
    fresh.up()
    await second.settled()
    assert second.states() == {}
    assert second.deliveries.said() == [("ops", "pbx1/sales", "resolved")]
    await second.stop()


async def test_what_was_pending_begins_anew_after_a_restart() -> None:
    """Else an hour in which nobody looked would count as an hour of waiting."""
    centre = Centre().up()
    first = await Watch(centre, rule(**{"for": "15s"})).start()
    waiting(centre, "c1", "c2")
    await first.settled()
    assert first.states() == {"pbx1/sales": "pending"}
    await first.stop()
    centre.passes(3600)
    second = await Watch(centre, rule(**{"for": "15s"}), storage=first.storage).start()
    assert second.states() == {"pbx1/sales": "pending"}
    assert second.only().since == centre.at
    await second.stop()


async def test_a_clock_that_was_set_back_over_a_restart_keeps_no_alert_for_ever() -> None:
    later = Centre().up()
    later.passes(3600)
    first = await Watch(later, rule(**{"for": "15s"})).start()
    waiting(later, "c1", "c2")
    await first.settled()
    await first.at(15)
    assert first.states() == {"pbx1/sales": "firing"}
    await first.stop()
    earlier = Centre().up()  # an hour ago, and one caller has gone
    waiting(earlier, "c1")
    second = await Watch(earlier, rule(**{"for": "15s"}), storage=first.storage).start()
    assert second.states() == {}
    assert second.deliveries.said() == [("ops", "pbx1/sales", "resolved")]
    waiting(earlier, "c2")
    await second.settled()
    await second.at(15)
    assert second.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    await second.stop()


async def test_a_queue_that_goes_ends_no_alert_of_an_agent_of_its_name() -> None:
    centre = Centre(names=["sales"]).up()
    watch = await Watch(centre, rule("break", "agent", 'state == "paused"')).start()
    centre.pause(0)
    await watch.settled()
    assert watch.states() == {"pbx1/sales": "firing"}
    assert watch.center._evaluator.gone("queue", "pbx1/sales", centre.at) == []
    assert watch.center._evaluator.blind("queue", "pbx1/sales") == []
    await watch.stop()


async def test_screens_and_webhooks_are_looked_at_though_nobody_tells_of_them() -> None:
    centre = Centre().up()
    watch = Watch(centre, rule("screens", "service", "feed_clients > 3"))
    screens = [0]
    watch.center._subjects._feed_clients = lambda: screens[0]
    await watch.start()
    screens[0] = 4
    await watch.at(5.1)
    assert watch.states() == {"service": "firing"}
    await watch.stop()


async def test_a_disk_that_refuses_is_not_asked_at_every_turn() -> None:
    centre, storage = Centre().up(), FullDisk()
    watch = await Watch(centre, rule(), storage=storage).start()
    storage.full = True
    waiting(centre, "c1", "c2")
    await watch.settled()
    asked = storage.asked
    for _ in range(20):
        watch.center.look()
        await watch.settled()
    assert storage.asked == asked
    await watch.at(6)
    assert storage.asked == asked + 1
    await watch.stop()


class FullDisk(MemoryStorage):
    """A storage whose shelf can refuse to write."""

    full = False
    asked = 0

    def shelf(self, name: str) -> object:  # type: ignore[override]
        shelf, outer = super().shelf(name), self

        class Refusing:
            async def load(self) -> dict[str, bytes]:
                return await shelf.load()

            async def put(self, entries: Mapping[str, bytes | None]) -> None:
                outer.asked += 1
                if outer.full:
                    raise StorageUnavailable("writing to", "memory", "no space left")
                await shelf.put(entries)

        return Refusing()


async def test_an_alert_is_told_though_the_disk_is_full_and_kept_when_it_is_not() -> None:
    centre, storage = Centre().up(), FullDisk()
    watch = await Watch(centre, rule(), storage=storage).start()
    storage.full = True
    waiting(centre, "c1", "c2")
    await watch.settled()
    assert watch.deliveries.said() == [("ops", "pbx1/sales", "firing")]
    assert watch.deliveries.kept == [False]
    assert await storage.shelf("alerts").load() == {}  # type: ignore[attr-defined]
    storage.full = False
    await watch.at(6)
    assert [key for key in await storage.shelf("alerts").load() if key.startswith("alert:")]  # type: ignore[attr-defined]
    assert not [key for key in await storage.shelf("alerts").load() if key.startswith("outbox:")]  # type: ignore[attr-defined]
    await watch.stop()


async def test_a_flapping_condition_is_told_a_few_times() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule()).start()
    waiting(centre, "c1")
    for _ in range(20):
        waiting(centre, "c2")
        await watch.settled()
        centre.leaves("c2")
        await watch.settled()
    said = watch.deliveries.said()
    assert said == [("ops", "pbx1/sales", "firing"), ("ops", "pbx1/sales", "resolved")] * BURST
    await watch.stop()


async def test_the_history_has_bounds_on_the_shelf_too() -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule(when="waiting > 0")).start()
    for number in range(HISTORY + 20):
        centre.joins(f"c{number}")
        await watch.settled()
        centre.leaves(f"c{number}")
        await watch.settled()
    kept = await watch.storage.shelf("alerts").load()
    assert len(watch.center.past) == HISTORY
    assert len([key for key in kept if key.startswith("history:")]) == HISTORY
    assert not [key for key in kept if key.startswith("alert:")]
    await watch.stop()


async def test_many_ends_at_once_leave_the_shelf_within_bounds() -> None:
    centre = Centre(agents=HISTORY + 200, queues=("sales",)).up()
    watch = await Watch(centre, rule("all", "agent", 'state == "available"')).start()
    for _ in range(2):
        await watch.center.replace([], (Ear(),), language="en")
        await watch.settled()
        await watch.center.replace([rule("all", "agent", 'state == "available"')], (Ear(),), language="en")
        await watch.settled()
    kept = await watch.storage.shelf("alerts").load()
    assert len([key for key in kept if key.startswith("history:")]) == len(watch.center.past) == HISTORY
    await watch.stop()


async def test_people_get_their_turn_while_there_is_always_something_to_judge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    centre = Centre(agents=2_000).up()
    watch = await Watch(centre, rule("all", "agent", 'state == "paused"')).start()
    whole = watch.center._judge

    def slow(*subject: str) -> object:
        watch.center._dirty.setdefault(subject)  # type: ignore[arg-type]  # again and again
        return whole(*subject)  # type: ignore[arg-type]

    monkeypatch.setattr(watch.center, "_judge", slow)
    watch.center._mark_all(["agent"])
    watch.center.look()
    async with asyncio.timeout(20):
        await watch.center.silence(matchers={"rule": "all"}, by="Anna", why="", until=centre.at + 60)
    await watch.stop()


async def test_a_rule_that_breaks_costs_only_its_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    centre = Centre().up()
    watch = await Watch(centre, rule()).start()
    whole = watch.center._evaluator.judge

    def broken(kind: str, subject_id: str, *rest: object) -> object:
        if subject_id == "pbx1/support":
            raise ZeroDivisionError
        return whole(kind, subject_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(watch.center._evaluator, "judge", broken)
    for queue in ("support", "sales"):
        centre.joins(f"1{queue}", queue).joins(f"2{queue}", queue)
    await watch.settled()
    assert watch.states() == {"pbx1/sales": "firing"}
    await watch.stop()


async def test_many_subjects_give_others_their_turn() -> None:
    centre = Centre(agents=3_000).up()
    watch = await Watch(centre, rule("all", "agent", 'state == "paused" or state == "unknown"')).start()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await watch.settled()
    turns = 0
    watch.center._mark_all(["agent"])
    watch.center.look()
    await watch.settled()
    task.cancel()
    assert turns > 5
    await watch.stop()
