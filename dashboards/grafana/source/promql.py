"""Expressions that several panels share. An empty denominator gives no value: every ratio divides by (x > 0)."""

from dashboards.grafana.source import words

STATE_CODES = {state: code for code, state in enumerate(words.STATES, start=1)}
NO_STATE = 0

QUEUES = 'queue=~"$queue"'
# One of a menu with a single choice: Grafana would escape an apostrophe in "$agent" in a way that finds nothing.
ONE_QUEUE = "queue=${queue:doublequote}"
TEAMS = 'source=~"$source", team=~"$team"'
ONE_AGENT = "agent=${agent:doublequote}"
SOURCES = 'source=~"$source"'
JOB = "job=${job:doublequote}"

# What happened lately; Grafana makes it long enough for a rate.
RECENT = "$__rate_interval"


def live(metric: str) -> str:
    """What holds now, of the queues whose source can be seen: of the others the last value would stand still."""
    seen = "callcenter_queue_info and on (job, instance, source) callcenter_source_up == 1"
    return f"({metric} and on (job, instance, queue) ({seen}))"


def of_threshold(queues: str) -> str:
    """The longest wait of each queue by its own threshold of the service level; 1 is the threshold."""
    wait = live(f"callcenter_queue_longest_wait_seconds{{{queues}}}")
    threshold = f"callcenter_queue_service_level_threshold_seconds{{{queues}}}"
    return f"{wait} / on (job, instance, queue) ({threshold} > 0)"


def points(difference: str) -> str:
    """A difference of shares in points, to a tenth: never a minus before nothing."""
    return f"round(({difference}) * 100, 0.1)"


def fires(labels: str = "") -> str:
    """Alerts of ours that fire; one label more may be asked for."""
    more = f", {labels}" if labels else ""
    return f'ALERTS{{alertname=~"Callcenter.+", alertstate="firing"{more}}}'


def firing(labels: str = "") -> str:
    """How many fire. 0 is said only where the rules are evaluated: Watchdog fires always."""
    return f'count({fires(labels)}) or count(ALERTS{{alertname="Watchdog", alertstate="firing"}}) * 0'


def ratio(part: str, whole: str) -> str:
    """A share that has no value where nothing is divided by."""
    return f"({part}) / (({whole}) > 0)"


def recorded(figure: str, period: str) -> str:
    """A share of the chosen queue, from the recording rules of dashboards/prometheus."""
    return f"max(queue:callcenter_{figure}:ratio_{period}{{{ONE_QUEUE}}})"


def agent_calls(kinds: str) -> str:
    """Calls of the chosen agent in the chosen time."""
    return f'sum(increase(callcenter_agent_calls_total{{{ONE_AGENT}, kind=~"{kinds}"}}[$__range]))'


def quantile(q: float, histogram: str, by: str = "le", window: str = "30m") -> str:
    """A quantile of what was counted in the window; no value where nothing was."""
    rate = f"rate({histogram}[{window}])".replace("{", "_bucket{", 1)
    return f"histogram_quantile({q}, sum by ({by}) ({rate})) >= 0"


def average(histogram: str, window: str) -> str:
    """The mean of what was counted in the window."""
    total, count = (histogram.replace("{", f"_{part}{{", 1) for part in ("sum", "count"))
    return ratio(f"sum(increase({total}[{window}]))", f"sum(increase({count}[{window}]))")


def state_codes(agents: str = "") -> str:
    """The current state of each agent as a number from 1 on.

    callcenter_agent_state has a series only for the state that an agent is in. Prometheus marks the previous one as
    stale at the very scrape that brings the next, so at every instant there is one per agent.
    """
    label = f"{agents}, " if agents else ""
    return " or ".join(
        f'callcenter_agent_state{{{label}state="{state}"}} * {code}' for state, code in STATE_CODES.items()
    )


def state_of_one() -> str:
    """The chosen agent's state; 0 where nothing was scraped, so that an old state is never drawn on."""
    return f"max({state_codes(ONE_AGENT)} or vector({NO_STATE}))"


def states_of_team(most: int) -> str:
    """The states of the chosen teams' agents, at most so many rows; 0 where an agent was not seen."""
    chosen = (
        f"topk({most}, max by (agent) (last_over_time(callcenter_agent_info{{{TEAMS}}}[$__range] @ end())))"
    )
    return f"max by (agent) (({state_codes()}) * on (agent) group_left () {chosen} or {chosen} * {NO_STATE})"
