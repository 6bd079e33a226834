"""One AMI session of the simulated PBX without I/O: what each action answers, and what it needs (main/manager.c)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from monitor.simulator import ami_lists
from monitor.simulator.config import ALL_CLASSES, ManagerUser
from monitor.simulator.pbx import SimulatedPbx

AMI_VERSION = "11.0.0"
ASTERISK_VERSION = "22.10.0-simulated"
BANNER = f"Asterisk Call Manager/{AMI_VERSION}\r\n"
LINE_LIMIT = 1_023
"""Bytes of one line that Asterisk reads (manager.c, ``inbuf``)."""
HEADER_LIMIT = 128
FAILED_LOGIN_SECONDS = 1.0

Fields = dict[str, str]


@dataclass(slots=True)
class Answer:
    """What goes out for an action: text in pieces; then perhaps the end of the session."""

    pieces: Iterable[str] = ()
    close: bool = False
    delay: float = 0.0
    """Seconds before anything goes out."""


@dataclass(frozen=True, slots=True)
class _Action:
    """How an action is answered and which write permissions allow it (none: everybody's)."""

    answer: Callable[[AmiSession, Fields], Answer]
    needs: frozenset[str] = field(default_factory=frozenset)


class AmiSession:
    """The state of one connection: who is logged in and what he hears."""

    def __init__(self, pbx: SimulatedPbx, users: Iterable[ManagerUser], challenge: str) -> None:
        self.pbx = pbx
        self.user: ManagerUser | None = None
        self.hears: frozenset[str] = frozenset()
        """Classes of events that are sent."""
        self._users = {user.username: user for user in users}
        self._challenge_text = challenge
        self._challenged = False

    def handle(self, fields: Fields) -> Answer:
        """Answer one action; keys of ``fields`` are in lower case."""
        name = fields.get("action", "")
        if not name:
            return self._error(fields, "Missing action in request")
        action = _ACTIONS.get(name.lower())
        if self.user is None and name.lower() not in ("login", "challenge", "logoff"):
            return self._error(fields, "Permission denied")
        if action is None:
            text = f"Invalid/unknown command: {name}. Use Action: ListCommands to show available commands."
            return self._error(fields, text)
        allowed = _classes(self.user.write) if self.user is not None else frozenset[str]()
        if action.needs and not action.needs & allowed:
            return self._error(fields, "Permission denied")
        return action.answer(self, fields)

    # --- answering ---------------------------------------------------------------------------------------

    @staticmethod
    def _tail(fields: Fields) -> str:
        return f"ActionID: {fields['actionid']}\r\n" if fields.get("actionid") else ""

    def _error(self, fields: Fields, message: str, *, close: bool = False, delay: float = 0.0) -> Answer:
        text = f"Response: Error\r\n{self._tail(fields)}Message: {message}\r\n\r\n"
        return Answer((text,), close=close, delay=delay)

    def _success(self, fields: Fields, *own: tuple[str, object]) -> str:
        lines = "".join(f"{key}: {value}\r\n" for key, value in own)
        return f"Response: Success\r\n{self._tail(fields)}{lines}\r\n"

    def _list(self, fields: Fields, message: str, complete: str, items: Iterator[str]) -> Answer:
        tail = self._tail(fields)

        def counted() -> Iterator[str]:
            number = 0
            for item in items:
                number += 1
                yield item
            yield f"Event: {complete}\r\n{tail}EventList: Complete\r\nListItems: {number}\r\n\r\n"

        start = f"Response: Success\r\n{tail}EventList: start\r\nMessage: {message}\r\n\r\n"
        return Answer(chain((start,), counted()))

    # --- session actions ---------------------------------------------------------------------------------

    def challenge(self, fields: Fields) -> Answer:
        """Challenge: a number to prove the secret with; one for the whole session."""
        if fields.get("authtype", "").upper() != "MD5":
            return self._error(fields, "Must specify AuthType")
        self._challenged = True
        return Answer((self._success(fields, ("Challenge", self._challenge_text)),))

    def login(self, fields: Fields) -> Answer:
        """Login by secret or by proof."""
        if self.user is not None:
            return Answer((self._success(fields, ("Message", "Already authenticated")),))
        user = self._users.get(fields.get("username", ""))
        if user is None or not self._proves(user, fields):
            return self._error(fields, "Authentication failed", close=True, delay=FAILED_LOGIN_SECONDS)
        self.user = user
        self.hears = _classes(user.read)
        mask = _mask(fields.get("events", ""))
        if mask is not None:
            self._hear(mask)
        pieces = [self._success(fields, ("Message", "Authentication accepted"))]
        if "system" in self.hears:
            uptime = int(self.pbx.now - self.pbx.started_at)
            pieces.append(
                "Event: FullyBooted\r\nPrivilege: system,all\r\n"
                f"Uptime: {uptime}\r\nLastReload: {uptime}\r\nStatus: Fully Booted\r\n\r\n"
            )
        return Answer(pieces)

    def _proves(self, user: ManagerUser, fields: Fields) -> bool:
        if fields.get("authtype", "").upper() == "MD5":
            salted = (self._challenge_text + user.secret).encode()
            proof = hashlib.md5(salted, usedforsecurity=False).hexdigest()
            return self._challenged and hmac.compare_digest(proof.encode(), fields.get("key", "").encode())
        return hmac.compare_digest(user.secret.encode(), fields.get("secret", "").encode())

    def events(self, fields: Fields) -> Answer:
        """Events: what is heard from now on."""
        mask = _mask(fields.get("eventmask", ""))
        if mask is None:
            return self._error(fields, "Invalid event mask")
        self._hear(mask)
        return Answer((self._success(fields, ("Events", "On" if mask else "Off")),))

    def _hear(self, mask: frozenset[str]) -> None:
        """Limit what is heard to ``mask``, and that to what the user may read."""
        self.hears = mask & (_classes(self.user.read) if self.user is not None else frozenset())

    def logoff(self, fields: Fields) -> Answer:
        """Logoff."""
        text = f"Response: Goodbye\r\n{self._tail(fields)}Message: Thanks for all the fish.\r\n\r\n"
        return Answer((text,), close=True)

    def ping(self, fields: Fields) -> Answer:
        """Ping."""
        return Answer((self._success(fields, ("Ping", "Pong"), ("Timestamp", f"{self.pbx.told_time:.6f}")),))

    # --- lists -------------------------------------------------------------------------------------------

    def queue_status(self, fields: Fields) -> Answer:
        """QueueStatus."""
        items = ami_lists.queue_status(
            self.pbx, self._tail(fields), fields.get("queue", ""), fields.get("member", "")
        )
        return self._list(fields, "Queue status will follow", "QueueStatusComplete", items)

    def queue_summary(self, fields: Fields) -> Answer:
        """QueueSummary."""
        items = ami_lists.queue_summary(self.pbx, self._tail(fields), fields.get("queue", ""))
        return self._list(fields, "Queue summary will follow", "QueueSummaryComplete", items)

    def core_show_channels(self, fields: Fields) -> Answer:
        """CoreShowChannels."""
        items = ami_lists.channels(self.pbx, self._tail(fields))
        return self._list(fields, "Channels will follow", "CoreShowChannelsComplete", items)

    def device_state_list(self, fields: Fields) -> Answer:
        """DeviceStateList."""
        items = ami_lists.device_states(self.pbx, self._tail(fields))
        return self._list(fields, "Device State Changes will follow", "DeviceStateListComplete", items)

    def extension_state_list(self, fields: Fields) -> Answer:
        """ExtensionStateList."""
        items = ami_lists.extension_states(self.pbx, self._tail(fields))
        return self._list(fields, "Extension Statuses will follow", "ExtensionStateListComplete", items)

    # --- about the PBX -----------------------------------------------------------------------------------

    def get_config(self, fields: Fields) -> Answer:
        """GetConfig, for queues.conf alone."""
        if not fields.get("filename"):
            return self._error(fields, "Filename not specified")
        if fields["filename"] != "queues.conf":
            return self._error(fields, "Config file not found")
        head = f"Response: Success\r\n{self._tail(fields)}"
        return Answer((head, ami_lists.config_text(self.pbx), "\r\n"))

    def core_settings(self, fields: Fields) -> Answer:
        """CoreSettings."""
        own = (
            ("AMIversion", AMI_VERSION),
            ("AsteriskVersion", ASTERISK_VERSION),
            ("SystemName", self.pbx.config.system_name),
            ("CoreMaxCalls", 0),
            ("CoreMaxLoadAvg", "0.000000"),
            ("CoreRunUser", ""),
            ("CoreRunGroup", ""),
            ("CoreMaxFilehandles", 0),
            ("CoreRealTimeEnabled", "No"),
            ("CoreCDRenabled", "No"),
            ("CoreHTTPenabled", "No"),
            ("SoundsSearchCustomDir", "No"),
        )
        return Answer((self._success(fields, *own),))

    def core_status(self, fields: Fields) -> Answer:
        """CoreStatus: since when it runs."""
        started = datetime.fromtimestamp(self.pbx.started_at, tz=UTC)
        date, time = f"{started:%Y-%m-%d}", f"{started:%H:%M:%S}"
        own = (
            ("CoreStartupDate", date),
            ("CoreStartupTime", time),
            ("CoreReloadDate", date),
            ("CoreReloadTime", time),
            ("CoreCurrentCalls", len(self.pbx.switch.channels)),
            ("CoreProcessedCalls", self.pbx.ledger.counts["CallerArrived"]),
        )
        return Answer((self._success(fields, *own),))


def _classes(words: str) -> frozenset[str]:
    """Return the classes that ``read=`` or ``write=`` names."""
    named = {word.strip().lower() for word in words.split(",") if word.strip()}
    return _EVERYTHING if "all" in named else frozenset(named)


def _mask(text: str) -> frozenset[str] | None:
    """Return the classes that an event mask names; ``None``: it is no mask (manager.c, ``strings_to_mask``)."""
    word = text.strip().lower()
    if not word:
        return None
    if word in ("on", "true", "yes", "y", "t", "1"):
        return _EVERYTHING
    if word in ("off", "false", "no", "n", "f", "0"):
        return frozenset()
    return _classes(text) & _EVERYTHING


_EVERYTHING = frozenset(ALL_CLASSES.split(","))
_REPORTING = frozenset({"system", "reporting"})
_STATES = frozenset({"call", "reporting"})

_ACTIONS: dict[str, _Action] = {
    "challenge": _Action(AmiSession.challenge),
    "login": _Action(AmiSession.login),
    "logoff": _Action(AmiSession.logoff),
    "events": _Action(AmiSession.events),
    "ping": _Action(AmiSession.ping),
    "queuestatus": _Action(AmiSession.queue_status),
    "queuesummary": _Action(AmiSession.queue_summary),
    "coreshowchannels": _Action(AmiSession.core_show_channels, _REPORTING),
    "devicestatelist": _Action(AmiSession.device_state_list, _STATES),
    "extensionstatelist": _Action(AmiSession.extension_state_list, _STATES),
    "getconfig": _Action(AmiSession.get_config, frozenset({"system", "config"})),
    "coresettings": _Action(AmiSession.core_settings, _REPORTING),
    "corestatus": _Action(AmiSession.core_status, _REPORTING),
}
