"""The PBX's lists: what QueueStatus, CoreShowChannels, DeviceStateList and the like answer, item by item.

Each generator yields whole events as text and copes with the model moving on between two items, as Asterisk's do.
``tail`` is the ActionID line, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.simulator.ami_events import EXTENSION_STATUS, MEMBER_STATUS, UNKNOWN, Channel, membership
from monitor.simulator.parts import Call, Member, Queue
from monitor.simulator.pbx import SimulatedPbx
from monitor.simulator.switch import HINT_CONTEXT
from monitor.simulator.writer import hint


def queue_status(pbx: SimulatedPbx, tail: str, queue: str = "", interface: str = "") -> Iterator[str]:
    """QueueStatus: each queue with its members and callers (app_queue.c, ``manager_queues_status``)."""
    for one in tuple(pbx.centre.queues.values()):
        if queue.lower() in ("", one.name.lower()):
            yield _queue_params(one, tail)
            for member in tuple(one.members.values()):
                if interface.lower() in ("", member.agent.interface.lower()):
                    yield _queue_member(pbx, member, tail)
            for position, call in enumerate(tuple(one.calls), 1):
                yield _queue_entry(pbx, one, call, position, tail)


def _queue_params(queue: Queue, tail: str) -> str:
    level = 100.0 * queue.completed_in_level / queue.completed if queue.completed else 0.0
    all_calls = queue.completed + queue.abandoned
    level2 = 100.0 * queue.completed_in_level / all_calls if all_calls else 0.0
    return (
        f"Event: QueueParams\r\nQueue: {queue.name}\r\nMax: 0\r\nStrategy: {queue.spec.strategy}\r\n"
        f"Calls: {len(queue.calls)}\r\nHoldtime: {queue.hold_time}\r\nTalkTime: {queue.talk_time}\r\n"
        f"Completed: {queue.completed}\r\nAbandoned: {queue.abandoned}\r\n"
        f"ServiceLevel: {queue.spec.service_level}\r\nServicelevelPerf: {min(level, 100.0):.1f}\r\n"
        f"ServicelevelPerf2: {min(level2, 100.0):.1f}\r\nWeight: 0\r\n{tail}\r\n"
    )


def _queue_member(pbx: SimulatedPbx, member: Member, tail: str) -> str:
    agent = member.agent
    return (
        f"Event: QueueMember\r\nQueue: {member.queue.name}\r\nName: {agent.name}\r\n"
        f"Location: {agent.interface}\r\nStateInterface: {agent.state_interface}\r\n"
        f"Membership: {membership(member)}\r\nPenalty: {member.penalty}\r\nCallsTaken: {member.calls_taken}\r\n"
        f"LastCall: {member.last_call}\r\nLastPause: {member.last_pause}\r\nLoginTime: {member.login_time}\r\n"
        f"InCall: {member.in_call:d}\r\nStatus: {MEMBER_STATUS[pbx.switch.status(agent)]}\r\n"
        f"Paused: {member.paused:d}\r\nPausedReason: {member.reason}\r\nWrapuptime: {member.wrap_up}\r\n{tail}\r\n"
    )


def _queue_entry(pbx: SimulatedPbx, queue: Queue, call: Call, position: int, tail: str) -> str:
    channel = pbx.writer.callers[call]
    number, name = (part if part != UNKNOWN else "unknown" for part in channel.connected)
    return (
        f"Event: QueueEntry\r\nQueue: {queue.name}\r\nPosition: {position}\r\nChannel: {channel.name}\r\n"
        f"Uniqueid: {channel.uniqueid}\r\nCallerIDNum: {call.number}\r\nCallerIDName: {call.name}\r\n"
        f"ConnectedLineNum: {number}\r\nConnectedLineName: {name}\r\n"
        f"Wait: {int(pbx.now) - int(call.joined_at)}\r\nPriority: 0\r\n{tail}\r\n"
    )


def queue_summary(pbx: SimulatedPbx, tail: str, queue: str = "") -> Iterator[str]:
    """QueueSummary: totals of each queue."""
    for one in tuple(pbx.centre.queues.values()):
        if queue.lower() not in ("", one.name.lower()):
            continue
        status = [(MEMBER_STATUS[pbx.switch.status(m.agent)], m.paused) for m in one.members.values()]
        longest = max((int(pbx.now) - int(call.joined_at) for call in one.calls), default=0)
        yield (
            f"Event: QueueSummary\r\nQueue: {one.name}\r\n"
            f"LoggedIn: {sum(number not in (4, 5) for number, _ in status)}\r\n"
            f"Available: {sum(number in (0, 1) and not paused for number, paused in status)}\r\n"
            f"Callers: {len(one.calls)}\r\nHoldTime: {one.hold_time}\r\nTalkTime: {one.talk_time}\r\n"
            f"LongestHoldTime: {longest}\r\n{tail}\r\n"
        )


def channels(pbx: SimulatedPbx, tail: str) -> Iterator[str]:
    """CoreShowChannels (manager.c, ``action_coreshowchannels``)."""
    for channel in tuple(pbx.switch.channels.values()):
        yield f"Event: CoreShowChannel\r\n{tail}{channel.fields()}{_channel_extras(channel, pbx.now)}\r\n"


def _channel_extras(channel: Channel, now: float) -> str:
    minutes, seconds = divmod(int(now - channel.created), 60)
    hours, minutes = divmod(minutes, 60)
    bridge = channel.bridge.uniqueid if channel.bridge is not None else ""
    return (
        f"Application: {channel.application}\r\nApplicationData: {channel.data}\r\n"
        f"Duration: {hours:02d}:{minutes:02d}:{seconds:02d}\r\nBridgeId: {bridge}\r\n"
    )


def device_states(pbx: SimulatedPbx, tail: str) -> Iterator[str]:
    """DeviceStateList (res_manager_devicestate.c)."""
    for name, state in pbx.switch.device_states():
        yield f"Event: DeviceStateChange\r\n{tail}Device: {name}\r\nState: {state}\r\n\r\n"


def extension_states(pbx: SimulatedPbx, tail: str) -> Iterator[str]:
    """ExtensionStateList: the hints."""
    for agent in pbx.centre.agents.values():
        if agent.spec.style == "freepbx":
            status, text = EXTENSION_STATUS[pbx.switch.status(agent)]
            yield (
                f"Event: ExtensionStatus\r\n{tail}Exten: {agent.number}\r\nContext: {HINT_CONTEXT}\r\n"
                f"Hint: {hint(agent)}\r\nStatus: {status}\r\nStatusText: {text}\r\n\r\n"
            )


def queues_conf(pbx: SimulatedPbx) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return queues.conf as its sections, each with its lines."""
    sections = [("general", [("persistentmembers", "no"), ("autofill", "yes")])]
    for queue in pbx.centre.queues.values():
        spec = queue.spec
        lines = [
            ("strategy", spec.strategy),
            ("timeout", str(max(1, round(queue.timeout)))),
            ("retry", str(max(1, round(queue.retry)))),
            ("wrapuptime", str(queue.wrap_up)),
            ("servicelevel", str(spec.service_level)),
            ("ringinuse", "no"),
        ]
        lines += [("autopause", "yes")] * spec.auto_pause
        for agent in pbx.centre.agents.values():
            if not agent.spec.dynamic and spec.name in agent.spec.queues:
                parts = (agent.interface, str(agent.spec.penalty), agent.name, agent.state_interface)
                lines.append(("member", ",".join(parts)))
        sections.append((spec.name, lines))
    return sections


def config_text(pbx: SimulatedPbx) -> str:
    """Return the fields of GetConfig's answer for queues.conf (manager.c, ``action_getconfig``)."""
    text = []
    for number, (name, lines) in enumerate(queues_conf(pbx)):
        text.append(f"Category-{number:06d}: {name}\r\n")
        text += [
            f"Line-{number:06d}-{line:06d}: {key}={value}\r\n" for line, (key, value) in enumerate(lines)
        ]
    return "".join(text)
