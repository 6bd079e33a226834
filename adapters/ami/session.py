"""One AMI connection without I/O: greeting, login, snapshots, keepalive.

The owner passes in what it read and the time, and takes out bytes to send and what happened::

    session.receive_data(data, now, wall)       session.data_to_send() -> bytes
    session.tick(now, wall)                     session.outputs() -> what happened, in order
    session.closed(why)                         session.next_deadline() -> when to call tick

``now`` is monotonic (timeouts), ``wall`` our clock in unix seconds (times of events). Nothing here raises: an end
of the connection is the output :class:`Lost`, after which the session does nothing more.

How a connection goes
---------------------
The login asks for ``system`` events only, so that nothing floods in yet and ``FullyBooted`` tells whether the PBX is
still starting. A Ping then measures the clocks and ends the greeting. When the PBX is up, the events are switched on
and, in the same breath, the lists are asked for, with a Ping behind them: at its Pong everything that was queued in
Asterisk before the lists has come too, and the snapshot is handed over. Later lists only compare: they wait a while
longer, until what Asterisk was about to tell when it made them has come as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, TypeAlias

from adapters.ami.action import build_action
from adapters.ami.errors import BadList, Closed, ConnectionLost, PbxShutdown, Silent
from adapters.ami.keepalive import Keepalive
from adapters.ami.lists import LIST_EVENTS, LIST_ONLY_EVENTS, Collection, SnapshotLists
from adapters.ami.login import Login, greeting_fault, refusal, version_of
from adapters.ami.memory import PbxFacts, PbxMemory
from adapters.ami.message import Message
from adapters.ami.outputs import Answer, Booting, EventMessage, LoggedIn, Lost, Output, Refused
from adapters.ami.protocol import AmiProtocol, Limits, Sieve
from adapters.ami.snapshots import Snapshots
from adapters.ami.states import WAITS, Input, State
from adapters.ami.timeouts import Timeouts

__all__ = ["AmiSession", "SnapshotLists"]

SESSION_EVENTS = frozenset({b"FullyBooted", b"Shutdown", b"Reload"})
"""Events that the session itself must see, beside those of the lists."""

_STALLED = 1.0
"""Seconds by which a deadline may be missed before we must suppose that it was we who stood still."""

_NO_MESSAGE = Message("", {})

_Step: TypeAlias = "Callable[[AmiSession, Message], None]"


def _due(timer: tuple[float, Callable[[], None]]) -> float:
    return timer[0]


class AmiSession:
    """One connection. Its state machine is the table at the end of the class."""

    def __init__(
        self,
        login: Login,
        interesting: frozenset[bytes],
        *,
        action_prefix: str,
        memory: PbxMemory,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        sieve: Sieve | None = None,
    ) -> None:
        listed = frozenset(name.encode() for name in LIST_EVENTS)
        self.protocol = AmiProtocol(interesting | listed | SESSION_EVENTS, limits, sieve)
        self.state = State.BANNER
        self._login = login
        self._memory = memory
        self._timeouts = timeouts or Timeouts()
        self._ignored: Counter[str] = Counter()
        # in and out
        self._out = bytearray()
        self._outputs: list[Output] = []
        self._prefix = action_prefix
        self._number = 0
        self._answers: dict[str, Callable[[Message], None]] = {}
        # time
        self._now = 0.0
        self._wall = 0.0
        self._since = 0.0
        self._heard = 0.0
        self._heard_wall: float | None = None
        self._pbx = PbxFacts()
        self._snapshots = Snapshots(self._timeouts)
        self._keepalive = Keepalive(self._timeouts)

    @property
    def offset(self) -> float:
        """Seconds to add to the PBX's clock to get ours; 0 until it was measured."""
        return self._keepalive.clock.offset

    # --- the owner's side ------------------------------------------------------------------------------

    def connected(self, now: float, wall: float) -> None:
        """The connection was made: everything begins."""
        self._now, self._wall = now, wall
        self._since = self._heard = now
        self._keepalive.begin(now)

    def receive_data(self, data: bytes, now: float, wall: float) -> None:
        """Take what was read."""
        if self._is_over():
            return
        unread = now - self._heard
        self._now, self._wall = now, wall
        self._heard, self._heard_wall = now, wall
        if self._snapshots.collection is not None:
            self._snapshots.collection.heard(now)
        messages = self.protocol.receive_data(data)
        if self.state is State.BANNER and self.protocol.banner is not None:
            self._feed(Input.BANNER)
        event_time = self._keepalive.clock.event_time
        for message in messages:
            if self.state is State.LIVE and message.name not in self._ATTENDED:  # nearly all: a short way
                at = event_time(message.fields.get("timestamp", ""), wall, unread)
                self._outputs.append(EventMessage(message, at))
            elif self.state is State.OVER:
                return
            elif message.response:
                self._take_response(message)
            else:
                self._take_event(message, unread)

    def closed(self, why: str) -> None:
        """The PBX or the network ended the connection; ``why`` is a sentence without a full stop."""
        waiting = "" if self.state is State.LIVE else f" while {self.state.value}"
        self._lose(Closed(why + waiting))

    def tick(self, now: float, wall: float) -> None:
        """Do what is due."""
        if self._is_over():
            return
        self._now, self._wall = now, wall
        late = now - self.next_deadline()
        if late > _STALLED:
            # It is we who did not run. The PBX was not asked in that time, so its silence proves nothing.
            self._forgive(late)
        for _ in range(len(State)):
            if self._is_over():
                return
            due, act = min(self._timers(), key=_due)
            if due > now:
                return
            act()

    def next_deadline(self) -> float:
        """Return when :meth:`tick` must be called at the latest."""
        if self._is_over():
            return float("inf")
        return min(self._timers(), key=_due)[0]

    def data_to_send(self) -> bytes:
        """Return the bytes that must be sent now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def outputs(self) -> list[Output]:
        """Return what happened since the last call, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def take_skipped(self) -> Counter[str]:
        """Return what was malformed or belonged to nothing since the last call, by kind."""
        skipped = self._ignored + self.protocol.skipped
        if skipped:
            self._ignored.clear()
            self.protocol.skipped.clear()
        return skipped

    def request_snapshot(self, now: float) -> None:
        """Make a snapshot as soon as the PBX can be asked again."""
        self._snapshots.request(now)

    def ask(self, action: str, fields: Iterable[tuple[str, str]] = ()) -> None:
        """Send an action with a single response: it comes as :class:`Answer`. Raises :class:`ActionError`."""
        self._send(
            action, fields, lambda message: self._outputs.append(Answer(action=action, message=message))
        )

    # --- messages --------------------------------------------------------------------------------------

    def _take_response(self, message: Message) -> None:
        handler = self._answers.pop(message.get("actionid"), None)
        if handler is None:
            self._ignored["unknown_action_id"] += 1
        else:
            handler(message)

    def _take_event(self, message: Message, unread: float) -> None:
        name = message.name
        if name in LIST_EVENTS and self._take_list_event(message):
            return
        special = self._SPECIAL.get(name)
        if special is not None:
            special(self, message)
        if self.state is State.LIVE:
            at = self._keepalive.clock.event_time(message.get("timestamp"), self._wall, unread)
            self._outputs.append(EventMessage(message, at))

    def _take_list_event(self, message: Message) -> bool:
        """Whether the event is an answer to somebody's action, so nothing that happened."""
        action_id = message.get("actionid")
        if not action_id and message.name not in LIST_ONLY_EVENTS:
            return False
        collection = self._snapshots.collection
        if collection is None or not collection.owns(action_id):
            self._ignored["unknown_action_id"] += 1
            return True
        try:
            if not collection.item(action_id, message):
                self._ignored["foreign_list_item"] += 1
        except BadList as error:
            self._lose(error)
        return True

    def _on_fully_booted(self, message: Message) -> None:
        self._memory.tells_boot = True
        self._pbx.take_boot(message, self._wall)
        self._feed(Input.BOOTED, message)

    def _on_shutdown(self, message: Message) -> None:
        self._feed(Input.SHUTDOWN, message)

    def _on_reload(self, _message: Message) -> None:
        self._snapshots.reloaded(self._now)

    def _send(
        self, action: str, fields: Iterable[tuple[str, str]], handler: Callable[[Message], None]
    ) -> str:
        self._number += 1
        action_id = f"{self._prefix}-{self._number}"
        self._out += build_action(action, (("ActionID", action_id), *fields))
        self._answers[action_id] = handler
        return action_id

    # --- state machine ---------------------------------------------------------------------------------

    def _feed(self, what: Input, message: Message | None = None) -> None:
        step = self._TABLE.get((self.state, what))
        if step is not None:
            step(self, message or _NO_MESSAGE)

    def _is_over(self) -> bool:
        return self.state is State.OVER

    def _enter(self, state: State) -> None:
        self.state = state
        self._since = self._now

    def _lose(self, error: ConnectionLost) -> None:
        if self._is_over():
            return
        self.state = State.OVER
        self._snapshots.abandon()
        self._answers.clear()
        self._outputs.append(Lost(error=error, heard_at=self._heard_wall))

    def _greeted(self, _message: Message) -> None:
        fault = greeting_fault(self.protocol.banner or "")
        if fault is not None:
            self._lose(fault)
        elif self._login.auth == "md5":
            self._send("Challenge", (("AuthType", "MD5"),), self._take_login_answer)
            self._enter(State.CHALLENGE)
        else:
            self._prove(_NO_MESSAGE)

    def _take_login_answer(self, message: Message) -> None:
        self._feed(Input.GRANTED if message.response.lower() == "success" else Input.REFUSED, message)

    def _prove(self, message: Message) -> None:
        fields = (
            ("Username", self._login.username),
            *self._login.proof(message.get("challenge")),
            ("Events", "system"),
        )
        self._send("Login", fields, self._take_login_answer)
        self._enter(State.LOGIN)

    def _login_refused(self, message: Message) -> None:
        self._lose(refusal(message))

    def _logged_in(self, _message: Message) -> None:
        self._enter(State.GREETING)
        self._send("CoreSettings", (), self._pbx.take_version)
        self._send("CoreStatus", (), self._pbx.take_start_date)
        self._send_ping(self._greeting_pong)

    def _greeting_pong(self, message: Message) -> None:
        self._take_pong(message)
        self._feed(Input.PONG, message)

    def _greeting_done(self, _message: Message) -> None:
        banner = self.protocol.banner or ""
        version = self._pbx.version or version_of(banner)
        self._outputs.append(LoggedIn(version=version, banner=banner, booted=self._pbx.booted))
        if self._pbx.booted or self._memory.tells_boot is False:
            self._go_live(_NO_MESSAGE)
            return
        self._enter(State.BOOTING)
        self._outputs.append(Booting(known=self._memory.tells_boot is True))

    def _boot_untold(self, _message: Message) -> None:
        """The PBX does not say whether it is up: work with what it has."""
        self._memory.tells_boot = False
        self._go_live(_NO_MESSAGE)

    def _go_live(self, _message: Message) -> None:
        self._memory.started(self._pbx.start_date, self._pbx.boot_time)
        self._enter(State.LIVE)
        classes = ",".join(self._login.event_classes)
        self._send("Events", (("EventMask", classes),), self._take_events_answer)
        self._ask_lists()

    def _take_events_answer(self, message: Message) -> None:
        if message.response.lower() != "success":
            self._outputs.append(Refused(action="Events", answer=message.get("message")))

    def _booted_late(self, _message: Message) -> None:
        """What was listed so far was of a PBX that had not finished starting."""
        self._memory.started(self._pbx.start_date, self._pbx.boot_time)
        self._snapshots.begin_afresh(self._now)

    def _shut_down(self, message: Message) -> None:
        self._memory.shutdown()
        self._lose(PbxShutdown(restart=message.get("restart").lower() == "true"))

    def _waited_too_long(self, _message: Message) -> None:
        field, what = WAITS[self.state]
        self._lose(Silent(what, getattr(self._timeouts, field)))

    # --- time ------------------------------------------------------------------------------------------

    def _timers(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """Yield what will be due when; at least one."""
        limits = self._timeouts
        if self.state in WAITS:
            yield self._since + getattr(limits, WAITS[self.state][0]), self._state_due
            return
        collection = self._snapshots.collection
        if collection is not None:
            yield self._heard + self._snapshots.patience, self._silent
            yield collection.started + limits.list_total, self._list_endless
            return
        yield self._heard + limits.silence, self._silent
        due, missing = self._keepalive.due(self._heard)
        yield due, self._pong_missing if missing else self._keep_alive
        if self.state is State.LIVE:
            if self._snapshots.held_until is not None:
                yield self._snapshots.held_until, self._hand_over
            elif not missing:  # a connection whose Ping is not answered is not asked for lists
                yield self._snapshots.due, self._ask_lists
        else:
            wait = limits.boot if self._memory.tells_boot else limits.boot_untold
            yield self._since + wait, self._state_due

    def _forgive(self, late: float) -> None:
        self._heard += late
        self._since += late
        self._keepalive.forgive(late)
        self._snapshots.forgive(late, self._now)

    def _state_due(self) -> None:
        self._feed(Input.DUE)

    def _silent(self) -> None:
        self._lose(Silent("sign of life", self._now - self._heard))

    def _pong_missing(self) -> None:
        self._lose(Silent("answer to a Ping", self._timeouts.pong))

    def _list_endless(self) -> None:
        collection = self._snapshots.collection
        waiting = (collection.unfinished() if collection else []) or ["Ping"]
        self._lose(BadList(waiting[0], f"took more than {self._timeouts.list_total:.0f} s"))

    def _keep_alive(self) -> None:
        self._send_ping(self._take_pong)

    def _send_ping(self, handler: Callable[[Message], None]) -> None:
        self._send("Ping", (), handler)
        self._keepalive.sent(self._now, self._wall)

    def _take_pong(self, message: Message) -> None:
        self._keepalive.pong(message.get("timestamp"), self._now, self._wall)

    # --- snapshots -------------------------------------------------------------------------------------

    def _ask_lists(self) -> None:
        """Ask for all lists that may be had, and for a Pong behind them."""
        sent = [
            (self._send(action.action, action.fields, self._take_list_response), action)
            for action in self._snapshots.wanted(self._now)
        ]
        self._snapshots.begin(Collection(sent, now=self._now, taken_at=self._wall))
        self._send_ping(self._lists_pong)

    def _take_list_response(self, message: Message) -> None:
        collection = self._snapshots.collection
        refusal = collection and collection.response(message.get("actionid"), message)
        if not refusal:
            return
        action, answer = refusal
        if "shutting down" in answer.lower():
            self._feed(Input.SHUTDOWN, message)
        elif self._snapshots.refuse(action):
            self._outputs.append(Refused(action=action.action, answer=answer))

    def _lists_pong(self, message: Message) -> None:
        self._take_pong(message)
        try:
            lists = self._snapshots.finish(self._now)
        except BadList as error:
            self._lose(error)
            return
        self._snapshots.hold(lists, self._now)
        if not lists.reconciliation:
            self._hand_over()

    def _hand_over(self) -> None:
        lists = self._snapshots.let_go()
        if lists is not None:
            lists.offset = self.offset
            lists.restarted = self._memory.take_restarted()
            self._outputs.append(lists)

    # --- the tables ------------------------------------------------------------------------------------

    _TABLE: ClassVar[dict[tuple[State, Input], _Step]] = {
        (State.BANNER, Input.BANNER): _greeted,
        (State.BANNER, Input.DUE): _waited_too_long,
        (State.CHALLENGE, Input.GRANTED): _prove,
        (State.CHALLENGE, Input.REFUSED): _login_refused,
        (State.CHALLENGE, Input.DUE): _waited_too_long,
        (State.LOGIN, Input.GRANTED): _logged_in,
        (State.LOGIN, Input.REFUSED): _login_refused,
        (State.LOGIN, Input.DUE): _waited_too_long,
        (State.GREETING, Input.PONG): _greeting_done,
        (State.GREETING, Input.SHUTDOWN): _shut_down,
        (State.GREETING, Input.DUE): _waited_too_long,
        (State.BOOTING, Input.BOOTED): _go_live,
        (State.BOOTING, Input.SHUTDOWN): _shut_down,
        (State.BOOTING, Input.DUE): _boot_untold,
        (State.LIVE, Input.BOOTED): _booted_late,
        (State.LIVE, Input.SHUTDOWN): _shut_down,
    }
    """What to do in which state on which input; what is not here changes nothing."""

    _SPECIAL: ClassVar[dict[str, _Step]] = {
        "FullyBooted": _on_fully_booted,
        "Shutdown": _on_shutdown,
        "Reload": _on_reload,
    }
    """Events that the session itself acts upon."""

    _ATTENDED: ClassVar[frozenset[str]] = frozenset({"", *LIST_EVENTS, *_SPECIAL})
    """Names of the messages that are more than a live event, ``""`` being that of responses."""
