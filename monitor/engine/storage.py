"""The live state as encoded entities, and back: what a start reads instead of replaying a whole day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from monitor.engine.ended import EndedKey
from monitor.engine.errors import StateUnreadable
from monitor.engine.live import KINDS, SOURCE_FACTS, Kind, Live
from monitor.engine.member_time import MemberTime
from monitor.engine.members import configure_agents
from monitor.engine.passing import await_step
from monitor.engine.settle import recount, settle_calls
from monitor.engine.state import (
    AgentEntity,
    Endpoint,
    Leg,
    Member,
    QueueCall,
    QueueEntity,
    SourceRecord,
    Visit,
)
from monitor.engine.timers import Key, Timer

_SOURCE: Final = "source"
_ENDED: Final = "ended"

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.decode

_TYPES: Final[dict[Kind, type[Any]]] = {
    "agent": AgentEntity,
    "member": Member,
    "member_time": MemberTime,
    "queue": QueueEntity,
    "visit": Visit,
    "queue_call": QueueCall,
    "leg": Leg,
    "endpoint": Endpoint,
}


def dump(live: Live) -> dict[str, bytes | None]:
    """Return the entities that changed since the last dump, ``None`` for those that are gone."""
    saved: dict[str, bytes | None] = {}
    for kind in KINDS:
        table = _table(live, kind)
        for key in live.dirty[kind]:
            entity = table.get(key)
            saved[_name(kind, key)] = None if entity is None else _encode(entity)
        live.dirty[kind] = set()
    saved[_SOURCE] = _encode(live.source)
    if live.ended.changed:
        saved[_ENDED] = _encode(live.ended.dump())
        live.ended.changed = False
    return saved


def restore(live: Live, entities: Mapping[str, bytes]) -> None:
    """Fill an empty state with what :func:`dump` gave. Raises :class:`StateUnreadable`."""
    if not entities:
        return
    found: dict[Kind, list[Any]] = {kind: [] for kind in KINDS}
    for name in sorted(entities):
        if name == _SOURCE:
            live.source = _read(name, entities[name], SourceRecord)
            live.source_facts = SOURCE_FACTS[live.source.state]
        elif name == _ENDED:
            live.ended.restore(_read(name, entities[name], list[tuple[EndedKey, float]]))
        else:
            kind = next((kind for kind in KINDS if name.startswith(f"{kind}:")), None)
            if kind is None:
                raise StateUnreadable(name, "no such kind of entity is known here")
            found[kind].append(_read(name, entities[name], _TYPES[kind]))
    if _SOURCE not in entities:
        raise StateUnreadable(_SOURCE, "it is missing")
    try:
        _index(live, found)
        _derive(live)
    except KeyError as error:
        raise StateUnreadable(str(error.args[0]), "another entity refers to it and it is missing") from error
    _set_timers(live)


def _index(live: Live, found: dict[Kind, list[Any]]) -> None:
    """Put the entities into their tables and build the indexes over them."""
    for agent in found["agent"]:
        live.agents[agent.id] = agent
        live.members_of[agent.id] = []
        for endpoint in agent.endpoints:
            live.owners.setdefault(endpoint, []).append(agent.id)
    for owners in live.owners.values():
        owners.sort()
    live.endpoints.update({endpoint.name: endpoint for endpoint in found["endpoint"]})
    _index_callers(live, found)
    for leg in found["leg"]:
        live.legs[leg.id] = leg
        live.index_leg(leg)
    for queue_call in found["queue_call"]:
        live.add_queue_call(queue_call)
    for member in found["member"]:
        member.state = None
        if live.identity.configured(member) is None:
            live.identity.add(member)
        live.add_member(member, member.agent)


def _index_callers(live: Live, found: dict[Kind, list[Any]]) -> None:
    live.member_times.update({time.queue: time for time in found["member_time"]})
    for queue in found["queue"]:
        live.index_queue(queue)
    for visit in found["visit"]:
        live.visits[visit.key] = visit
        if visit.phase != "unknown":
            live.visits_linked.setdefault(visit.linked, {})[visit.key] = visit
    for queue in found["queue"]:
        live.renumber(queue)


def _derive(live: Live) -> None:
    """Derive what is not saved; take over what the configuration says now, should it have changed."""
    if not live.source.day_end:
        return  # saved before the first event
    live.at = live.source.now
    live.unsettled_agents.clear()
    for kind in KINDS:
        live.dirty[kind].clear()
    configure_agents(live)
    recount(live)
    # Agents are as they were; those whom a changed configuration concerns are settled with the next event.
    settle_calls(live)


def _set_timers(live: Live) -> None:
    """Set the timers that the entities stand by."""
    if live.source.day_end and not live.source.step_end:
        await_step(live)  # saved before there was a history
    for queue in live.queues.values():
        live.windows[queue.name] = queue.statistics.next_deadline()
    owners: tuple[tuple[Timer, Iterable[Key]], ...] = (
        (Timer.WRAP_UP, live.members),
        (Timer.VISIT, live.visits),
        (Timer.QUEUE_CALL, live.queue_calls),
        (Timer.DEVICE, ((name,) for name in live.endpoints)),
        (Timer.WINDOW, ((name,) for name in live.queues)),
        (Timer.DAY, ((),)),
        (Timer.STEP, ((),)),
    )
    for timer, keys in owners:
        for key in keys:
            deadline = live.deadline_of(timer, key)
            if deadline:
                live.timers.set(deadline, timer, key)


def _table(live: Live, kind: Kind) -> Mapping[Any, Any]:
    tables: dict[Kind, Mapping[Any, Any]] = {
        "agent": live.agents,
        "member": live.members,
        "member_time": live.member_times,
        "queue": live.queues,
        "visit": live.visits,
        "queue_call": live.queue_calls,
        "leg": live.legs,
        "endpoint": live.endpoints,
    }
    return tables[kind]


def _name(kind: Kind, key: str | tuple[str, ...]) -> str:
    """Return the name that an entity is saved under; keys of several parts as a JSON list."""
    return f"{kind}:{key if isinstance(key, str) else msgspec.json.encode(key).decode()}"


def _read(name: str, data: bytes, type_: Any) -> Any:
    try:
        return _decode(data, type=type_)
    except msgspec.MsgspecError as error:
        raise StateUnreadable(name, str(error)) from error
