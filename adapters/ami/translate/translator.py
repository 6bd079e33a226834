"""The translator: AMI messages in, domain events out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from adapters.ami.lists import SnapshotLists
from adapters.ami.message import Message
from adapters.ami.translate.agents import Agents
from adapters.ami.translate.callers import Callers
from adapters.ami.translate.channels import Channels
from adapters.ami.translate.devices import Devices
from adapters.ami.translate.fields import Fields, UnusableError, decimal, required, text
from adapters.ami.translate.legs import Legs
from adapters.ami.translate.members import Members
from adapters.ami.translate.outbox import Outbox, ignore
from adapters.ami.translate.snapshot import Snapshots
from monitor.events import Event, OutcomeRecorded

Handler: TypeAlias = Callable[[Fields], None]


class Translator:
    """Turns what one PBX says into domain events.

    ``next_id`` gives the ids of events, ``skipped`` is told the kind of whatever is malformed and skipped. Nothing
    raises. Memory is bounded: what belongs to a channel goes with its ``Hangup``, the rest has limits.

    ``offset`` is to be kept at the seconds that turn the PBX's clock into ours.
    """

    def __init__(
        self, source: str, next_id: Callable[[], str], skipped: Callable[[str], None] = ignore
    ) -> None:
        self._out = Outbox(source, next_id, skipped)
        self._devices = Devices(self._out)
        self._members = Members(self._out, self._devices)
        self._channels = Channels(self._out, self._devices)
        self._legs = Legs(self._out, self._devices, self._channels)
        self._callers = Callers(self._out, self._channels, self._legs, self._left_empty)
        self._agents = Agents(self._out, self._members, self._legs, self._callers)
        self._snapshots = Snapshots(self._out, self._devices, self._members, self._legs, self._callers)
        self._handlers = self._table()

    def _table(self) -> dict[str, tuple[Handler, ...]]:
        """Return what is done at each event, in this order."""
        members, legs, callers, agents = self._members, self._legs, self._callers, self._agents
        return {
            "QueueMemberAdded": (members.added,),
            "QueueMemberRemoved": (members.removed,),
            "QueueMemberPause": (members.paused,),
            "QueueMemberPenalty": (members.told,),
            "QueueMemberRinginuse": (members.told,),
            "QueueMemberStatus": (members.told,),
            "DeviceStateChange": (self._devices.changed,),
            "ExtensionStatus": (members.hint,),
            "QueueCallerJoin": (callers.joined,),
            "QueueCallerAbandon": (callers.abandoned,),
            "QueueCallerLeave": (callers.left,),
            "VarSet": (callers.variable_set,),
            "AgentCalled": (agents.offered,),
            "AgentConnect": (agents.connected,),
            "AgentComplete": (agents.completed,),
            "AgentDump": (agents.dumped,),
            "AgentRingNoAnswer": (agents.missed,),
            "Newchannel": (legs.created,),
            "Newstate": (legs.state_changed,),
            "NewConnectedLine": (legs.party_changed,),
            "Rename": (legs.renamed,),
            "DialBegin": (legs.dial_began,),
            "DialState": (legs.dial_progressed,),
            "DialEnd": (callers.dial_ended, legs.dial_ended),
            "BridgeEnter": (callers.entered_bridge, legs.entered_bridge),
            "BridgeLeave": (legs.left_bridge,),
            "BridgeDestroy": (legs.bridge_destroyed,),
            "Hold": (legs.held,),
            "Unhold": (legs.resumed,),
            "ChannelTalkingStart": (legs.talking_started,),
            "ChannelTalkingStop": (legs.talking_stopped,),
            "HangupRequest": (callers.hangup_requested,),
            "SoftHangupRequest": (callers.soft_hangup_requested,),
            "Hangup": (callers.ended, legs.ended),
            "UserEvent": (self._outcome_recorded,),
        }

    @property
    def event_names(self) -> frozenset[bytes]:
        """The events that mean something, as they are written on the wire."""
        return frozenset(name.encode() for name in self._handlers)

    @property
    def offset(self) -> float:
        """Seconds to add to the PBX's clock to get ours."""
        return self._out.offset

    @offset.setter
    def offset(self, offset: float) -> None:
        self._out.offset = offset

    def translate(self, message: Message, at: float) -> list[Event]:
        """Return what an event tells. ``at`` is when it happened, by our clock."""
        out = self._out
        self._legs.due(at)
        self._callers.due(at)
        out.at = at
        fields = message.fields
        for handle in self._handlers.get(message.name, ()):
            try:
                handle(fields)
            except UnusableError as error:
                out.skipped(error.kind)
        return out.take()

    def snapshot(
        self,
        lists: SnapshotLists,
        taken_at: float,
        at: float,
        reconciliation: bool,  # noqa: FBT001 - as agreed
    ) -> list[Event]:
        """Return what the PBX's own lists tell; the last event is the :class:`~monitor.events.Snapshot`.

        ``taken_at`` is our time just before they were asked for, ``at`` now. ``reconciliation``: this connection's
        first snapshot came before, so what is known beside the lists (exact times, who is served) is kept.
        """
        self._pass(at)
        self._out.at = at
        self._out.offset = lists.offset
        self._snapshots.put(lists, taken_at, reconciliation=reconciliation)
        return self._out.take()

    def next_due(self) -> float | None:
        """Return the time at which :meth:`due` has something to tell if nothing else happens until then."""
        times = (self._legs.next_due(), self._callers.next_due())
        return min((time for time in times if time is not None), default=None)

    def due(self, at: float) -> list[Event]:
        """Return what the mere passing of time tells (see :data:`~.legs.GRACE` and :data:`~.callers.SETTLE`).

        Everything else asks for it too; only a PBX that falls silent needs this call.
        """
        self._pass(at)
        return self._out.take()

    def _pass(self, at: float) -> None:
        self._legs.due(at)
        self._callers.due(at)

    def lost(self) -> None:
        """Forget what may have ended unseen: the connection is lost. Members and hints are kept until relearned."""
        self._devices.forget()
        self._legs.forget_all()
        self._callers.forget()
        self._agents.forget()

    def _left_empty(self, queue: str) -> bool:
        """Tell whether ``leavewhenempty`` explains that somebody leaves the queue now."""
        settings = self._snapshots.settings.get(queue)
        return bool(
            settings
            and settings.leave_when_empty
            and self._members.all_unable(queue, settings.leave_when_empty)
        )

    def _outcome_recorded(self, fields: Fields) -> None:
        """``UserEvent: OutcomeRecorded`` with ``Agent``, ``Outcome`` and perhaps ``Project`` and ``Amount``."""
        if fields.get("userevent") != "OutcomeRecorded":
            return
        self._out.put(
            OutcomeRecorded,
            agent=required(fields, "agent"),
            project=text(fields, "project"),
            outcome=required(fields, "outcome"),
            amount=decimal(fields.get("amount", "")),
        )


INTERESTING: Final = Translator("", str).event_names
"""The events that mean something, as they are written on the wire: all others may be dropped unread."""

SIEVE: Final = {
    b"VarSet": (b"\r\nVariable: QUEUESTATUS", True),
    b"DeviceStateChange": (b"\r\nDevice: Queue:", False),
}
"""Of these events only some mean something; a look at the bytes tells which (:data:`adapters.ami.protocol.Sieve`)."""
