"""A simulated contact centre that speaks AMI on a real socket as Asterisk 22 does, and keeps a ledger of the truth."""

from __future__ import annotations

from monitor.simulator.centre import SimulationError
from monitor.simulator.config import QUIET, AgentSpec, Habits, ManagerUser, QueueSpec, SimulationConfig, World
from monitor.simulator.ledger import AgentExpectation, Ledger, QueueExpectation, StateSpan, Visit
from monitor.simulator.pbx import SimulatedPbx
from monitor.simulator.simulation import Simulation

__all__ = [
    "QUIET",
    "AgentExpectation",
    "AgentSpec",
    "Habits",
    "Ledger",
    "ManagerUser",
    "QueueExpectation",
    "QueueSpec",
    "SimulatedPbx",
    "Simulation",
    "SimulationConfig",
    "SimulationError",
    "StateSpan",
    "Visit",
    "World",
]
