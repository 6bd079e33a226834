"""A PBX by script, without sockets: what tests let it say, and what it was asked."""

from __future__ import annotations

import hashlib

from adapters.ami.login import Login
from adapters.ami.memory import PbxMemory
from adapters.ami.outputs import EventMessage, Lost, Output
from adapters.ami.session import AmiSession
from adapters.ami.timeouts import Timeouts

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
INTERESTING = frozenset({b"AgentConnect", b"DeviceStateChange", b"UserEvent", b"QueueMember"})
SECRET = "s3cret"
CHALLENGE = "104729"
FULLY_BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: %d\r\nStatus: Fully Booted\r\n\r\n"
DENIED = "Permission denied"


class Action(dict[str, str]):
    """An action as the PBX reads it."""

    @property
    def name(self) -> str:
        return self["Action"]

    @property
    def action_id(self) -> str:
        return self["ActionID"]


def read_actions(data: bytes) -> list[Action]:
    """Take the bytes apart as the PBX does."""
    return [
        Action(line.split(": ", 1) for line in part.decode().split("\r\n"))
        for part in data.split(b"\r\n\r\n")
        if part
    ]


def say(*headers: str) -> bytes:
    """One message of the PBX."""
    return ("\r\n".join(headers) + "\r\n\r\n").encode()


class ScriptedPbx:
    """Answers actions like an Asterisk; what it is to refuse or to leave out is told by attributes."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.refused: dict[str, str] = {"GetConfig": DENIED}
        self.silent: set[str] = set()
        """Actions that get no answer at all."""
        self.unended: set[str] = set()
        """Lists that begin and never end."""
        self.secret = SECRET
        self.booted = True
        self.tells_boot = True
        self.uptime = 1_000
        self.start_date = "2026-11-23"
        self.members = ["Anna", "Boris"]
        self.asked: list[Action] = []
        self.between: list[bytes] = []
        """Said in one breath behind the answer to QueueStatus."""

    def names(self) -> list[str]:
        """The names of all actions so far, in order."""
        return [action.name for action in self.asked]

    def answer(self, data: bytes) -> bytes:
        """Return what the PBX says to these bytes."""
        actions = read_actions(data)
        self.asked += actions
        return b"".join(self._answer(action) for action in actions)

    def _answer(self, action: Action) -> bytes:
        if action.name in self.silent:
            return b""
        action_id = f"ActionID: {action.action_id}"
        if action.name in self.refused:
            return say("Response: Error", action_id, f"Message: {self.refused[action.name]}")
        method = getattr(self, f"_on_{action.name.lower()}", None)
        if method is None:
            return say("Response: Error", action_id, f"Message: Invalid/unknown command: {action.name}.")
        return method(action, action_id)

    def _on_challenge(self, action: Action, action_id: str) -> bytes:
        return say("Response: Success", action_id, f"Challenge: {CHALLENGE}")

    def _on_login(self, action: Action, action_id: str) -> bytes:
        key = hashlib.md5((CHALLENGE + self.secret).encode()).hexdigest()
        good = (
            action.get("Key") == key
            if action.get("AuthType") == "MD5"
            else action.get("Secret") == self.secret
        )
        if not good:
            return say("Response: Error", action_id, "Message: Authentication failed")
        booted = FULLY_BOOTED % self.uptime if self.booted and self.tells_boot else b""
        return say("Response: Success", action_id, "Message: Authentication accepted") + booted

    def _on_coresettings(self, action: Action, action_id: str) -> bytes:
        return say("Response: Success", action_id, "AsteriskVersion: 22.10.1")

    def _on_corestatus(self, action: Action, action_id: str) -> bytes:
        return say(
            "Response: Success", action_id, f"CoreStartupDate: {self.start_date}", "CoreStartupTime: 22:37:13"
        )

    def _on_events(self, action: Action, action_id: str) -> bytes:
        return say("Response: Success", action_id, "Events: On")

    def _on_ping(self, action: Action, action_id: str) -> bytes:
        return say("Response: Success", action_id, "Ping: Pong", f"Timestamp: {self.clock:.6f}")

    def _on_listcommands(self, action: Action, action_id: str) -> bytes:
        known = [
            name[4:]
            for name in dir(self)
            if name.startswith("_on_") and name[4:] not in self._refused_names()
        ]
        return say(
            "Response: Success", action_id, *(f"{name}: what it does  (Priv: <none>)" for name in known)
        )

    def _refused_names(self) -> set[str]:
        return {name.lower() for name in self.refused}

    def _on_getconfig(self, action: Action, action_id: str) -> bytes:
        return say(
            "Response: Success", action_id, "Category-000000: sales", "Line-000000-000000: wrapuptime=15"
        )

    def _on_queuestatus(self, action: Action, action_id: str) -> bytes:
        items = [
            say("Event: QueueParams", "Queue: sales", action_id),
            *(
                say(
                    *("Event: QueueMember", "Queue: sales", f"Name: {name}", f"Location: PJSIP/{number}"),
                    *(
                        f"StateInterface: PJSIP/{number}",
                        "Membership: static",
                        "Status: 1",
                        "Paused: 0",
                        action_id,
                    ),
                )
                for number, name in enumerate(self.members, start=101)
            ),
        ]
        return self._list(action, action_id, items) + b"".join(self.between)

    def _on_coreshowchannels(self, action: Action, action_id: str) -> bytes:
        return self._list(action, action_id, [])

    def _on_devicestatelist(self, action: Action, action_id: str) -> bytes:
        item = say("Event: DeviceStateChange", action_id, "Device: PJSIP/101", "State: NOT_INUSE")
        return self._list(action, action_id, [item])

    def _on_extensionstatelist(self, action: Action, action_id: str) -> bytes:
        return self._list(action, action_id, [])

    def _list(self, action: Action, action_id: str, items: list[bytes]) -> bytes:
        start = say("Response: Success", action_id, "EventList: start", "Message: will follow")
        if action.name in self.unended:
            return start + b"".join(items)
        end = say(
            f"Event: {action.name}Complete", action_id, "EventList: Complete", f"ListItems: {len(items)}"
        )
        return start + b"".join(items) + end


class Talk:
    """A session and a scripted PBX in one hand, with time to pass by hand.

    ``now`` (monotonic) and ``wall`` (our clock) run together; the PBX's clock is ``pbx_ahead`` seconds before ours.
    """

    def __init__(
        self,
        *,
        auth: str = "md5",
        secret: str = SECRET,
        memory: PbxMemory | None = None,
        pbx: ScriptedPbx | None = None,
        timeouts: Timeouts | None = None,
        start: float = 100.0,
    ) -> None:
        self.pbx = pbx or ScriptedPbx()
        self.now = start
        self.epoch = 1_795_000_000.0
        self.pbx_ahead = 0.0
        self.outputs: list[Output] = []
        self.session = AmiSession(
            Login(username="monitor", secret=secret, auth=auth),
            INTERESTING,
            action_prefix="t",
            memory=memory or PbxMemory(),
            timeouts=timeouts,
        )
        self.session.connected(self.now, self.wall)

    @property
    def wall(self) -> float:
        return self.epoch + self.now

    def hear(self, data: bytes) -> None:
        """The PBX says something."""
        self.session.receive_data(data, self.now, self.wall)
        self.outputs += self.session.outputs()

    def exchange(self) -> None:
        """Carry actions to the PBX and its answers back until nothing is left to say."""
        while data := self.session.data_to_send():
            self.pbx.clock = self.wall + self.pbx_ahead
            answer = self.pbx.answer(data)
            if answer:
                self.hear(answer)

    def begin(self) -> None:
        """Greet, log in, make the first snapshot."""
        self.hear(BANNER)
        self.exchange()

    def wait(self, seconds: float, *, deaf: bool = False) -> None:
        """Let time pass from deadline to deadline; ``deaf``: the PBX hears nothing."""
        end = self.now + seconds
        while self.session.next_deadline() <= end:
            self.now = max(self.now, self.session.next_deadline())
            self.session.tick(self.now, self.wall)
            self.outputs += self.session.outputs()
            if deaf:
                self.session.data_to_send()
            else:
                self.exchange()
        self.now = end

    def of(self, kind: type[Output]) -> list[Output]:
        """The outputs of one kind, in order."""
        return [output for output in self.outputs if isinstance(output, kind)]

    def events(self) -> list[EventMessage]:
        return [output for output in self.outputs if isinstance(output, EventMessage)]

    @property
    def lost(self) -> Lost | None:
        return next((output for output in self.outputs if isinstance(output, Lost)), None)
