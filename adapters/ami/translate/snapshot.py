"""Makes a snapshot of the PBX's own lists, and the translator's memory agree with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adapters.ami.lists import SnapshotLists
from adapters.ami.message import Message
from adapters.ami.translate.callers import Callers
from adapters.ami.translate.channel import Channel
from adapters.ami.translate.devices import Devices
from adapters.ami.translate.fields import span
from adapters.ami.translate.legs import Legs
from adapters.ami.translate.members import Member, Members
from adapters.ami.translate.names import channel_device, is_local
from adapters.ami.translate.outbox import Outbox
from adapters.ami.translate.settings_file import QueueSettings, read_settings
from monitor.events import LegFacts, QueueFacts, Snapshot

_QUEUE: Final = "Queue"
"""The application that a queue's caller runs, waiting or talking."""
MARGIN: Final = 1.0
"""Seconds by which an event may seem older than it is: the two clocks are compared through a link that may be slow. What
an event told that shortly before the lists were asked for may be newer than they are."""


class Snapshots:
    """Turns lists into :class:`~monitor.events.Snapshot`."""

    def __init__(self, out: Outbox, devices: Devices, members: Members, legs: Legs, callers: Callers) -> None:
        self._out = out
        self._devices = devices
        self._members = members
        self._legs = legs
        self._callers = callers
        self.settings: dict[str, QueueSettings] = {}
        """Of queues.conf, as far as it may be read."""

    def put(self, lists: SnapshotLists, taken_at: float, *, reconciliation: bool) -> None:
        """Learn the lists and tell them.

        Nothing is told that is over by what happened since ``taken_at``: the events told it. Of a first snapshot only
        what happened after it counts: before it there was no link.
        """
        since = taken_at - MARGIN if reconciliation else taken_at
        queues = lists.queues or []
        if lists.config is not None:
            self.settings = read_settings(lists.config)
        if lists.hints is not None:
            self._devices.learn_hints(lists.hints)
        members = self._members.learn(queues, since)
        if lists.devices is not None:
            self._devices.learn_states(lists.devices, since)
        self._devices.agree()
        legs = None
        if lists.channels is not None:
            channels = self._legs.learn(lists.channels, taken_at, since)
            served = _served(lists.channels, members)
            legs = tuple(self._leg(channel, served) for channel in channels)
        callers = self._callers.learn(queues, taken_at, since)
        self._out.put(
            Snapshot,
            taken_at=taken_at,
            reconciliation=reconciliation,
            restarted=lists.restarted,
            queues=tuple(
                self._queue(item) for item in queues if item.name == "QueueParams" and item.get("queue")
            ),
            members=tuple(
                member.facts(self._out.offset, self._devices.state(member.identity.endpoint))
                for member in members
            ),
            callers=callers,
            legs=legs,
            endpoints=self._devices.facts(),
            complete_endpoints=lists.devices is not None,
        )

    def _queue(self, item: Message) -> QueueFacts:
        name = item.get("queue")
        settings = self.settings.get(name)
        return QueueFacts(
            queue=name,
            strategy=item.get("strategy") or None,
            wrap_up=settings.wrap_up if settings else None,
            service_level=span(item.fields, "servicelevel"),
        )

    def _leg(self, channel: Channel, served: dict[str, tuple[str, str]]) -> LegFacts:
        queue, call = served.get(channel.leg, (channel.queue, channel.queue_call))
        return LegFacts(
            leg=channel.leg,
            call=channel.call,
            endpoint=channel.device,
            direction=channel.direction,
            started_at=channel.started_at,
            state="answered" if channel.answered else "ringing" if channel.rings else "dialing",
            answered_at=channel.answered_at,
            party=channel.party,
            party_name=channel.party_name,
            queue=queue,
            queue_call=self._callers.call_of(call) if call else None,
        )


def _served(items: Iterable[Message], members: Iterable[Member]) -> dict[str, tuple[str, str]]:
    """Return queue and caller of each leg that a queue's caller talks with.

    Caller and member share a bridge; the phone behind a pair of Local channels shares one with the pair's other
    half. A caller still runs ``Queue`` after a transfer, so only members count whom the queue has in a call.
    """
    at_work: dict[str, set[str]] = {}
    for member in members:
        if member.in_call is not False:
            devices = at_work.setdefault(member.queue, set())
            devices.update((member.identity.endpoint, *member.identity.devices))
    bridges: dict[str, tuple[str, str]] = {}
    bridged: list[tuple[str, str, str]] = []
    for item in items:
        fields = item.fields
        bridge, leg, name = fields.get("bridgeid", ""), fields.get("uniqueid", ""), fields.get("channel", "")
        if not bridge:
            continue
        if fields.get("application") == _QUEUE:
            bridges[bridge] = (fields.get("applicationdata", "").partition(",")[0], leg)
        else:
            bridged.append((bridge, leg, name))
    served: dict[str, tuple[str, str]] = {}
    halves = {name: bridge for bridge, _, name in bridged if is_local(name)}
    for bridge, _, name in bridged:
        behind = halves.get(f"{name[:-1]}2") if is_local(name) and name.endswith(";1") else None
        if behind is not None and bridge in bridges:
            bridges.setdefault(behind, bridges[bridge])
    for bridge, leg, name in bridged:
        queue, call = bridges.get(bridge, ("", ""))
        if queue and channel_device(name) in at_work.get(queue, ()):
            served[leg] = (queue, call)
    return served
