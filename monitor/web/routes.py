"""The table of what is served. The router and the OpenAPI document are both made from it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from monitor.alerts import DeadLetter, Silence, WebhookStatus
from monitor.model import (
    Agent,
    Alert,
    Call,
    Queue,
    QueueHistory,
    ServiceHealth,
    Source,
    State,
    Timeline,
    Wallboard,
)
from monitor.web.alert_forms import Acknowledge, NewSilence, Nothing, Reloaded, Replay, Silenced

JSON = "application/json"
TEXT = "text/plain"


class Health(msgspec.Struct, kw_only=True):
    """The process is alive, or ready."""

    status: str


class Route(NamedTuple):
    """One thing that is served."""

    path: str
    name: str
    """Of the operation, and of the handler: of :class:`monitor.web.handlers.Handlers`, or where something is done
    about alerts, of :class:`monitor.web.alerts.AlertHandlers`."""
    summary: str
    returns: Any
    """The type of the answer's JSON; ``None`` where it is no JSON."""
    media_type: str = JSON
    problems: tuple[int, ...] = ()
    """Further statuses, besides the general ones."""
    method: Literal["GET", "POST", "DELETE"] = "GET"
    """``GET`` serves HEAD, too."""
    takes: type[msgspec.Struct] | None = None
    """The type of the request's JSON."""


AGENT_ID = "The agent's id, `source/name`; its slash may stand as it is or percent-encoded."
QUEUE_ID = "The queue's id, `source/name`; its slash may stand as it is or percent-encoded."

ROUTES: tuple[Route, ...] = (
    Route("/", "page", "The wallboard", None, "text/html"),
    Route("/healthz", "healthz", "Whether the process is alive", Health),
    Route("/readyz", "readyz", "Whether every source is synchronised", Health, problems=(503,)),
    Route("/metrics", "metrics", "Metrics as Prometheus text, or OpenMetrics by negotiation", None, TEXT),
    Route("/api/v1/state", "state", "Everything, as in the feed's snapshot", State),
    Route("/api/v1/agents", "agents", "All agents", list[Agent]),
    Route("/api/v1/agents/{id}/timeline", "timeline", "An agent's day as spans", Timeline, problems=(404,)),
    Route("/api/v1/agents/{id}", "agent", "One agent", Agent, problems=(404,)),
    Route("/api/v1/queues", "queues", "All queues", list[Queue]),
    Route("/api/v1/queues/{id}/history", "history", "A queue's day in steps", QueueHistory, problems=(404,)),
    Route("/api/v1/queues/{id}", "queue", "One queue", Queue, problems=(404,)),
    Route("/api/v1/calls", "calls", "All calls in progress", list[Call]),
    Route("/api/v1/alerts", "alerts", "All alerts that are pending or firing", list[Alert]),
    Route("/api/v1/alerts/history", "past_alerts", "Alerts that are over, the latest first", list[Alert]),
    Route(
        "/api/v1/alerts/acknowledge",
        "acknowledge",
        "Say that somebody cares for an alert",
        Alert,
        problems=(400, 403, 404, 415),
        method="POST",
        takes=Acknowledge,
    ),
    Route(
        "/api/v1/alerts/reload",
        "reload_alerts",
        "Read the rules and webhooks anew from the configuration file",
        Reloaded,
        problems=(400, 403, 409, 415),
        method="POST",
        takes=Nothing,
    ),
    Route("/api/v1/silences", "silences", "All silences", list[Silence]),
    Route(
        "/api/v1/silences",
        "silence",
        "Keep matching alerts from being told for a time",
        Silenced,
        problems=(400, 403, 409, 415),
        method="POST",
        takes=NewSilence,
    ),
    Route(
        "/api/v1/silences/{id}",
        "unsilence",
        "End a silence",
        Health,
        problems=(403, 404),
        method="DELETE",
    ),
    Route("/api/v1/webhooks", "webhooks", "How deliveries to each webhook go", list[WebhookStatus]),
    Route(
        "/api/v1/webhooks/dead-letters", "dead_letters", "Notifications that were given up", list[DeadLetter]
    ),
    Route(
        "/api/v1/webhooks/replay",
        "replay",
        "Try to deliver a notification that was given up",
        Health,
        problems=(400, 403, 404, 415),
        method="POST",
        takes=Replay,
    ),
    Route("/api/v1/sources", "sources", "All sources", list[Source]),
    Route("/api/v1/service", "service", "The service as a whole, as alert rules see it", ServiceHealth),
    Route("/api/v1/wallboard", "wallboard", "How the wallboard is configured", Wallboard),
    Route("/api/openapi.json", "openapi", "This description", dict[str, Any], problems=(304,)),
    Route("/page/{file}", "page_file", "A file of the wallboard", None, "*/*", problems=(304, 404)),
)

IDS: dict[str, str] = {
    "agent": AGENT_ID,
    "timeline": AGENT_ID,
    "queue": QUEUE_ID,
    "history": QUEUE_ID,
    "page_file": "The file's name.",
    "unsilence": "The silence's id.",
}
"""What ``{id}`` or ``{file}`` means, by route name."""

_BEFORE_MORE = "{id:(?>[^/]+?(?:/|%2F)).+}"
PATTERNS: dict[str, str] = {
    # A slash that belongs to an id may be encoded, and must be where the id ends with "/timeline" or "/history".
    # The source is taken once and for all (an atomic group): a path of slashes must not cost seconds.
    "timeline": _BEFORE_MORE,
    "history": _BEFORE_MORE,
    "agent": "{id:.+}",
    "queue": "{id:.+}",
}
"""What the router takes for ``{id}``, by route name."""


def pattern(route: Route) -> str:
    """Return the route's path as the router wants it."""
    return route.path.replace("{id}", PATTERNS.get(route.name, "{id}"))
