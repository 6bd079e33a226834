"""What the PBX itself says, through a client that shares nothing with ours; and where our view differs from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.lab.ami import Ami, Packet
from tests.lab.asterisk import QueueLogLine
from tests.lab.monitored import SOURCE, Monitored

# AST_DEVICE_* (include/asterisk/devicestate.h) and the agent states that go with it. Not in use says nothing of
# an agent's pause or wrap-up; those are compared by themselves or follow from other things.
ALLOWED: dict[str, frozenset[str]] = {
    "0": frozenset({"available", "paused", "wrap_up", "offline"}),  # unknown
    "1": frozenset({"available", "paused", "wrap_up"}),  # not in use
    "2": frozenset({"talking", "on_hold", "dialing"}),  # in use
    "3": frozenset({"talking", "on_hold", "dialing"}),  # busy
    "4": frozenset({"offline"}),  # invalid
    "5": frozenset({"offline"}),  # unavailable
    "6": frozenset({"ringing"}),  # ringing
    "7": frozenset({"talking", "on_hold", "dialing", "ringing"}),  # ringing and in use
    "8": frozenset({"talking", "on_hold"}),  # the other side holds it
}

TOLD_BY_CHANNELS = frozenset("123678")
"""Statuses that follow from the member's channels: a loaded Asterisk tells them up to ten seconds after."""

OUTCOMES = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timed_out",
    "EXITEMPTY": "left_empty",
    "EXITWITHKEY": "exited_by_key",
}
"""queue_log's verbs that end a wait."""


@dataclass(frozen=True)
class Member:
    name: str
    channels: str
    """How the names of the channels begin that the member talks on."""
    status: str
    paused: bool
    reason: str
    penalty: int
    last_call: int


@dataclass
class Truth:
    """The PBX's QueueStatus."""

    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    waiting: dict[str, set[str]] = field(default_factory=dict)


async def ask(witness: Ami) -> Truth:
    """Return what the PBX says; raises ``ConnectionError`` when it is stopping or stopped."""
    truth = Truth()
    for item in await witness.action("QueueStatus"):
        match item.get("Event"):
            case "QueueParams":
                truth.waiting.setdefault(item["Queue"], set())
            case "QueueMember":
                truth.members[item["Queue"], item["Location"]] = Member(
                    name=item["Name"],
                    channels=channels_of(item["Location"]),
                    status=item["Status"],
                    paused=item["Paused"] == "1",
                    reason=item.get("PausedReason", ""),
                    penalty=int(item["Penalty"]),
                    last_call=int(item["LastCall"]),
                )
            case "QueueEntry":
                truth.waiting.setdefault(item["Queue"], set()).add(item["Uniqueid"])
    if not truth.waiting:
        # While it stops, Asterisk unloads its queues a second before it says so and closes the connection.
        raise ConnectionAbortedError("the PBX has no queues any more: it is stopping")
    return truth


def channels_of(interface: str) -> str:
    """Return how the names of a member's channels begin; behind the people's Local channels there are phones."""
    phone = interface.replace("Local/", "PJSIP/").removesuffix("@from-queue/n")
    return f"{phone if phone.startswith('PJSIP/') and '@' not in phone else interface.removesuffix('/n')}-"


def differences(view: Monitored, truth: Truth) -> dict[str, str]:
    """Return what our view shows otherwise than the PBX: the thing -> how."""
    found: dict[str, str] = {}
    shown = {
        (membership.queue.removeprefix(f"{SOURCE}/"), agent.name): (agent, membership)
        for agent in (view.agent(name.removeprefix(f"{SOURCE}/")) for name in view.engine.agent_ids())
        for membership in agent.queues
    }
    for (queue, _), member in truth.members.items():
        pair = shown.pop((queue, member.name), None)
        key = f"{queue}: {member.name}"
        if pair is None:
            found[key] = "is a member, not shown"
            continue
        agent, membership = pair
        if agent.state not in ALLOWED[member.status]:
            found[f"{key}: state"] = f"status {member.status}, shown {agent.state} ({agent.why.rule})"
        if membership.paused != member.paused:
            found[f"{key}: pause"] = f"paused {member.paused}, shown {membership.paused}"
        elif member.paused and (membership.reason or "") != member.reason:
            found[f"{key}: reason"] = f"{member.reason!r}, shown {membership.reason!r}"
        if membership.penalty != member.penalty:
            found[f"{key}: penalty"] = f"{member.penalty}, shown {membership.penalty}"
    for queue, name in shown:
        found[f"{queue}: {name}"] = "shown, is no member"
    for queue, waiting in truth.waiting.items():
        if view.waiting(queue) != waiting:
            found[f"{queue}: waiting"] = f"{sorted(waiting)}, shown {sorted(view.waiting(queue))}"
        elif view.queue(queue).waiting != len(waiting):
            found[f"{queue}: waiting"] = f"{len(waiting)}, shown {view.queue(queue).waiting}"
    return found


async def compare(view: Monitored, witness: Ami) -> dict[str, str]:
    """Ask the PBX and return what differs both from our view just before it answered and from the one just after."""
    before = await ask(witness)
    found = differences(view, before)
    if not found:
        return {}
    # The answer and our events travel on two connections: ask again before calling it a difference.
    after = await ask(witness)
    again = differences(view, after)
    found = {key: text for key, text in again.items() if key in found}
    if not any(key.endswith(": state") for key in found):
        return found
    channels = await witness.action("CoreShowChannels")
    belated = {
        f"{queue}: {member.name}: state"
        for (queue, _), member in after.members.items()
        if member.status in TOLD_BY_CHANNELS and view.state(member.name) in by_channels(member, channels)
    }
    return {key: text for key, text in found.items() if key not in belated}


def by_channels(member: Member, channels: list[Packet]) -> frozenset[str]:
    """Return the states that fit the member's channels: app_queue hears of them later than the channels' list.

    It is told by three other threads of Asterisk one after the other, and believes the last thing that it heard.
    """
    states = {
        item["ChannelState"]
        for item in channels
        if item.get("Channel", "").startswith(member.channels) and not item["Channel"].endswith(";2")
    }
    if states - {"5"}:
        return ALLOWED["2"]
    return ALLOWED["6"] if states else ALLOWED["1"]


def outcomes(
    log: Iterable[QueueLogLine], counts: Callable[[QueueLogLine], bool] = lambda _: True
) -> dict[str, Counter[str]]:
    """Return how many callers left each queue in which way, by queue_log."""
    result: dict[str, Counter[str]] = {}
    for line in log:
        if line.verb in OUTCOMES and counts(line):
            result.setdefault(line.queue, Counter())[OUTCOMES[line.verb]] += 1
    return result


def missed(
    log: Iterable[QueueLogLine], counts: Callable[[QueueLogLine], bool] = lambda _: True
) -> Counter[str]:
    """Return how often each member was rung in vain, by queue_log."""
    return Counter(line.member for line in log if line.verb == "RINGNOANSWER" and counts(line))


def answered(
    log: Iterable[QueueLogLine], counts: Callable[[QueueLogLine], bool] = lambda _: True
) -> Counter[str]:
    """Return how many queue calls each member answered, by queue_log."""
    return Counter(line.member for line in log if line.verb == "CONNECT" and counts(line))
