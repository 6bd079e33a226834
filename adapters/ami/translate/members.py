"""Members: who is in which queue, paused or not.

Every event about a member carries all that app_queue knows of it (``queue_member_blob_create``), made under the
queue's lock. So whatever differs from what was told before is told now, whichever event brings it: a static member
that came by ``queue reload`` is noticed at its first event, a reset ``LastCall`` at the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from adapters.ami.message import Message
from adapters.ami.translate.devices import Devices, Identity
from adapters.ami.translate.fields import (
    MEMBER_STATES,
    TEXT_LIMIT,
    Fields,
    count,
    flag,
    membership,
    moment,
    required,
    text,
    whole,
)
from adapters.ami.translate.names import HINT, hint_place
from adapters.ami.translate.outbox import Outbox
from monitor.events import (
    EndpointState,
    MemberAdded,
    MemberChanged,
    MemberFacts,
    MemberPaused,
    MemberRemoved,
    MemberUnpaused,
)

MEMBER_LIMIT: Final = 200_000
"""Members remembered; beyond this new ones are counted and ignored."""
_SAME_SECOND: Final = 2.0
"""``LastPause`` this close to the event is the event's own second, which the event tells more exactly."""

UNABLE: Final[dict[str, frozenset[int]]] = {
    "unknown": frozenset({0}),
    "inuse": frozenset({2}),
    "invalid": frozenset({4}),
    "unavailable": frozenset({5}),
    "ringing": frozenset({6}),
}
"""Words of ``leavewhenempty`` that are about a member's device (``get_member_status`` in app_queue.c)."""

_SAID: Final = (
    "membername", "stateinterface", "membership", "penalty", "paused", "pausedreason", "lastpause", "lastcall",
    "logintime", "wrapuptime", "ringinuse",
)  # fmt: skip
"""All that events say of a member but for its device's state."""


class Member:
    """What was told of one member."""

    __slots__ = (
        "identity",
        "in_call",
        "interface",
        "last_call",
        "logged_in",
        "membership",
        "name",
        "paused",
        "paused_second",
        "penalty",
        "queue",
        "reason",
        "ring_in_use",
        "said",
        "state_interface",
        "status",
        "touched_at",
        "wrap_up",
    )

    def __init__(
        self, fields: Fields, identity: Identity, interface: str, state_interface: str, name: str
    ) -> None:
        self.queue = required(fields, "queue")
        self.interface = interface
        self.name = name
        self.identity = identity
        self.state_interface = state_interface
        self.membership = membership(fields)
        self.penalty = whole(fields, "penalty") or 0
        self.paused = flag(fields, "paused") or False
        self.reason = text(fields, "pausedreason") if self.paused else None
        self.paused_second = count(fields, "lastpause") if self.paused else 0
        self.last_call = count(fields, "lastcall")
        self.logged_in = count(fields, "logintime")
        self.wrap_up = count(fields, "wrapuptime")
        self.ring_in_use = flag(fields, "ringinuse")
        self.status = whole(fields, "status")
        self.in_call = flag(fields, "incall")
        self.said = tuple(map(fields.get, _SAID))
        """The values as they came: the same again are no news."""
        self.touched_at = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """What identifies a member."""
        return self.queue, self.interface

    @property
    def state(self) -> EndpointState | None:
        """How the queue says that the device is; ``None`` for no or a new number."""
        status = self.status
        return MEMBER_STATES[status] if status is not None and 0 <= status < len(MEMBER_STATES) else None

    def facts(self, offset: float, state: EndpointState) -> MemberFacts:
        """Return the member as the domain knows it."""
        return MemberFacts(
            queue=self.queue,
            interface=self.interface,
            name=self.name,
            endpoint=self.identity.endpoint,
            devices=self.identity.devices,
            penalty=self.penalty,
            paused=self.paused,
            reason=self.reason,
            paused_since=moment(self.paused_second, offset),
            state=state,
            in_call=self.in_call,
            last_call=moment(self.last_call, offset),
            logged_in_since=moment(self.logged_in, offset),
            wrap_up=float(self.wrap_up) or None,
            ring_in_use=self.ring_in_use,
            membership=self.membership,
        )


class Members:
    """All members of all queues."""

    def __init__(self, out: Outbox, devices: Devices) -> None:
        self._out = out
        self._devices = devices
        self._members: dict[tuple[str, str], Member] = {}
        self._in_queue: dict[str, dict[str, Member]] = {}
        """By queue and interface."""
        self._by_hint: dict[str, set[tuple[str, str]]] = {}
        """The members whose state interface is a hint of this extension."""
        self._removed_at: dict[tuple[str, str], float] = {}
        """Members removed since the last snapshot was asked for: its list may still have them."""

    # --- events ------------------------------------------------------------------------------------------

    def told(self, fields: Fields) -> None:
        """``QueueMemberStatus``, ``…Penalty``, ``…Ringinuse``: tell what is new."""
        old = self._members.get((required(fields, "queue"), required(fields, "interface")))
        if old is not None and old.said == tuple(map(fields.get, _SAID)):
            old.status, old.in_call = whole(fields, "status"), flag(fields, "incall")
            old.touched_at = self._out.at
            self._tell_state(old)
            return
        new = self._read(fields, fields.get("membername", ""), required(fields, "interface"))
        if old is None or (new.name, new.state_interface) != (old.name, old.state_interface):
            self._add(new)
            return
        self._keep(new)
        changes: dict[str, Any] = {}
        if new.penalty != old.penalty:
            changes["penalty"] = new.penalty
        if new.ring_in_use != old.ring_in_use and new.ring_in_use is not None and old.ring_in_use is not None:
            changes["ring_in_use"] = new.ring_in_use
        if new.wrap_up != old.wrap_up:
            changes["wrap_up"] = float(new.wrap_up)
        if new.last_call != old.last_call:
            changes["last_call"] = moment(new.last_call, self._out.offset) or 0.0
        if changes:
            self._out.put(MemberChanged, queue=new.queue, interface=new.interface, **changes)
        if (new.paused, new.reason) != (old.paused, old.reason):
            self._tell_pause(new)
        self._tell_state(new)

    def paused(self, fields: Fields) -> None:
        """``QueueMemberPause``: each is told, a pause begun anew with the same reason too."""
        before = self._members.get((fields.get("queue", ""), fields.get("interface", "")))
        was = (before.paused, before.reason, before.paused_second) if before else None
        self.told(fields)
        member = self._members.get((fields["queue"], fields["interface"]))
        if member and was and was[:2] == (member.paused, member.reason) and was[2] != member.paused_second:
            self._tell_pause(member)

    def added(self, fields: Fields) -> None:
        """``QueueMemberAdded``."""
        self._add(self._read(fields, fields.get("membername", ""), required(fields, "interface")))

    def removed(self, fields: Fields) -> None:
        """``QueueMemberRemoved``."""
        key = required(fields, "queue"), required(fields, "interface")
        member = self._members.pop(key, None)
        if member is not None:
            self._forget_hint(member)
            self._in_queue.get(key[0], {}).pop(key[1], None)
        self._removed_at[key] = self._out.at
        if len(self._removed_at) > MEMBER_LIMIT:
            del self._removed_at[next(iter(self._removed_at))]
        self._out.put(MemberRemoved, queue=key[0], interface=key[1])

    def hint(self, fields: Fields) -> None:
        """``ExtensionStatus``: its ``Hint`` may tell what stands for members."""
        extension = self._devices.learn_hint(fields)
        for key in tuple(self._by_hint.get(extension or "", ())):
            member = self._members[key]
            identity = self._devices.identify(member.interface, member.state_interface)
            if identity != member.identity:
                member.identity = identity
                self._watch(member)
                self._out.put(
                    MemberChanged,
                    queue=member.queue,
                    interface=member.interface,
                    endpoint=identity.endpoint,
                    devices=identity.devices,
                )
                self._tell_state(member)

    def last_call(self, queue: str, interface: str) -> int:
        """Return the second of the PBX's clock in which the member's last queue call ended, 0 for none."""
        member = self._members.get((queue, interface))
        return member.last_call if member else 0

    def completed(self, queue: str, interface: str, before: int, second: int) -> int:
        """``AgentComplete`` came in ``second``, for a call that began when ``LastCall`` was ``before``.

        Return the new ``LastCall``. app_queue sets it once for a call: at ``AgentComplete``, or before that when the
        device became idle (``update_status``), which after a Redirect or a transfer may be long before.
        """
        member = self._members.get((queue, interface))
        if member is None:
            return second
        if member.last_call == before:
            member.last_call = second
        return member.last_call

    def _read(self, fields: Fields, name: str, interface: str) -> Member:
        state_interface = fields.get("stateinterface", "") or interface
        old = self._members.get((fields.get("queue", ""), interface))
        if old is not None and old.state_interface == state_interface:
            identity = old.identity
        else:
            identity = self._devices.identify(interface, state_interface)
        member = Member(fields, identity, interface, state_interface, name[:TEXT_LIMIT] or interface)
        member.touched_at = self._out.at
        return member

    def _add(self, member: Member) -> None:
        if self._keep(member):
            state = member.state or "unknown"
            self._out.put(MemberAdded, member=member.facts(self._out.offset, state))
            self._tell_state(member)

    def _keep(self, member: Member) -> bool:
        old = self._members.get(member.key)
        if old is None and len(self._members) >= MEMBER_LIMIT:
            self._out.skipped("member_limit")
            return False
        if old is not None and member.ring_in_use is None:
            member.ring_in_use = old.ring_in_use
        self._members[member.key] = member
        self._removed_at.pop(member.key, None)
        self._in_queue.setdefault(member.queue, {})[member.interface] = member
        if old is None or old.identity != member.identity:
            self._watch(member)
        return True

    def _watch(self, member: Member) -> None:
        self._devices.watch(member.identity)
        if member.state_interface.startswith(HINT):
            extension = hint_place(member.state_interface)[0]
            self._by_hint.setdefault(extension, set()).add(member.key)
            self._devices.watch_extension(extension, member.identity.endpoint)

    def _forget_hint(self, member: Member) -> None:
        if member.state_interface.startswith(HINT):
            self._by_hint.get(hint_place(member.state_interface)[0], set()).discard(member.key)

    def _tell_pause(self, member: Member) -> None:
        if not member.paused:
            self._out.put(MemberUnpaused, queue=member.queue, interface=member.interface)
            return
        since = moment(member.paused_second, self._out.offset)
        if since is None or abs(since - self._out.at) < _SAME_SECOND:
            since = self._out.at
        self._out.put(
            MemberPaused,
            queue=member.queue,
            interface=member.interface,
            reason=member.reason,
            paused_since=since,
        )

    def _tell_state(self, member: Member) -> None:
        state = member.state
        if state is None:
            self._out.skipped("member_status")
        else:
            self._devices.told_by_queue(member.identity.endpoint, state)

    # --- questions ---------------------------------------------------------------------------------------

    def all_unable(self, queue: str, conditions: frozenset[str]) -> bool:
        """Tell whether app_queue would call the queue empty under its ``leavewhenempty`` conditions."""
        statuses = frozenset().union(*(UNABLE.get(word, frozenset()) for word in conditions))
        return all(
            member.status in statuses or (member.paused and "paused" in conditions)
            for member in self._in_queue.get(queue, {}).values()
        )

    # --- snapshot ----------------------------------------------------------------------------------------

    def learn(self, items: Iterable[Message], since: float) -> list[Member]:
        """Learn the members of ``QueueStatus``; return them as listed.

        What events told from ``since`` on is newer than the list, and is what is remembered.
        """
        heard = {key: member for key, member in self._members.items() if member.touched_at >= since}
        gone = {key for key, at in self._removed_at.items() if at >= since}
        before, self._members = self._members, {}
        self._removed_at.clear()
        self._in_queue.clear()
        self._by_hint.clear()
        self._devices.forget_members()
        listed: list[Member] = []
        for item in items:
            if item.name != "QueueMember":
                continue
            self._out.attempt(lambda fields: listed.append(self._learn_one(fields)), item.fields)
        listed = [member for member in listed if member.key not in gone]
        for member in listed:
            old = before.get(member.key)
            if old is not None:
                member.ring_in_use = old.ring_in_use
                if member.membership == "static":
                    member.membership = old.membership  # lists call realtime members static
            self._keep(member)
        for member in heard.values():
            self._keep(member)
            if member.state is not None:
                self._devices.learn_member_state(member.identity.endpoint, member.state)
        return listed

    def _learn_one(self, fields: Fields) -> Member:
        member = self._read(fields, fields.get("name", ""), required(fields, "location"))
        member.touched_at = 0.0
        if member.state is not None:
            self._devices.learn_member_state(member.identity.endpoint, member.state)
        return member
