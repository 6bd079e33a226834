"""The alerts at work: hears what changed, judges it, keeps what follows, tells the screens and the receivers.

Everything that decides is in the pure parts (:mod:`evaluator`, :mod:`silences`, :mod:`telling`). Here is only when they are
asked, in slices that never hold the event loop, and that what they say is on the shelf before anybody hears of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Protocol

import msgspec
import structlog

from monitor.alerts.errors import NoSuch, TooManySilences
from monitor.alerts.evaluator import Evaluator, Key, Subject, Transition
from monitor.alerts.keeping import Keeping, KeptAlert
from monitor.alerts.notification import Notification
from monitor.alerts.rules import Kind, Rule
from monitor.alerts.silences import MAX_SILENCES, Silence, next_end, silencing
from monitor.alerts.subjects import Subjects
from monitor.alerts.telling import Message, Receiver, Telling
from monitor.engine import Changes
from monitor.log.contract import Shelf
from monitor.model import Acknowledgement, Alert

logger = structlog.get_logger(__name__)

SLICE_SECONDS = 0.002
"""How long subjects are judged before others have their turn."""
FORGET_SECONDS = 10.0
"""How often what was told long ago is forgotten."""
PAUSE_SECONDS = 5.0
"""How long the work rests after a defect."""


class Deliveries(Protocol):
    """Who brings notifications to receivers: :class:`monitor.alerts.webhooks.Webhooks` is one."""

    def entries(self, notifications: Sequence[Notification]) -> Mapping[str, bytes | None]:
        """Return what must stand on the shelf before they are submitted."""

    def submit(self, notifications: Sequence[Notification], *, kept: bool) -> None:
        """Bring them to their receivers. ``kept``: their entries are on the shelf."""


class AlertCenter:
    """Watches one picture. :meth:`hear` is called with every change of it."""

    def __init__(
        self,
        subjects: Subjects,
        rules: Iterable[Rule],
        *,
        language: str,
        shelf: Shelf,
        now: Callable[[], float],
        new_id: Callable[[], str],
        publish: Callable[[Sequence[Changes]], None],
    ) -> None:
        self.alerts: dict[str, Alert] = {}
        """All that there are, as they are shown, by id."""
        self.silences: dict[str, Silence] = {}
        self._subjects = subjects
        self._evaluator = Evaluator(rules, language=language)
        self._telling = Telling()
        self._receivers: Sequence[Receiver] = ()
        self._deliveries: Deliveries | None = None
        self._keeping = Keeping(shelf, now)
        self._now = now
        self._new_id = new_id
        self._publish = publish
        self._dirty: dict[Subject, None] = {}
        self._unseen = subjects.unseen()
        self._circumstances: tuple[frozenset[str], frozenset[str]] | None = None
        """Silences in force and sources that can't be seen, as all alerts were last marked."""
        self._to_mark: deque[Key] = deque()
        """Alerts that were not looked at since these changed."""
        self._forget_at = 0.0
        self._ask_at: float | None = None
        """When receivers may be told what was kept back."""
        self._wake = asyncio.Event()
        self._ended_before: list[Transition] = []
        """Alerts of an earlier run whose rules are gone."""
        self._unsettled = False
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    # --- life ------------------------------------------------------------------------------------------

    async def restore(self) -> None:
        """Read what was kept. Raises :class:`monitor.log.contract.StorageError`."""
        found = await self._keeping.load()
        for kept in found.alerts:
            self._telling.restore(kept.alert, kept.told)
        self.silences.update(found.silences)
        known = [kept.alert for kept in found.alerts]
        orphans = self._evaluator.restore(known)
        now = self._now()
        self.alerts.update({alert.id: self._marked(alert, now) for alert in known})
        self._ended_before = [Transition(alert, _over(alert, now)) for alert in orphans]

    def start(self, receivers: Sequence[Receiver], deliveries: Deliveries) -> None:
        """Begin to judge."""
        self._receivers, self._deliveries = receivers, deliveries
        self._mark_all(self._evaluator.kinds)
        self._mark_alerts()
        self._telling.ask_all(self.alerts.values())
        self._unsettled = True
        self._wake.set()
        self._task = asyncio.create_task(self._work(), name="alerts")

    async def stop(self) -> None:
        """Stop judging and keep what is still to be kept; idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._keeping.close()

    async def replace(self, rules: Iterable[Rule], receivers: Sequence[Receiver], *, language: str) -> None:
        """Go on with other rules and receivers: the configuration was read anew."""
        async with self._lock:
            ended = self._evaluator.replace(rules, self._now(), language=language)
            self._receivers = receivers
            self._telling.ask_all(self.alerts.values())
            await self._settle(ended)
        self._mark_all(self._evaluator.kinds)
        self._mark_alerts()
        self._wake.set()

    # --- what changes ----------------------------------------------------------------------------------

    def hear(self, changes: Sequence[Changes]) -> None:
        """Note what changed; it is judged in the next turns of the event loop."""
        kinds = self._evaluator.kinds
        if not kinds:
            return
        for change in changes:
            for subject in self._subjects.changed(change, kinds):
                self._dirty.setdefault(subject)
            for subject in self._subjects.removed(change, kinds):
                self._dirty.setdefault(subject)
            if change.source is not None:
                self._unsettled = True  # what was kept back while it was lost
                if (unseen := self._subjects.unseen()) != self._unseen:
                    self._unseen = unseen
                    self._mark_alerts(change.source)
        if self._dirty or self._unsettled:
            self._wake.set()

    @property
    def is_idle(self) -> bool:
        """Whether everything that was heard is judged, kept and handed on."""
        return not (self._wake.is_set() or self._dirty or self._lock.locked())

    @property
    def past(self) -> list[Alert]:
        """Alerts that are over, the latest first."""
        return list(reversed(self._keeping.history))

    @property
    def next_look(self) -> float | None:
        """When something will be due though nothing changes."""
        return _soonest(self._evaluator.next_deadline(), self._ask_at)

    def look(self) -> None:
        """Look at the clock: something may be due."""
        self._wake.set()

    # --- what people do --------------------------------------------------------------------------------

    async def acknowledge(self, alert_id: str, *, by: str, why: str) -> Alert:
        """Note that somebody cares for an alert. Raises :class:`NoSuch`."""
        async with self._lock:
            alert = self.alerts.get(alert_id)
            current = alert and self._evaluator.alerts.get((alert.rule, alert.subject))
            if alert is None or current is None or current.id != alert_id:  # the latter: it is just ending
                raise NoSuch("alert", alert_id)
            seen = msgspec.structs.replace(
                alert, acknowledged=Acknowledgement(by=by, why=why, at=self._now())
            )
            self._evaluator.alerts[alert.rule, alert.subject] = seen
            await self._settle([Transition(alert, seen)])
        logger.info("alert_acknowledged", alert=alert_id, by=by, why=why)
        return self.alerts.get(alert_id, seen)

    async def silence(self, *, matchers: dict[str, str], by: str, why: str, until: float) -> Silence:
        """Keep matching alerts quiet until a time. Raises :class:`TooManySilences`."""
        now = self._now()
        async with self._lock:
            ended = [one.id for one in self.silences.values() if one.until <= now]
            if len(self.silences) - len(ended) >= MAX_SILENCES:
                raise TooManySilences(MAX_SILENCES)
            silence = Silence(
                id=self._new_id(), matchers=matchers, by=by, why=why, created_at=now, until=until
            )
            self.silences[silence.id] = silence
            await self._settle([], {silence.id: silence} | self._forget(ended))
        logger.info("alerts_silenced", silence=silence.id, by=by, why=why, until=until)
        return silence

    async def unsilence(self, silence_id: str) -> None:
        """End a silence now. Raises :class:`NoSuch`."""
        async with self._lock:
            if silence_id not in self.silences:
                raise NoSuch("silence", silence_id)
            await self._settle([], self._forget([silence_id]))
        logger.info("silence_ended", silence=silence_id)

    def _forget(self, silences: Sequence[str]) -> dict[str, Silence | None]:
        for one in silences:
            self.silences.pop(one, None)
        return dict.fromkeys(silences)

    # --- the work --------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(0)  # others, also where there is always something to do
            await self._wait()
            try:
                async with self._lock:
                    await self._judge_and_settle()
            except Exception:  # a defect must not end all alerts: what still holds is found again
                logger.exception("alerts_not_settled", effect="looked at anew", retry_seconds=PAUSE_SECONDS)
                await asyncio.sleep(PAUSE_SECONDS)
                self._circumstances = None  # so that all alerts are looked at
                self._unsettled = True
                self._wake.set()

    async def _judge_and_settle(self) -> None:
        self._take_due()
        transitions = [*self._ended_before, *self._judge_all()]
        self._ended_before = []
        if transitions or self._unsettled or self._is_time_to_ask():
            self._unsettled = False
            await self._settle(transitions)

    async def _wait(self) -> None:
        """Wait for a change, or for the time at which something is to be judged without one."""
        at = self.next_look
        at = _soonest(at, self._keeping.retry_at)
        timeout = None if at is None else max(0.0, at - self._now())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout)
        self._wake.clear()

    def _is_time_to_ask(self) -> bool:
        at = _soonest(self._ask_at, self._keeping.retry_at)
        return at is not None and at <= self._now()

    def _take_due(self) -> None:
        subjects, kinds = self._evaluator.due(self._now())
        for subject in subjects:
            self._dirty.setdefault(subject)
        self._mark_all(kinds)

    def _mark_all(self, kinds: Iterable[Kind]) -> None:
        for subject in self._subjects.all(kinds):
            self._dirty.setdefault(subject)

    def _mark_alerts(self, source: str | None = None) -> None:
        """Have the subjects of all alerts (of a source) judged: they may be gone without anybody having said so."""
        for kind, subject_id in self._evaluator.subjects():
            if source is None or subject_id.partition("/")[0] == source:
                self._dirty.setdefault((kind, subject_id))

    def _judge_all(self) -> list[Transition]:
        """Judge what changed, for one slice of time; the rest comes after this is told and others had their turn."""
        found: list[Transition] = []
        began = perf_counter()
        while self._dirty:
            kind, subject_id = subject = next(iter(self._dirty))
            del self._dirty[subject]
            found += self._judge(kind, subject_id)
            if perf_counter() - began >= SLICE_SECONDS:
                self._wake.set()
                break
        return found

    def _judge(self, kind: Kind, subject_id: str) -> list[Transition]:
        now = self._now()
        try:
            subject = self._subjects.find(kind, subject_id, now)
            if subject is None and not self._subjects.may_come_back(kind, subject_id):
                return self._evaluator.gone(kind, subject_id, now)
            if subject is None or not self._subjects.seen(kind, subject_id):
                return self._evaluator.blind(kind, subject_id)
            return self._evaluator.judge(kind, subject_id, subject, now)
        except Exception:  # a defect: the other subjects' alerts must not suffer
            logger.exception("alert_not_judged", subject=subject_id)
            return []

    async def _settle(
        self, transitions: Sequence[Transition], silences: Mapping[str, Silence | None] | None = None
    ) -> None:
        """Decide who is told what, keep it, and only then tell.

        An alert is told even where keeping fails: who waits for a disk loses the customer.
        """
        now = self._now()
        if self._evaluator.refused:
            logger.warning(
                "too_many_alerts", not_begun=self._evaluator.refused, kept=len(self._evaluator.alerts)
            )
            self._evaluator.refused = 0
        removed = [one.before.id for one in transitions if one.before is not None and not _goes_on(one)]
        ended = [one.after for one in transitions if one.after is not None and one.after.state == "resolved"]
        self._keeping.remember(ended)
        touched = self._touched(transitions)
        marked = [*(self._marked(alert, now) for alert in touched), *self._marked_anew(now)]
        fresh = {alert.id: alert for alert in marked if alert != self.alerts.get(alert.id)}
        there = ChainMap(fresh, self.alerts)
        messages, again = self._telling.settle(
            there, [*fresh.values(), *ended], self._receivers, _is_quiet, now
        )
        if now >= self._forget_at:
            self._telling.forget_old(now)
            self._forget_at = now + FORGET_SECONDS
        self._ask_at = _soonest(again, next_end(self.silences, now))
        notifications = [self._notification(message, now) for message in messages]
        begun = (alert for message in messages for alert in message.alerts if alert.state == "firing")
        # How alerts are marked follows from what else is known; one that is pending begins anew after a restart.
        worth_keeping = {alert.id: there[alert.id] for alert in (*touched, *begun) if alert.state == "firing"}
        changed = fresh | worth_keeping
        kept = await self._keeping.write(
            alerts=[KeptAlert(alert, self._told(alert)) for alert in worth_keeping.values()],
            removed=removed,
            silences=silences,
            outgoing=None if self._deliveries is None else self._deliveries.entries(notifications),
        )
        self._show(removed, changed)
        if self._deliveries is not None and notifications:
            self._deliveries.submit(notifications, kept=kept)
        _log(transitions)

    def _touched(self, transitions: Iterable[Transition]) -> list[Alert]:
        """Return the alerts that changed and go on."""
        keys = {
            (one.rule, one.subject) for transition in transitions for one in transition if one is not None
        }
        return [self._evaluator.alerts[key] for key in keys if key in self._evaluator.alerts]

    def _marked_anew(self, now: float) -> list[Alert]:
        """Return some of the alerts that may be marked differently now; the rest comes when others had their turn.

        They are all that there are, when a silence began or ended, or a source was lost or came back.
        """
        current = self._evaluator.alerts
        in_force = frozenset(one.id for one in self.silences.values() if one.until > now)
        circumstances = in_force, self._subjects.unseen()
        if circumstances != self._circumstances:
            self._circumstances = circumstances
            self._to_mark = deque(current)
        marked, began = [], perf_counter()
        for _ in range(len(self._to_mark)):
            key = self._to_mark.popleft()
            alert = current.get(key)
            if alert is None:
                continue
            if self._evaluator.subject_of(key) in self._dirty:
                self._to_mark.append(key)  # it may be over: that comes first
            else:
                marked.append(self._marked(alert, now))
            if perf_counter() - began >= SLICE_SECONDS:
                break
        if self._to_mark:
            self._unsettled = True
            self._wake.set()
        return marked

    def _marked(self, alert: Alert, now: float) -> Alert:
        """Return an alert with whether it is silenced or inhibited now."""
        silence = silencing(alert, self.silences.values(), now) if self.silences else None
        silenced = None if silence is None else silence.id
        inhibited = not self._subjects.explains_itself(alert)
        if (alert.silenced, alert.inhibited) == (silenced, inhibited):
            return alert
        return msgspec.structs.replace(alert, silenced=silenced, inhibited=inhibited)

    def _notification(self, message: Message, now: float) -> Notification:
        return Notification(
            id=self._new_id(), webhook=message.receiver, group=message.group, at=now, alerts=message.alerts
        )

    def _told(self, alert: Alert) -> tuple[str, ...]:
        return tuple(sorted(self._telling.told.get(alert.id, ())))

    def _show(self, removed: Sequence[str], changed: Mapping[str, Alert]) -> None:
        for alert_id in removed:
            self.alerts.pop(alert_id, None)
        self.alerts.update(changed)
        if removed or changed:
            self._publish([Changes(alerts=set(changed), alerts_removed=set(removed) - changed.keys())])


def _log(transitions: Iterable[Transition]) -> None:
    for before, after in transitions:
        if after is None or (before is not None and before.state == after.state):
            continue
        if after.state == "firing":
            logger.info("alert_fires", alert=after.id, severity=after.severity, summary=after.summary)
        elif after.state == "resolved":
            lasted = (after.resolved_at or 0.0) - (after.fired_at or after.since)
            logger.info("alert_over", alert=after.id, seconds=round(lasted, 1))


def _goes_on(transition: Transition) -> bool:
    return transition.after is not None and transition.after.state != "resolved"


def _is_quiet(alert: Alert) -> bool:
    return alert.silenced is not None or alert.inhibited


def _over(alert: Alert, now: float) -> Alert | None:
    if alert.state == "pending":
        return None
    return msgspec.structs.replace(alert, state="resolved", resolved_at=now)


def _soonest(one: float | None, other: float | None) -> float | None:
    return min((at for at in (one, other) if at is not None), default=None)
