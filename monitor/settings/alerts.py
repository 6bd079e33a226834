"""The section `alerts`: rules, and the receivers that are told. What a rule says is read by :mod:`monitor.alerts.rules`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, model_validator

from monitor.alerts.fields import Kind
from monitor.alerts.summary import Language
from monitor.alerts.webhooks.reserved import reserved
from monitor.model import Alert, Severity
from monitor.settings.base import Section, ShortName, Text
from monitor.settings.thresholds import duration

_DAY = 86_400.0
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def _label(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name, re.IGNORECASE | re.ASCII):
        raise ValueError("expected letters, digits and `_`, not beginning with a digit")
    return name


def _header(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}", name, re.IGNORECASE | re.ASCII):
        raise ValueError("expected the name of an HTTP header such as Authorization")
    if reserved(name):
        raise ValueError("this header is set by the service")
    return name


def _header_value(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x20-\x7e]{0,4000}", value.get_secret_value()):
        raise ValueError("expected at most 4,000 letters, digits and signs (ASCII), in one line")
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _path(value: Any) -> Any:
    return Path(value) if isinstance(value, str) and value else value


Long = Annotated[str, StringConstraints(min_length=1)]
"""A condition or summary: how long it may be is told with its other mistakes."""
File = Annotated[Path, BeforeValidator(_path)]
Hold = Annotated[float, Field(ge=0, le=30 * _DAY, allow_inf_nan=False), BeforeValidator(duration)]
Names = Annotated[list[Text], Field(max_length=10_000)]


class ScheduleSettings(Section):
    """When a rule is in force."""

    days: Text | None = None
    """`mon-fri`, `mon,wed,sat-sun`; by default every day."""
    hours: Annotated[list[Text], BeforeValidator(_as_list)] | None = None
    """`"09:00-18:00"`, several in a list, over midnight `"22:00-06:00"`; by default all day."""
    timezone: Text | None = None
    """IANA name; by default that of `day`."""


class SummarySettings(Section):
    """What an alert says, with fields in braces."""

    en: Long | None = None
    """In English."""
    ru: Long | None = None
    """In Russian."""

    @model_validator(mode="before")
    @classmethod
    def _by_language(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("expected {en: …, ru: …}")  # noqa: TRY004 - told to people
        return value


class RuleSettings(Section):
    """A rule."""

    id: ShortName
    """Its name; begins the ids of its alerts."""
    for_each: Kind
    """What it is about."""
    when: Long
    """The condition: docs/alerts.md."""
    hold: Hold = Field(default=0.0, alias="for")
    """How long the condition must be true before the alert fires."""
    until: Long | None = None
    """The condition that ends it; by default as soon as `when` is no longer true."""
    severity: Severity = "warning"
    """How grave it is."""
    queues: Names | None = None
    """These queues only, or agents in one of them: `sales`, or `pbx1/sales`."""
    teams: Names | None = None
    """Agents of these teams only."""
    schedule: ScheduleSettings | None = None
    """When it is in force; by default always."""
    labels: dict[Annotated[Text, AfterValidator(_label)], Text] = Field(default_factory=dict)
    """Further labels of its alerts."""
    summary: SummarySettings | None = None
    """What its alerts say; by default the condition."""


class WebhookSettings(Section):
    """A receiver of alerts."""

    id: ShortName
    """Its name, in metrics and the API."""
    url: SecretStr
    """`https://…` or `http://…`; with `format: apprise` an address that apprise understands."""
    format: Literal["standard", "alertmanager", "apprise"] = "standard"
    """What its requests look like."""
    secret: SecretStr | None = None
    """Signs the requests: `whsec_…`, or base64."""
    secret_file: File | None = None
    """A file that holds the secret."""
    severities: Annotated[list[Severity], Field(min_length=1)] = Field(
        default_factory=lambda: list(SEVERITIES)
    )
    """Alerts of these only."""
    rules: Annotated[Names, Field(min_length=1)] | None = None
    """Alerts of these rules only."""
    queues: Annotated[Names, Field(min_length=1)] | None = None
    """Alerts about these queues only."""
    teams: Annotated[Names, Field(min_length=1)] | None = None
    """Alerts about agents of these teams only."""
    language: Language | None = None
    """Of what it is told; by default that of `alerts`."""
    send_resolved: bool = True
    """Whether it is told when an alert is over."""
    timeout: Annotated[float, Field(ge=0.1, le=120), BeforeValidator(duration)] = 10.0
    """From connecting to the answer's last byte."""
    parallel: Annotated[int, Field(ge=1, le=100)] = 4
    """Requests at the same time."""
    give_up_after: Annotated[float, Field(ge=1, le=30 * _DAY), BeforeValidator(duration)] = 3 * _DAY
    """How long a notification is tried before it goes to the dead letters."""
    ca_file: File | None = None
    """Certificates to trust instead of the system's."""
    headers: dict[
        Annotated[Text, AfterValidator(_header)], Annotated[SecretStr, AfterValidator(_header_value)]
    ] = Field(default_factory=dict)
    """Further headers of its requests."""
    limit: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Notifications that are kept while it is away."""

    @property
    def group_by(self) -> tuple[str, ...]:
        """Return the labels that the alerts of one notification have in common.

        Receivers made for Alertmanager keep one incident for each group, and close it by a body in which nothing fires: so
        there every alert is a group of its own.
        """
        return ("rule", "source", "queue", "agent") if self.format == "alertmanager" else ("rule", "source")

    def wants(self, alert: Alert) -> bool:
        """Return whether it is to be told of an alert.

        One that names queues or teams is told of these, and of nothing that has neither (a source, the service).
        """
        if alert.severity not in self.severities or (self.rules is not None and alert.rule not in self.rules):
            return False
        if self.queues is None and self.teams is None:
            return True
        queue, team = alert.labels.get("queue"), alert.labels.get("team")
        by_queue = queue is not None and not {queue, queue.partition("/")[2]}.isdisjoint(self.queues or ())
        return by_queue or (team is not None and team in (self.teams or ()))


class AlertSettings(Section):
    """Rules, and who is told when one holds."""

    language: Language = "en"
    """Of what an alert says, where a receiver or reader asks for no other."""
    rules: Annotated[list[RuleSettings], Field(max_length=10_000)] = Field(default_factory=list)
    """What is wrong when: docs/alerts.md."""
    webhooks: Annotated[list[WebhookSettings], Field(max_length=100)] = Field(default_factory=list)
    """Who is told."""

    def relative_to(self, directory: Path) -> Self:
        """Return the same with the paths of files made absolute."""
        webhooks = [
            webhook.model_copy(
                update={
                    key: directory / path
                    for key in ("secret_file", "ca_file")
                    if (path := getattr(webhook, key)) is not None
                }
            )
            for webhook in self.webhooks
        ]
        return self.model_copy(update={"webhooks": webhooks})
