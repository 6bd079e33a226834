"""Agents: members who are offered a caller, miss, answer and complete the call.

``AgentComplete`` is hard to place: its channel blocks may be missing (the channels are gone by then), its member's
channel is another after Local optimisation or a masquerade, its caller's too, and after a Redirect it comes only
when the caller leaves for good, perhaps from another queue. So who talks with whom is remembered from
``AgentConnect`` on, by queue and interface.
"""

from __future__ import annotations

from math import floor
from typing import Final, NamedTuple

from adapters.ami.translate.callers import Callers
from adapters.ami.translate.fields import Fields, required, span, stamp
from adapters.ami.translate.legs import Legs
from adapters.ami.translate.members import Members
from adapters.ami.translate.outbox import Outbox
from monitor.events import AgentAnswered, AgentCompleted, AgentMissed, AgentOffered, CompletedReason

CALLS_LIMIT: Final = 64
"""Calls remembered of one member in one queue: those whose ``AgentComplete`` never came are forgotten in turn."""

_REASONS: Final[dict[str, CompletedReason]] = {"caller": "caller", "agent": "agent", "transfer": "transfer"}
_MILLISECOND: Final = 0.001


class _Served(NamedTuple):
    """A queue call in progress."""

    call: str
    leg: str
    last_call: int
    """``LastCall`` of the member when the call began."""


class Agents:
    """Who talks with whom."""

    def __init__(self, out: Outbox, members: Members, legs: Legs, callers: Callers) -> None:
        self._out = out
        self._members = members
        self._legs = legs
        self._callers = callers
        self._served: dict[tuple[str, str], list[_Served]] = {}

    def offered(self, fields: Fields) -> None:
        """``AgentCalled``."""
        queue, interface = required(fields, "queue"), required(fields, "interface")
        call = self._callers.caller(queue, required(fields, "uniqueid"))
        leg = self._legs.rung_for_queue(fields)
        self._out.put(AgentOffered, queue=queue, call=call, interface=interface, leg=leg)

    def missed(self, fields: Fields) -> None:
        """``AgentRingNoAnswer``; its ``RingTime`` is in milliseconds."""
        self._miss(fields, span(fields, "ringtime", _MILLISECOND))

    def dumped(self, fields: Fields) -> None:
        """``AgentDump``: hung up on the announcement, which is a way of refusing."""
        self._callers.dumped(fields.get("uniqueid", ""))
        self._miss(fields, None)

    def _miss(self, fields: Fields, ring_seconds: float | None) -> None:
        queue = required(fields, "queue")
        self._out.put(
            AgentMissed,
            queue=queue,
            call=self._callers.caller(queue, required(fields, "uniqueid")),
            interface=required(fields, "interface"),
            leg=fields.get("destuniqueid") or None,
            ring_seconds=ring_seconds,
        )

    def connected(self, fields: Fields) -> None:
        """``AgentConnect``."""
        queue, interface = required(fields, "queue"), required(fields, "interface")
        uniqueid, leg = required(fields, "uniqueid"), required(fields, "destuniqueid")
        call = self._callers.connected(queue, uniqueid)
        served = self._served.setdefault((queue, interface), [])
        served.append(_Served(call, leg, self._members.last_call(queue, interface)))
        del served[:-CALLS_LIMIT]
        self._legs.serve(leg, queue, call)
        self._out.put(
            AgentAnswered,
            queue=queue,
            call=call,
            interface=interface,
            leg=leg,
            hold_time=span(fields, "holdtime"),
            ring_time=span(fields, "ringtime"),
        )

    def completed(self, fields: Fields) -> None:
        """``AgentComplete``."""
        queue, interface = required(fields, "queue"), required(fields, "interface")
        served = self._take(queue, interface, fields.get("uniqueid", ""), fields.get("destuniqueid", ""))
        if served is None:
            self._out.skipped("unknown_call")
            return
        self._legs.serve(served.leg, None, None)
        at = stamp(fields)
        second = floor(self._out.at - self._out.offset if at is None else at)
        self._out.put(
            AgentCompleted,
            queue=queue,
            call=served.call,
            interface=interface,
            leg=served.leg or None,
            reason=_REASONS.get(fields.get("reason", ""), "unknown"),
            hold_time=span(fields, "holdtime"),
            talk_time=span(fields, "talktime"),
            last_call=self._members.completed(queue, interface, served.last_call, second) + self._out.offset,
        )

    def _take(self, queue: str, interface: str, uniqueid: str, leg: str) -> _Served | None:
        """Return (and forget) the call that ended; ``None`` if there is no telling which."""
        served = self._served.get((queue, interface), [])
        call = self._callers.call_of(uniqueid)
        found = (
            next((one for one in served if one.call == call), None)
            or next((one for one in served if one.leg == leg), None)
            or (served[0] if len(served) == 1 and not (uniqueid and leg) else None)
        )
        if found is not None:
            served.remove(found)
            if not served:
                del self._served[queue, interface]
            return found
        return _Served(call, leg, self._members.last_call(queue, interface)) if call else None

    def forget(self) -> None:
        """Forget who talks: the link was lost."""
        self._served.clear()
