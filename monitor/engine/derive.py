"""The one place that decides an agent's state: a table of facts in order of precedence.

Facts about an agent are bits of one number; the lowest bit that is set decides. So the order of the table below
*is* the precedence, for an agent as a whole and for an agent as seen from one queue (which knows its own pause,
its own wrap-up and the reachability of its own member).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from monitor.events import EndpointState
from monitor.model import AgentState

SOURCE_LOST: Final = 1 << 0
NOT_SYNCHRONISED: Final = 1 << 1
ENDPOINT_UNKNOWN: Final = 1 << 2
LEG_ANSWERED: Final = 1 << 3
LEGS_HELD: Final = 1 << 4
LEG_DIALING: Final = 1 << 5
LEG_RINGING: Final = 1 << 6
QUEUE_CALL: Final = 1 << 7
DEVICE_IN_USE: Final = 1 << 8
DEVICE_RINGING: Final = 1 << 9
UNREACHABLE: Final = 1 << 10
NO_MEMBER: Final = 1 << 11
SIGNED_OFF: Final = 1 << 12
WRAP_UP: Final = 1 << 13
PAUSED: Final = 1 << 14
FREE: Final = 1 << 15


class Rule(NamedTuple):
    """A line of the table."""

    fact: int
    state: AgentState
    slug: str
    """As ``why.rule`` shows it."""


RULES: Final = (
    Rule(SOURCE_LOST, "unknown", "source_lost"),
    Rule(NOT_SYNCHRONISED, "unknown", "source_not_synchronised"),
    Rule(ENDPOINT_UNKNOWN, "unknown", "endpoint_unknown"),
    Rule(LEG_ANSWERED, "talking", "leg_answered"),
    Rule(LEGS_HELD, "on_hold", "legs_held"),
    Rule(LEG_DIALING, "dialing", "leg_dialing"),
    Rule(LEG_RINGING, "ringing", "leg_ringing"),
    # From here to DEVICE_RINGING no leg says anything: the source shows none, or none yet.
    Rule(QUEUE_CALL, "talking", "queue_call"),
    Rule(DEVICE_IN_USE, "talking", "device_in_use"),
    Rule(DEVICE_RINGING, "ringing", "device_ringing"),
    Rule(UNREACHABLE, "offline", "endpoint_unreachable"),
    Rule(NO_MEMBER, "offline", "no_member"),
    Rule(SIGNED_OFF, "offline", "signed_off"),
    Rule(WRAP_UP, "wrap_up", "wrap_up"),
    Rule(PAUSED, "paused", "paused"),
    Rule(FREE, "available", "free"),
)

LEG_FACTS: Final = {
    # (direction, state, held by this endpoint): what the leg says
    ("inbound", "answered", False): LEG_ANSWERED,
    ("outbound", "answered", False): LEG_ANSWERED,
    ("inbound", "answered", True): LEGS_HELD,
    ("outbound", "answered", True): LEGS_HELD,
    ("outbound", "dialing", False): LEG_DIALING,
    ("outbound", "ringing", False): LEG_DIALING,
    ("inbound", "ringing", False): LEG_RINGING,
    # An inbound leg that does not ring yet says nothing.
}

DEVICE_FACTS: Final[dict[EndpointState, int]] = {
    "in_use": DEVICE_IN_USE,
    "busy": DEVICE_IN_USE,
    "on_hold": DEVICE_IN_USE,  # held by the other party: still in a call
    "ringing": DEVICE_RINGING,
}

IN_CALL: Final[frozenset[EndpointState]] = frozenset(
    state for state, fact in DEVICE_FACTS.items() if fact == DEVICE_IN_USE
)


_BY_FACT: Final = {rule.fact: rule for rule in RULES}


def derive(facts: int) -> Rule:
    """Return the rule that decides for these facts (an or of the constants above)."""
    facts |= FREE
    return _BY_FACT[facts & -facts]
