"""The translator: reports in, domain events out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from adapters.sip.reports import FeatureReport, Kind, ListReport, Report, Resource
from adapters.sip.translate.endpoint import Endpoint
from adapters.sip.translate.identity import Directory
from adapters.sip.translate.outbox import Outbox, ignore
from monitor.events import Event, LegHeld, Snapshot

MEMBERS_LIMIT: Final = 20_000
"""Endpoints that lists may bring; beyond this new ones are counted and ignored."""
LISTS_LIMIT: Final = 1_000
"""Lists remembered."""


class Watched(NamedTuple):
    """An endpoint that is shown."""

    endpoint: str
    """Its address of record, canonical: ``sip:101@pbx.example.org``."""
    name: str


class Translator:
    """Turns what one server reports into domain events.

    Nothing raises. Events tell only what changed. Whether a report is news at all (its version) is
    :class:`~.versions.Versions`' to say, before.

    What can't be used is counted by ``skipped(kind)``: ``other_entity`` (a document about somebody else), ``other_package``
    (not what its subscription is about), ``unknown_endpoint``, the kinds of :class:`~adapters.sip.bodies.BadBody` for
    members of lists, and what goes past a limit: ``dialog_limit``, ``origin_limit``, ``member_limit``, ``list_limit``.

    Without any ``watched`` the members of lists are shown.

    With ``reachability`` registrations or presence are told, too: who is in no call and of whom neither is told is unknown.

    ``origin`` tells apart what several subscriptions or publications tell of one endpoint: a full document replaces
    what its own origin told. Where there is but one it may be left out.
    """

    def __init__(
        self,
        source: str,
        watched: Sequence[Watched],
        next_id: Callable[[], str],
        skipped: Callable[[str], None] = ignore,
        *,
        reachability: bool = False,
    ) -> None:
        self._reachability = reachability
        self._out = Outbox(source, next_id, skipped)
        self._endpoints: dict[str, Endpoint] = {}
        self._directory = Directory()
        self._by_lists = not watched
        self._members: dict[tuple[str, Kind], dict[str, None]] = {}
        """Who is in a list, by its address and kind."""
        for one in watched:
            self._add(one.endpoint, one.name)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints that are shown: those watched, or the members that lists brought."""
        return tuple(self._endpoints)

    def find(self, address: str) -> str | None:
        """Return the endpoint that an address (of a publication, of a list's member) means."""
        return self._directory.find(address)

    def report(
        self, endpoint: str, kind: Kind, report: Report, at: float, *, origin: str = ""
    ) -> list[Event]:
        """Return the events that a report makes.

        ``endpoint`` is whom the subscription is to: one that is shown, or a list with a ``ListReport``. A list that
        brings or loses endpoints to be shown makes a new ``Snapshot``.
        """
        self._out.at = at
        if isinstance(report, ListReport):
            self._take_list(endpoint, kind, report, origin)
        else:
            known = self._endpoints.get(endpoint)
            if known is None:
                self._out.skipped("unknown_endpoint")
            else:
                self._take(known, kind, report, origin)
        return self._out.take()

    def unknown(self, endpoint: str, kind: Kind, at: float, *, origin: str = "") -> list[Event]:
        """Return the events of a subscription that is gone or was refused: what it told is not known any more.

        ``endpoint`` may be a list: then it is so for all that the list told; its members stay shown.
        """
        self._out.at = at
        known = self._endpoints.get(endpoint)
        if known is not None:
            known.drop(kind, origin)
        for name in self._members.get((endpoint, kind), ()):
            member = self._endpoints.get(name)
            if member is not None:
                member.drop(kind, _told_by(endpoint, origin))
        return self._out.take()

    def forget(self) -> None:
        """Forget all that was reported, without events: the server is lost, a snapshot will follow.

        Members that lists brought stay shown, as not known, until the list comes without them.
        """
        for endpoint in self._endpoints.values():
            endpoint.forget()

    def snapshot(self, at: float) -> list[Event]:
        """Return a ``Snapshot`` of all that is known, then ``LegHeld`` for each leg that is held."""
        self._out.at = at
        self._put_snapshot()
        return self._out.take()

    def _put_snapshot(self) -> None:
        self._out.put(
            Snapshot,
            taken_at=self._out.at,
            legs=tuple(leg for endpoint in self._endpoints.values() for leg in endpoint.legs()),
            endpoints=tuple(endpoint.facts() for endpoint in self._endpoints.values()),
            complete_endpoints=True,
            work="endpoints",
        )
        for endpoint in self._endpoints.values():
            for leg in endpoint.held():
                self._out.put(LegHeld, leg=leg)

    def _add(self, name: str, shown_name: str) -> Endpoint:
        endpoint = self._endpoints[name] = Endpoint(
            name, shown_name, self._out, reachability=self._reachability
        )
        self._directory.add(name)
        return endpoint

    def _take(self, endpoint: Endpoint, kind: Kind, report: Report, origin: str) -> None:
        if isinstance(report, ListReport):
            self._out.skipped("other_package")
        elif isinstance(report, FeatureReport) or self._directory.agrees(endpoint.name, report.entity):
            endpoint.take(kind, report, origin)
        else:
            self._out.skipped("other_entity")

    # --- lists -------------------------------------------------------------------------------------------

    def _take_list(self, name: str, kind: Kind, report: ListReport, origin: str) -> None:
        for bad in report.bad:
            self._out.skipped(bad)
        key = (name, kind)
        if key not in self._members and len(self._members) >= LISTS_LIMIT:
            self._out.skipped("list_limit")
            return
        count = len(self._endpoints)
        found = [
            (endpoint, resource)
            for resource in _flat(report)
            if (endpoint := self._member(resource)) is not None
        ]
        if len(self._endpoints) > count:
            self._put_snapshot()  # first, so that it is known whose the events are
        for endpoint, resource in found:
            self._take_member(endpoint, resource, kind, _told_by(name, origin))
        lost = False
        members = self._members.setdefault(key, {})
        told = {endpoint.name: None for endpoint, _ in found}
        if report.full:
            for gone in [member for member in members if member not in told]:
                del members[gone]
                lost |= self._lose_member(gone, kind, _told_by(name, origin))
        members.update(told)
        if lost:
            self._put_snapshot()

    def _take_member(self, endpoint: Endpoint, resource: Resource, kind: Kind, origin: str) -> None:
        if resource.state in {None, "terminated"}:
            endpoint.drop(kind, origin)
        for report in resource.reports:
            if not isinstance(report, ListReport):
                self._take(endpoint, kind, report, origin)

    def _member(self, resource: Resource) -> Endpoint | None:
        """Return the endpoint that a member of a list is, if it is to be shown."""
        known = self._endpoints.get(resource.uri)
        if known is not None:
            return known
        if not self._by_lists:
            name = self._directory.find(resource.uri)
            return None if name is None else self._endpoints[name]
        if len(self._endpoints) >= MEMBERS_LIMIT:
            self._out.skipped("member_limit")
            return None
        return self._add(resource.uri, resource.name or _user(resource.uri))

    def _lose_member(self, name: str, kind: Kind, origin: str) -> bool:
        """A list has lost a member; return whether it is not shown any more: a snapshot tells that."""
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            return False
        endpoint.drop(kind, origin)
        if self._by_lists and not any(name in members for members in self._members.values()):
            del self._endpoints[name]
            self._directory.remove(name)
            return True
        return False


def _told_by(name: str, origin: str) -> str:
    return f"{origin} {name}"


def _user(address: str) -> str:
    """Return how people call an endpoint without a name: by its user."""
    rest = address.partition(":")[2]
    return rest.rpartition("@")[0] or rest


def _flat(report: ListReport) -> Iterator[Resource]:
    """Return the members of a list, and in their places those of lists in it."""
    pending = list(reversed(report.resources))
    while pending:
        resource = pending.pop()
        inner = [one for one in resource.reports if isinstance(one, ListReport)]
        if not inner:
            yield resource
        for one in reversed(inner):
            pending.extend(reversed(one.resources))
