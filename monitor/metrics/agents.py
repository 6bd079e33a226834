"""The metrics of agents. Those with a series per agent can be switched off; the teams' stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from monitor.engine import Picture
from monitor.engine.glances import AgentGlance
from monitor.metrics.family import Family, Sample
from monitor.metrics.text import label, number
from monitor.model import AGENT_STATES


class AgentFamilies:
    """Makes the families of one scrape. What is counted of an agent is looked up once for all of them."""

    def __init__(self, picture: Picture, *, series: bool) -> None:
        self._picture = picture
        self._series = series
        self._seen: list[AgentGlance] | None = None

    def all(self) -> list[Family]:
        """Return the families."""
        teams = Family(
            "callcenter_team_agents",
            "gauge",
            'Agents of a team by state, each counted once; `team=""` for those without one.',
            self._teams,
            ("source", "state", "team"),
            'sum by (state) (callcenter_team_agents{team="North"})',
        )
        return [*self._each(), teams] if self._series else [teams]

    def _each(self) -> list[Family]:
        return [
            Family(
                "callcenter_agent",
                "info",
                "1 for each agent, with its source, shown name and team: for joins.",
                self._info,
                ("agent", "name", "source", "team"),
                'callcenter_agent_state * on (agent) group_left (name) callcenter_agent_info{team="North"}',
                lines=self._info_lines,
            ),
            Family(
                "callcenter_agent_state",
                "gauge",
                "1 for the state that an agent is in; no series for the others.",
                self._states,
                ("agent", "state"),
                'count(callcenter_agent_state{state="paused"})',
                lines=self._state_lines,
            ),
            Family(
                "callcenter_agent_calls",
                "counter",
                "Calls of an agent: of queues answered and missed, dialled, direct (answered, not from a queue).",
                self._calls,
                ("agent", "kind"),
                'increase(callcenter_agent_calls_total{agent="pbx1/anna",kind="answered"}[1h])',
                lines=self._call_lines,
            ),
        ]

    def _glances(self) -> Iterator[AgentGlance]:
        if self._seen is not None:
            yield from self._seen
            return
        seen = []
        for engine in self._picture.engines.values():
            for agent in engine.agent_glances():
                seen.append(agent)
                yield agent
        self._seen = seen

    def _teams(self) -> Iterator[Sample]:
        counts = Counter((_source(agent), agent.team or "", agent.state) for agent in self._glances())
        for source, team in sorted({(source, team) for source, team, _ in counts}):
            for state in AGENT_STATES:
                labels = (("source", source), ("state", state), ("team", team))
                yield "", labels, counts[source, team, state]

    # Each in both forms: as samples for the library, and as the same text in a quarter of the time.

    def _info(self) -> Iterator[Sample]:
        for agent in self._glances():
            labels = (
                ("agent", agent.id),
                ("name", agent.name),
                ("source", _source(agent)),
                ("team", agent.team or ""),
            )
            yield "_info", labels, 1.0

    def _info_lines(self) -> Iterator[str]:
        for agent in self._glances():
            who, source = label("agent", agent.id), label("source", _source(agent))
            name, team = label("name", agent.name), label("team", agent.team or "")
            yield f"callcenter_agent_info{{{who},{name},{source},{team}}} 1.0\n"

    def _states(self) -> Iterator[Sample]:
        for agent in self._glances():
            yield "", (("agent", agent.id), ("state", agent.state)), 1.0

    def _state_lines(self) -> Iterator[str]:
        for agent in self._glances():
            yield f'callcenter_agent_state{{{label("agent", agent.id)},state="{agent.state}"}} 1.0\n'

    def _calls(self) -> Iterator[Sample]:
        for agent in self._glances():
            for kind, count in zip(agent.calls._fields, agent.calls, strict=True):
                yield "_total", (("agent", agent.id), ("kind", kind)), count

    def _call_lines(self) -> Iterator[str]:
        for agent in self._glances():
            calls, start = agent.calls, f"callcenter_agent_calls_total{{{label('agent', agent.id)},kind="
            yield (
                f'{start}"answered"}} {number(calls.answered)}\n'
                f'{start}"missed"}} {number(calls.missed)}\n'
                f'{start}"outbound"}} {number(calls.outbound)}\n'
                f'{start}"direct"}} {number(calls.direct)}\n'
            )


def _source(agent: AgentGlance) -> str:
    return agent.id.partition("/")[0]
