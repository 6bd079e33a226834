"""State that was pushed to us: a server's side of PUBLISH (RFC 3903 §6), and unsolicited NOTIFY, without I/O.

Each accepted publication has an entity-tag, new with each change, and expires unless it is refreshed.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import ClassVar, NamedTuple, TypeAlias

import msgspec

from adapters.sip.agenda import Agenda
from adapters.sip.reports import DialogReport, Kind, Report

SHORTEST = 60
"""Seconds: a shorter life is refused (423 with Min-Expires)."""
LONGEST = 120
"""Seconds: a longer life is cut, and is what is given where none is asked for. After a restart of ours what was published
is not known until each publisher refreshes it."""
LIMIT = 20_000
"""Publications at once."""


class Operation(enum.Enum):
    """What a PUBLISH asks for (RFC 3903 §4, table 1)."""

    INITIAL = "a new state"
    REFRESH = "the same state for longer"
    MODIFY = "another state"
    REMOVE = "no state any more"
    SENSELESS = "neither a state nor which one"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One PUBLISH that may be done: who is asked for was checked before."""

    endpoint: str
    kind: Kind
    if_match: str | None
    """SIP-If-Match."""
    expires: int | None
    has_body: bool
    tells: frozenset[str] = frozenset()
    """The calls that its body tells of, see :func:`calls_of`."""

    @property
    def operation(self) -> Operation:
        """What it asks for."""
        if self.expires == 0:
            return Operation.REMOVE if self.if_match is not None else Operation.SENSELESS
        return _OPERATIONS[self.if_match is not None, self.has_body]


_OPERATIONS = {
    (False, True): Operation.INITIAL,
    (False, False): Operation.SENSELESS,
    (True, False): Operation.REFRESH,
    (True, True): Operation.MODIFY,
}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the PUBLISH is answered with, and what follows from it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    """Which publication it is, through all its changes."""
    told: bool = False
    """Its body tells a state that is to be taken."""
    ended: tuple[str, ...] = ()
    """The publications that tell no more: it, or those that it takes the place of."""


class Publication(NamedTuple):
    """Something that is published to us."""

    endpoint: str
    kind: Kind
    origin: str
    """Its first entity-tag: those change, it stays."""
    tells: frozenset[str] = frozenset()


def calls_of(reports: tuple[Report, ...]) -> frozenset[str]:
    """Return by what the dialogs in documents are known again; all pseudo dialogs are the same one: the endpoint."""
    return frozenset(
        f"{dialog.call_id} {dialog.id}" if dialog.call_id is not None else ""
        for report in reports
        if isinstance(report, DialogReport)
        for dialog in report.dialogs
    )


def unsolicited(endpoint: str, kind: Kind) -> str:
    """Return the name of what unsolicited NOTIFYs tell of that; a space is in no entity-tag of ours."""
    return f"{kind} {endpoint}"


_Step: TypeAlias = "Callable[[Publications, Wish, float], Result]"


class Publications:
    """All that is published to us. What to do is the table at the end of the class."""

    __slots__ = ("_agenda", "_of", "_tag", "_what")

    def __init__(self, tag: Callable[[], str]) -> None:
        self._tag = tag
        self._what: dict[str, Publication] = {}
        """By the entity-tag that is valid now."""
        self._of: dict[tuple[str, Kind], set[str]] = {}
        """The valid entity-tags of each endpoint and kind."""
        self._agenda: Agenda[str] = Agenda()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._what)

    def publish(self, wish: Wish, now: float) -> Result:
        """Do what a PUBLISH asks for; the checks are in the order of RFC 3903 §6."""
        if wish.if_match is not None:
            known = self._what.get(wish.if_match)
            if known is None or (known.endpoint, known.kind) != (wish.endpoint, wish.kind):
                return Result(status=412)
        if wish.expires is not None and 0 < wish.expires < SHORTEST:
            return Result(status=423, headers=(("Min-Expires", str(SHORTEST)),))
        return self._TABLE[wish.operation](self, wish, now)

    def notified(self, endpoint: str, kind: Kind, expires: int | None, now: float) -> bool:
        """Take an unsolicited NOTIFY as the one publication of its kind; return whether there is room for it."""
        key = unsolicited(endpoint, kind)
        if expires == 0:
            if key in self._what:
                self._drop(key)
            return True
        if key not in self._what and len(self._what) >= LIMIT:
            return False
        self._keep(key, Publication(endpoint, kind, key), expires, now)
        return True

    def next_deadline(self) -> float:
        """Return when :meth:`expired` has something to say."""
        return self._agenda.next()

    def expired(self, now: float) -> list[Publication]:
        """Forget what was not refreshed in time, and return it."""
        gone = []
        while (key := self._agenda.take(now)) is not None:
            gone.append(self._drop(key))
        return gone

    def _initial(self, wish: Wish, now: float) -> Result:
        if len(self._what) >= LIMIT:
            return Result(status=503, headers=(("Retry-After", str(SHORTEST)),))
        replaced = self._told_anew(wish)
        return self._granted(
            wish, now, None, told=True, ended=tuple(self._drop(tag).origin for tag in replaced)
        )

    def _told_anew(self, wish: Wish) -> list[str]:
        """Return the publications that tell nothing but what this new one tells, too.

        A publisher that restarted has forgotten their entity-tags. What else tells of the endpoint stays: Kamailio
        publishes each dialog by itself.
        """
        return [
            tag
            for tag in self._of.get((wish.endpoint, wish.kind), ())
            if (tells := self._what[tag].tells) and tells <= wish.tells
        ]

    def _refresh(self, wish: Wish, now: float) -> Result:
        return self._granted(wish, now, self._drop(wish.if_match or ""), told=False)

    def _modify(self, wish: Wish, now: float) -> Result:
        return self._granted(wish, now, self._drop(wish.if_match or ""), told=True)

    def _remove(self, wish: Wish, _now: float) -> Result:
        gone = self._drop(wish.if_match or "")
        headers = (("SIP-ETag", self._tag()), ("Expires", "0"))  # each 2xx has a new one (RFC 3903 §4.1)
        return Result(status=200, headers=headers, origin=gone.origin, ended=(gone.origin,))

    def _senseless(self, _wish: Wish, _now: float) -> Result:
        return Result(status=400)

    def _granted(
        self,
        wish: Wish,
        now: float,
        before: Publication | None,
        *,
        told: bool,
        ended: tuple[str, ...] = (),
    ) -> Result:
        tag = self._tag()
        publication = before or Publication(wish.endpoint, wish.kind, tag)
        if told:
            publication = publication._replace(tells=wish.tells)
        granted = self._keep(tag, publication, wish.expires, now)
        headers = (("SIP-ETag", tag), ("Expires", str(granted)))
        return Result(status=200, headers=headers, origin=publication.origin, told=told, ended=ended)

    def _keep(self, key: str, publication: Publication, expires: int | None, now: float) -> int:
        granted = min(expires if expires is not None else LONGEST, LONGEST)
        self._what[key] = publication
        self._of.setdefault((publication.endpoint, publication.kind), set()).add(key)
        self._agenda.put(key, now + granted)
        return granted

    def _drop(self, key: str) -> Publication:
        self._agenda.drop(key)
        gone = self._what.pop(key)
        tags = self._of[gone.endpoint, gone.kind]
        tags.discard(key)
        if not tags:
            del self._of[gone.endpoint, gone.kind]
        return gone

    _TABLE: ClassVar[dict[Operation, _Step]] = {
        Operation.INITIAL: _initial,
        Operation.REFRESH: _refresh,
        Operation.MODIFY: _modify,
        Operation.REMOVE: _remove,
        Operation.SENSELESS: _senseless,
    }
