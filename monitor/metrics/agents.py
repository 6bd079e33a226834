"""The metrics of agents. Those with a series per agent can be switched off; the teams' stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from monitor.engine import Picture
from monitor.engine.glances import AgentGlance
from monitor.metrics.family import Family, Sample
from monitor.model import AGENT_STATES


class AgentFamilies:
    """Makes the families."""

    def __init__(self, picture: Picture, *, series: bool) -> None:
        self._picture = picture
        self._series = series

    def all(self) -> list[Family]:
        """Return the families, made anew for one scrape."""
        teams = Family(
            "callcenter_team_agents",
            "gauge",
            'Agents of a team by state, each counted once; `team=""` for those without one.',
            self._teams,
            ("source", "state", "team"),
            'sum by (state) (callcenter_team_agents{team="North"})',
        )
        return [teams, *self._each()] if self._series else [teams]

    def _each(self) -> list[Family]:
        return [
            Family(
                "callcenter_agent",
                "info",
                "1 for each agent, with its source, shown name and team: for joins.",
                self._info,
                ("agent", "name", "source", "team"),
                'callcenter_agent_state * on (agent) group_left (name) callcenter_agent_info{team="North"}',
            ),
            Family(
                "callcenter_agent_state",
                "gauge",
                "1 for the state that an agent is in; no series for the others.",
                self._states,
                ("agent", "state"),
                'count(callcenter_agent_state{state="paused"})',
            ),
            Family(
                "callcenter_agent_calls",
                "counter",
                "Calls of an agent: of queues answered and missed, dialled, direct (answered, not from a queue).",
                self._calls,
                ("agent", "kind"),
                'increase(callcenter_agent_calls_total{agent="pbx1/anna",kind="answered"}[1h])',
            ),
        ]

    def _glances(self) -> Iterator[AgentGlance]:
        for engine in self._picture.engines.values():
            yield from engine.agent_glances()

    def _teams(self) -> Iterator[Sample]:
        for source, engine in self._picture.engines.items():
            counts = Counter((agent.team or "", agent.state) for agent in engine.agent_glances())
            for team in sorted({team for team, _ in counts}):
                for state in AGENT_STATES:
                    yield "", (("source", source), ("state", state), ("team", team)), counts[team, state]

    def _info(self) -> Iterator[Sample]:
        for agent in self._glances():
            source = agent.id.partition("/")[0]
            labels = (
                ("agent", agent.id),
                ("name", agent.name),
                ("source", source),
                ("team", agent.team or ""),
            )
            yield "_info", labels, 1.0

    def _states(self) -> Iterator[Sample]:
        for agent in self._glances():
            yield "", (("agent", agent.id), ("state", agent.state)), 1.0

    def _calls(self) -> Iterator[Sample]:
        for agent in self._glances():
            for kind, count in zip(agent.calls._fields, agent.calls, strict=True):
                yield "_total", (("agent", agent.id), ("kind", kind)), count
