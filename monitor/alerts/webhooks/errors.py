"""What can be wrong with a webhook before anything is sent."""

from __future__ import annotations

from monitor.alerts.errors import AlertsError


class WebhookMisconfigured(AlertsError):
    """A webhook can't work as it is configured. ``key`` of its settings, the ``problem``, what to do; never a secret."""

    def __init__(self, webhook: str, key: str, problem: str) -> None:
        super().__init__(f"webhook {webhook}: {key}: {problem}")
        self.webhook = webhook
        self.key = key
        self.problem = problem
