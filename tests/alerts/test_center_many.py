"""More alerts than are marked in one go."""

from __future__ import annotations

import pytest

from monitor.alerts import center
from tests.alerts.test_telling import Ear
from tests.alerts.watching import Watch, rule
from tests.helpers.centre import Centre

AGENTS = 11


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(center, "SLICE_SECONDS", 0.0)


async def all_on_break() -> Watch:
    centre = Centre(agents=AGENTS).up()
    watch = await Watch(centre, rule("break", "agent", 'state == "paused"')).start()
    for number in range(AGENTS):
        centre.pause(number)
    return await watch.settled()


def marks(watch: Watch) -> set[tuple[bool, bool]]:
    """Return whether alerts are silenced and inhibited: one pair if all agree."""
    assert len(watch.center.alerts) == AGENTS
    return {(alert.silenced is not None, alert.inhibited) for alert in watch.center.alerts.values()}


async def test_all_are_marked_in_the_end() -> None:
    watch = await all_on_break()
    assert marks(watch) == {(False, False)}
    watch.centre.lost()
    await watch.settled()
    assert marks(watch) == {(False, True)}
    silence = await watch.center.silence(
        matchers={"rule": "break"}, by="A", why="", until=watch.centre.at + 60
    )
    await watch.settled()
    assert marks(watch) == {(True, True)}
    await watch.center.unsilence(silence.id)
    await watch.settled()
    assert marks(watch) == {(False, True)}
    shown = set().union(*watch.published)
    assert shown == set(watch.center.alerts)
    await watch.stop()


async def test_what_a_silence_kept_back_is_all_told_when_it_ends() -> None:
    centre = Centre(agents=AGENTS).up()
    watch = await Watch(centre, rule("break", "agent", 'state == "paused"')).start()
    await watch.center.silence(matchers={"rule": "break"}, by="A", why="", until=centre.at + 60)
    for number in range(AGENTS):
        centre.pause(number)
    await watch.settled()
    assert watch.deliveries.said() == []
    await watch.at(61)
    assert len(watch.deliveries.said()) == AGENTS
    await watch.stop()


async def test_after_a_restart_none_of_those_that_are_silenced_is_told_to_anybody() -> None:
    first = await all_on_break()
    first.deliveries.said()
    centre = first.centre
    await first.center.silence(matchers={"rule": "break"}, by="A", why="", until=centre.at + 60)
    await first.settled()
    await first.stop()
    again = Watch(centre, rule("break", "agent", 'state == "paused"'), storage=first.storage)
    await again.start(Ear("ops"), Ear("new"))
    assert marks(again) == {(True, False)}
    assert again.deliveries.said() == []
    await again.stop()


async def test_after_a_restart_nothing_is_told_before_its_source_is_seen() -> None:
    first = await all_on_break()
    await first.stop()
    first.centre.lost()
    again = Watch(first.centre, rule("break", "agent", 'state == "paused"'), storage=first.storage)
    await again.start(Ear("ops"), Ear("new"))
    assert marks(again) == {(False, True)}
    assert again.deliveries.said() == []
    first.centre.up()
    await again.settled()
    assert {(who, state) for who, _, state in again.deliveries.said()} == {("ops", "resolved")}
    await again.stop()
