"""Deliveries as a whole: real receivers, a real shelf, and what happens in between. Each arrives at least once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from monitor.alerts.errors import NoSuch
from monitor.alerts.notification import Notification
from monitor.alerts.webhooks import SystemTime, WebhookMisconfigured, Webhooks
from monitor.alerts.webhooks import keeper as keeper_module
from monitor.alerts.webhooks.webhooks import FORSAKEN_SECONDS
from monitor.clock import SteadyClock
from monitor.log import Shelf, Storage, StorageUnavailable, open_storage
from tests.alerts.receiver import OK, Answer, Receiver, Request, answer, closes_after, hangs, receiving
from tests.alerts.sending import NOW, SECRET, HandTime, Hook, notification, until

DAY = 86_400.0


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    storage = open_storage(f"sqlite:///{tmp_path}/log.db")
    yield storage
    await storage.close()


class Deliveries:
    """Webhooks on a shelf, begun and ended as the service does."""

    def __init__(self, shelf: Shelf, time: HandTime | None) -> None:
        self.shelf = shelf
        self.time = time
        self.delivered: list[tuple[str, float]] = []
        self.webhooks: Webhooks = None  # type: ignore[assignment]

    async def start(self, *hooks: Hook) -> Webhooks:
        self.webhooks = Webhooks(
            self.shelf,
            hooks,
            time=SystemTime(SteadyClock.system().now) if self.time is None else self.time,
            random=lambda: 0.1 if self.time is None else 1.0,
            on_delivered=lambda one, seconds: self.delivered.append((one.id, seconds)),
        )
        await self.webhooks.start()
        return self.webhooks

    async def tell(self, *notifications: Notification) -> None:
        await self.shelf.put(self.webhooks.entries(notifications))
        self.webhooks.submit(notifications)

    async def stop(self) -> None:
        await self.webhooks.stop()

    @property
    def status(self) -> Any:
        (status,) = self.webhooks.status()
        return status


Open = Callable[[], Deliveries]


@pytest.fixture
async def opened(storage: Storage) -> AsyncIterator[Callable[[HandTime | None], Deliveries]]:
    async with AsyncExitStack() as stack:

        def open_(time: HandTime | None) -> Deliveries:
            deliveries = Deliveries(storage.shelf("alerts"), time)
            stack.push_async_callback(deliveries.stop)
            return deliveries

        yield open_


@pytest.fixture
def deliveries(opened: Callable[[HandTime | None], Deliveries]) -> Deliveries:
    """Give deliveries whose clock runs."""
    return opened(None)


@pytest.fixture
def time() -> HandTime:
    return HandTime()


@pytest.fixture
def by_hand(opened: Callable[[HandTime | None], Deliveries], time: HandTime) -> Deliveries:
    """Give deliveries whose clock the test moves."""
    return opened(time)


async def test_a_notification_is_delivered_signed_and_leaves_the_shelf(
    deliveries: Deliveries, receiver: Receiver
) -> None:
    webhooks = await deliveries.start(Hook(url=receiver.url, secret=SECRET))
    await deliveries.tell(notification())
    await until(lambda: deliveries.status.delivered)
    (request,) = receiver.requests
    body = request.verified(SECRET)
    assert (body["type"], body["id"], body["group"]["rule"]) == ("alerts", "n1", "waiting")
    await webhooks.stop()
    assert await deliveries.shelf.load() == {}


async def test_how_long_it_took_from_the_fact_to_the_delivery_is_told(
    by_hand: Deliveries, receiver: Receiver
) -> None:
    await by_hand.start(Hook(url=receiver.url))
    began = msgspec.structs.replace(notification("began"), at=NOW - 0.75)
    await by_hand.tell(began)
    await until(lambda: len(by_hand.delivered) == 1)
    assert by_hand.delivered == [("began", 0.75)]
    await by_hand.tell(msgspec.structs.replace(began, id="over", at=NOW - 2))
    await until(lambda: len(by_hand.delivered) == 2)
    assert by_hand.delivered[1] == ("over", 2.0)
    await by_hand.tell(msgspec.structs.replace(began, id="ahead", at=NOW + 5))
    await until(lambda: len(by_hand.delivered) == 3)
    assert by_hand.delivered[2] == ("ahead", 0.0)  # the clock was set back meanwhile
    assert by_hand.webhooks.counters() == {
        ("ops", "delivered"): 3,
        ("ops", "failed"): 0,
        ("ops", "dropped"): 0,
    }


async def test_counters_are_there_before_anything_happened(deliveries: Deliveries) -> None:
    await deliveries.start(Hook(id="a"), Hook(id="b"))
    assert deliveries.webhooks.counters() == {
        (name, result): 0 for name in "ab" for result in ("delivered", "failed", "dropped")
    }


BAD_DAYS: dict[str, Answer] = {
    "500": answer(500),
    "429": answer(429, "Retry-After: 0\r\n"),
    "redirect": answer(302, "Location: http://127.0.0.1:1/\r\n"),
    "hangs": hangs,
    "closes": closes_after(b""),
    "closes in the middle": closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
    "other": closes_after(b"SSH-2.0-x\r\n"),
}


@pytest.mark.parametrize("bad", BAD_DAYS)
async def test_after_a_failure_it_comes_again_under_the_same_id_until_it_is_taken(
    deliveries: Deliveries, receiver: Receiver, bad: str
) -> None:
    receiver.then(BAD_DAYS[bad], BAD_DAYS[bad], OK)
    await deliveries.start(Hook(url=receiver.url, secret=SECRET, timeout=0.3))
    with capture_logs() as logs:
        await deliveries.tell(notification("n1"))
        await until(lambda: deliveries.status.delivered)
    assert receiver.ids == ["n1"] * 3
    assert len({request.body for request in receiver.requests}) == 1
    for request in receiver.requests:
        request.verified(SECRET)
    status = deliveries.status
    assert (status.failed, status.pending, status.failing_since, status.last_error) == (2, 0, None, None)
    assert [log["event"] for log in logs] == ["webhook_failing", "webhook_works_again"]
    assert receiver.url not in str(logs)


async def test_a_receiver_that_is_not_there_yet_gets_everything_when_it_comes(
    deliveries: Deliveries, unused_tcp_port: int
) -> None:
    await deliveries.start(Hook(url=f"http://127.0.0.1:{unused_tcp_port}/hook"))
    await deliveries.tell(*(notification(f"n{number}", group=str(number % 3)) for number in range(9)))
    await until(lambda: deliveries.status.failed >= 3)
    async with receiving(port=unused_tcp_port) as receiver:
        await until(lambda: deliveries.status.delivered == 9)
    for group in range(3):
        assert [name for name in receiver.ids if int(name[1:]) % 3 == group] == [
            f"n{number}" for number in range(group, 9, 3)
        ]


async def test_a_receiver_that_is_away_for_days_is_tried_every_five_minutes_and_then_given_up(
    by_hand: Deliveries, time: HandTime, receiver: Receiver
) -> None:
    receiver.then(answer(503))
    await by_hand.start(Hook(url=receiver.url, give_up_after=3 * DAY))
    with capture_logs() as logs:
        await by_hand.tell(notification())
        while not by_hand.status.dead:
            # At rest after each try: given up, or with an alarm for the next one.
            await until(lambda: not by_hand.status.in_flight and (time.next_alarm() or by_hand.status.dead))
            time.advance(time.next_alarm() or 0)
    tries = by_hand.status.failed
    assert 3 * DAY <= time.at - NOW < 3 * DAY + 300
    assert tries == pytest.approx(3 * DAY / 300, abs=10)
    assert set(receiver.ids) == {"n1"}
    assert [log["event"] for log in logs] == ["webhook_failing", "webhook_gave_up"]
    (letter,) = by_hand.webhooks.dead_letters()
    assert (letter.webhook, letter.id, letter.reason) == ("ops", "n1", "it answered 503 Reason")
    assert letter.attempts == tries
    assert letter.alerts == notification().alerts


async def test_retry_after_in_seconds_and_as_a_date_is_waited_for(
    by_hand: Deliveries, time: HandTime, receiver: Receiver
) -> None:
    dates = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:37 GMT\r\n"
    receiver.then(answer(429, "Retry-After: 60\r\n"), answer(429, dates), OK)
    await by_hand.start(Hook(url=receiver.url))
    await by_hand.tell(notification())
    for number, seconds in ((1, 60), (2, 120)):
        await until(lambda: len(receiver.requests) == number and not by_hand.status.in_flight)  # noqa: B023
        assert time.next_alarm() == seconds
        time.advance(seconds - 0.1)
        assert by_hand.status.in_flight == 0
        time.advance(0.1)
    await until(lambda: by_hand.status.delivered)
    assert len(receiver.requests) == 3


async def test_410_is_given_up_at_once_and_can_be_sent_again_by_hand(
    deliveries: Deliveries, receiver: Receiver
) -> None:
    receiver.then(answer(410), OK)
    webhooks = await deliveries.start(Hook(url=receiver.url))
    await deliveries.tell(notification())
    await until(lambda: deliveries.status.dead)
    assert len(receiver.requests) == 1
    assert list(await deliveries.shelf.load()) != []
    await webhooks.replay("ops", "n1")
    await until(lambda: deliveries.status.delivered)
    assert receiver.ids == ["n1", "n1"]
    assert deliveries.delivered == []  # how long that took is no news
    assert webhooks.dead_letters() == []
    for missing in (("ops", "n1"), ("nobody", "n1")):
        with pytest.raises(NoSuch):
            await webhooks.replay(*missing)
    await webhooks.stop()
    assert await deliveries.shelf.load() == {}


async def test_dead_letters_are_there_after_a_restart(
    opened: Callable[[HandTime | None], Deliveries], receiver: Receiver
) -> None:
    receiver.then(answer(410))
    first = opened(None)
    await first.start(Hook(url=receiver.url))
    await first.tell(notification("a"), notification("b"))
    await until(lambda: first.status.dead == 2)
    letters = first.webhooks.dead_letters()
    await first.stop()
    second = opened(None)
    await second.start(Hook(url=receiver.url))
    assert second.webhooks.dead_letters() == letters
    assert [letter.id for letter in letters] == ["a", "b"]


async def test_within_a_group_one_after_the_other_and_no_more_at_once_than_allowed(
    deliveries: Deliveries, receiver: Receiver
) -> None:
    open_groups: set[str] = set()
    overlaps: list[str] = []
    in_flight: set[int] = set()

    def slow(request: Request) -> Answer:
        group = request.json["group"]["rule"]

        async def write(writer: asyncio.StreamWriter) -> None:
            overlaps.extend([group] if group in open_groups else [])
            in_flight.add(deliveries.status.in_flight)
            open_groups.add(group)
            await asyncio.sleep(0.01)
            open_groups.discard(group)
            await OK(writer)

        return write

    receiver.answers = slow
    await deliveries.start(Hook(url=receiver.url, parallel=3))
    told = [notification(f"{number}", group=f"g{number % 7}") for number in range(70)]
    await deliveries.tell(*told)
    await until(lambda: deliveries.status.delivered == 70)
    assert overlaps == []
    assert receiver.most_open == max(in_flight) == 3
    assert receiver.connections <= 3
    for group in range(7):
        assert [int(name) for name in receiver.ids if int(name) % 7 == group] == list(range(group, 70, 7))


async def test_a_hanging_receiver_holds_up_no_other(deliveries: Deliveries, receiver: Receiver) -> None:
    receiver.then(hangs)
    async with receiving() as other:
        await deliveries.start(Hook(id="ops", url=receiver.url), Hook(id="chat", url=other.url))
        await deliveries.tell(*(notification(f"o{n}", group=str(n)) for n in range(10)))
        await deliveries.tell(*(notification(f"c{n}", group=str(n), webhook="chat") for n in range(10)))
        await until(lambda: len(other.requests) == 10)
        await until(lambda: len(receiver.requests) == 4)
        async with asyncio.timeout(10):
            await deliveries.stop()  # and it ends in time


async def test_what_is_under_way_when_it_ends_is_delivered_by_the_next_run(
    opened: Callable[[HandTime | None], Deliveries], receiver: Receiver
) -> None:
    receiver.then(hangs)
    first = opened(None)
    await first.start(Hook(url=receiver.url))
    await first.tell(*(notification(f"n{number}") for number in range(3)))
    await until(lambda: receiver.requests)
    await first.webhooks.stop(within=0.2)
    receiver.then(OK)
    second = opened(None)
    await second.start(Hook(url=receiver.url))
    await until(lambda: second.status.delivered == 3)
    assert receiver.ids == ["n0", "n0", "n1", "n2"]
    await second.stop()
    assert await second.shelf.load() == {}


async def test_the_order_of_a_group_holds_over_many_runs(
    opened: Callable[[HandTime | None], Deliveries], receiver: Receiver
) -> None:
    """Also where clocks are set back, ids tell nothing, and only some of them were tried."""
    receiver.then(answer(500))
    for days, names in enumerate(("zy", "xw", "vu")):
        time = HandTime(NOW - days * DAY)
        run = opened(time)
        await run.start(Hook(url=receiver.url))
        await run.tell(*(notification(name, at=time.at) for name in names))
        time.advance(10)
        await until(lambda: run.status.failed)  # noqa: B023
        await run.stop()
    receiver.requests.clear()
    receiver.then(OK)
    last = opened(None)
    await last.start(Hook(url=receiver.url))
    await until(lambda: last.status.delivered == 6)
    assert "".join(receiver.ids) == "zyxwvu"


async def test_what_was_on_the_shelf_and_never_submitted_is_delivered_by_the_next_run(
    opened: Callable[[HandTime | None], Deliveries], receiver: Receiver
) -> None:
    first = opened(None)
    await first.start(Hook(url=receiver.url))
    told = [notification(f"n{number}") for number in range(20)]
    await first.shelf.put(first.webhooks.entries(told))
    await first.stop()
    second = opened(None)
    await second.start(Hook(url=receiver.url))
    await second.tell(notification("n20"))
    await until(lambda: second.status.delivered == 21)
    assert receiver.ids == [f"n{number}" for number in range(21)]


async def test_pauses_hold_over_a_restart_and_not_longer_when_the_clock_was_set_back(
    opened: Callable[[HandTime | None], Deliveries], receiver: Receiver
) -> None:
    receiver.then(answer(429, "Retry-After: 600\r\n"))
    first = opened(HandTime())
    await first.start(Hook(url=receiver.url))
    await first.tell(notification())
    await until(lambda: first.status.failed == 1)
    await first.stop()
    time = HandTime(NOW - 10 * DAY)
    second = opened(time)
    await second.start(Hook(url=receiver.url))
    assert second.status.pending == 1
    assert time.next_alarm() == pytest.approx(600)
    receiver.then(OK)
    time.advance(600)
    await until(lambda: second.status.delivered)


async def test_what_is_over_the_limit_goes_to_the_dead_letters_told_once(
    by_hand: Deliveries, receiver: Receiver
) -> None:
    receiver.then(answer(500))
    await by_hand.start(Hook(url=receiver.url, limit=5))
    with capture_logs() as logs:
        for number in range(12):
            await by_hand.tell(notification(f"n{number:02}", group=str(number)))
        await until(lambda: by_hand.status.pending <= 5 and not by_hand.status.in_flight)
    status = by_hand.status
    assert (status.pending, status.dead, status.dropped) == (5, 7, 7)
    assert [log["event"] for log in logs].count("webhook_full") == 1
    await by_hand.stop()
    keys = await by_hand.shelf.load()
    assert len([key for key in keys if key.startswith("outbox:")]) == 5
    assert len([key for key in keys if key.startswith("dead:")]) == 7


async def test_a_defect_in_what_sends_holds_up_nothing(
    deliveries: Deliveries, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliveries.start(Hook(url=receiver.url))
    sender = deliveries.webhooks._couriers["ops"]._sender
    good = sender.send

    async def breaks(one: Notification) -> Any:
        if one.id == "bad" and not receiver.requests:
            raise RuntimeError("surprise")
        return await good(one)

    monkeypatch.setattr(sender, "send", breaks)
    with capture_logs() as logs:
        await deliveries.tell(notification("bad", group="a"), notification("good", group="b"))
        await until(lambda: deliveries.status.delivered == 2)
    assert sorted(receiver.ids) == ["bad", "good"]
    assert "webhook_try_broke" in [log["event"] for log in logs]


# --- reload ------------------------------------------------------------------------------------------------


async def test_a_changed_address_is_tried_at_once(by_hand: Deliveries, receiver: Receiver) -> None:
    hook = Hook(url="http://127.0.0.1:1/")
    webhooks = await by_hand.start(hook)
    await by_hand.tell(notification())
    await until(lambda: by_hand.status.failed == 1)
    await webhooks.replace([replace(hook, url=receiver.url)])
    await until(lambda: by_hand.status.delivered == 1)
    assert by_hand.status.failed == 1  # counters go on


async def test_a_request_under_way_ends_with_the_old_settings(
    deliveries: Deliveries, receiver: Receiver
) -> None:
    go = asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await OK(writer)

    receiver.then(slow)
    hook = Hook(url=receiver.url)
    webhooks = await deliveries.start(hook)
    async with receiving() as other:
        await deliveries.tell(notification("a"))
        await until(lambda: receiver.requests)
        await webhooks.replace([replace(hook, url=other.url)])
        await deliveries.tell(notification("b"))
        go.set()
        await until(lambda: deliveries.status.delivered == 2)
        assert (receiver.ids, other.ids) == (["a"], ["b"])
        await webhooks.stop()


async def test_what_waits_for_a_webhook_that_vanished_is_delivered_when_it_comes_back(
    by_hand: Deliveries, time: HandTime, receiver: Receiver
) -> None:
    receiver.then(answer(500))
    hook = Hook(url=receiver.url)
    webhooks = await by_hand.start(hook)
    await by_hand.tell(notification("a"), notification("b"))
    await until(lambda: by_hand.status.failed == 1)
    await webhooks.replace([])
    assert webhooks.status() == []
    await by_hand.tell(notification("c"))  # decided before the receiver was gone
    receiver.then(OK)
    time.advance(DAY)
    await webhooks.replace([hook])
    await until(lambda: by_hand.status.delivered == 3)
    assert receiver.ids == ["a", "a", "b", "c"]


async def test_what_waits_for_a_webhook_that_never_comes_back_goes_after_a_week(
    opened: Callable[[HandTime | None], Deliveries], receiver: Receiver
) -> None:
    receiver.then(answer(500))
    first = opened(HandTime())
    await first.start(Hook(url=receiver.url))
    await first.tell(notification("a"), notification("b", group="b"))
    await until(lambda: first.status.failed == 2)
    await first.stop()
    for seconds, left in ((FORSAKEN_SECONDS - 1, 2), (FORSAKEN_SECONDS + 1, 0)):
        later = opened(HandTime(NOW + seconds))
        await later.start(Hook(id="other"))
        await later.stop()
        assert len(await later.shelf.load()) == left


async def test_settings_that_can_not_work_change_nothing(deliveries: Deliveries, receiver: Receiver) -> None:
    webhooks = await deliveries.start(Hook(url=receiver.url))
    with pytest.raises(WebhookMisconfigured):
        await webhooks.replace([Hook(id="other", url=receiver.url), Hook(id="bad", url="ftp://x")])
    await deliveries.tell(notification())
    await until(lambda: deliveries.status.delivered)
    with pytest.raises(WebhookMisconfigured):
        await Webhooks(deliveries.shelf, [Hook(url="ftp://x")], time=HandTime()).start()


# --- the shelf fails ---------------------------------------------------------------------------------------


class BrokenShelf:
    """A shelf on a disk that is full for a while."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.full = False
        self.refused = 0

    async def load(self) -> dict[str, bytes]:
        return await self.shelf.load()

    async def put(self, entries: Mapping[str, bytes | None]) -> None:
        if self.full:
            self.refused += 1
            raise StorageUnavailable("writing to", "log.db", "the disk is full")
        await self.shelf.put(entries)


async def test_a_full_disk_delays_no_delivery_and_repeats_none_while_it_runs(
    deliveries: Deliveries, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "RETRY_SECONDS", 0.01)
    broken = BrokenShelf(deliveries.shelf)
    deliveries.shelf = broken
    receiver.then(answer(500), OK)
    webhooks = await deliveries.start(Hook(url=receiver.url))
    await deliveries.tell(notification("a"))
    broken.full = True
    with capture_logs() as logs:
        told = [notification("b")]
        with pytest.raises(StorageUnavailable):
            await broken.put(webhooks.entries(told))
        webhooks.submit(told, kept=False)
        await until(lambda: deliveries.status.delivered == 2)
        await until(lambda: broken.refused > 5)
        broken.full = False
        await webhooks.stop()
    assert receiver.ids == ["a", "a", "b"]
    assert await broken.load() == {}
    kept = [log["event"] for log in logs if "kept" in log["event"]]
    assert kept == ["webhooks_not_kept", "webhooks_kept_again"]


async def test_what_could_not_be_kept_is_put_on_the_shelf_when_the_disk_has_room(
    deliveries: Deliveries, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "RETRY_SECONDS", 0.01)
    broken = BrokenShelf(deliveries.shelf)
    deliveries.shelf = broken
    receiver.then(hangs)
    webhooks = await deliveries.start(Hook(url=receiver.url))
    broken.full = True
    webhooks.submit([notification("a")], kept=False)
    await until(lambda: broken.refused > 2)
    broken.full = False
    await until(lambda: not webhooks._keeper._unkept)
    await webhooks._keeper.flush()
    assert list(await broken.load()) == ["outbox:ops/a"]
    await webhooks.stop(within=0.1)


async def test_an_entry_that_can_not_be_read_is_told_and_the_others_are_sent(
    deliveries: Deliveries, receiver: Receiver
) -> None:
    await deliveries.shelf.put({"outbox:ops/x": b"{", "alert:1": b"not ours"})
    with capture_logs() as logs:
        await deliveries.start(Hook(url=receiver.url))
    assert [(log["event"], log["entry"]) for log in logs] == [("webhook_entry_unreadable", "outbox:ops/x")]
    await deliveries.tell(notification())
    await until(lambda: deliveries.status.delivered)
    await deliveries.stop()
    assert sorted(await deliveries.shelf.load()) == ["alert:1", "outbox:ops/x"]


async def test_ten_thousand_waiting_are_delivered_each_once(
    opened: Callable[[HandTime | None], Deliveries], storage: Storage, receiver: Receiver
) -> None:
    """After a long time without receiver: what waits is read at the start and all sent."""
    count = 10_000
    first = opened(HandTime())
    await first.start(Hook(url="http://127.0.0.1:1/"))
    await first.shelf.put(
        first.webhooks.entries(
            [notification(f"n{number}", group=str(number % 500)) for number in range(count)]
        )
    )
    await first.stop()
    second = opened(None)
    await second.start(Hook(url=receiver.url, parallel=16))
    await until(lambda: second.status.delivered == count, 90)
    assert len(receiver.ids) == len(set(receiver.ids)) == count
    await second.stop()
    assert await second.shelf.load() == {}
