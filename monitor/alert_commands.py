"""``operator-monitor alerts …``: try rules and receivers before they are needed."""

from __future__ import annotations

import asyncio
import json as json_module
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from adapters.contract import Finding
from monitor.alerts import Notification
from monitor.alerts.desk import new_id, receivers_of
from monitor.alerts.evaluator import Transition
from monitor.alerts.rehearsal import rehearse
from monitor.alerts.webhooks import WebhookMisconfigured, make_sender, send_once
from monitor.logs import configure_logs
from monitor.model import Alert
from monitor.recording import RecordingError, replaying
from monitor.settings import Settings
from monitor.settings.alerts import WebhookSettings
from monitor.terminal import NOT_WELL, WELL, ConfigOption, fail, printable, say, settings_of

commands = typer.Typer(help="Try alert rules and webhooks.", no_args_is_help=True)

TEXTS = {
    "en": "A test of Operator Monitor: nothing is wrong",
    "ru": "Проверка Operator Monitor: ничего не случилось",
}


@commands.command("test")
def rehearse_rules(
    recording: Annotated[Path, typer.Argument(help="A recording made with `run --record FILE`.")],
    config: ConfigOption,
    json: Annotated[bool, typer.Option("--json", help="Print each alert as a line of JSON.")] = False,
) -> None:
    """Run the rules over a recording and print what would have fired, when, and whom it would have been told."""
    settings = settings_of(config)
    rules = settings.alert_rules()
    if not rules:
        fail(f"{config} has no alert rules: write some under `alerts.rules`, see docs/alerts.md")
    counts: Counter[str] = Counter()
    try:
        with replaying(recording) as (picture, began, steps):
            language = settings.alerts.language
            for at, alert in _begun_or_ended(rehearse(rules, picture, steps, language=language, began=began)):
                counts[alert.rule] += alert.state == "firing"
                typer.echo(_as_json(at, alert, settings) if json else _as_text(at, alert, settings))
    except RecordingError as error:
        fail(str(error))
    if not json:
        typer.echo()
        for rule in rules:
            typer.echo(printable(f"  {rule.id}: {_how_often(counts[rule.id])}"))


@commands.command()
def send_test(
    config: ConfigOption,
    webhook: Annotated[str | None, typer.Option(help="Only to this one.")] = None,
) -> None:
    """Send a test alert to the configured webhooks, once each, and say what came of it.

    Ends with 0 only if every one of them took it.
    """
    settings = settings_of(config)
    configure_logs(settings.log)
    webhooks = [one for one in settings.alerts.webhooks if webhook in (None, one.id)]
    if not webhooks:
        if webhook is None:
            fail(f"{config} has no webhooks")
        known = ", ".join(one.id for one in settings.alerts.webhooks) or "none"
        fail(f"{config} has no webhook {webhook!r}; configured: {known}")
    well = True
    for one in webhooks:
        finding = asyncio.run(_tried(one, settings.alerts.language))
        say(finding)
        well = well and finding.level == "ok"
    raise typer.Exit(WELL if well else NOT_WELL)


async def check_webhooks(webhooks: Sequence[WebhookSettings]) -> AsyncIterator[Finding]:
    """Yield whether each webhook can work, as far as that shows without sending anything."""
    for webhook in webhooks:
        subject = f"webhook {webhook.id}"
        try:
            sender = make_sender(webhook)
        except WebhookMisconfigured as error:
            yield Finding(level="error", subject=subject, message=f"{error.key}: {error.problem}")
            continue
        await sender.close()
        message = "is configured; `operator-monitor alerts send-test` tries it"
        yield Finding(level="ok", subject=subject, message=message)


async def _tried(webhook: WebhookSettings, language: str) -> Finding:
    now = time.time()
    alert = Alert(
        id=f"test/service@{round(now * 1_000):x}",
        rule="test",
        severity="info",
        state="firing",
        since=now,
        fired_at=now,
        labels={"test": "true"},
        summary=TEXTS[language],
        summaries=TEXTS,
        value=None,
        subject="service",
    )
    group = {"rule": "test", "source": ""}
    notification = Notification(id=new_id(), webhook=webhook.id, group=group, at=now, alerts=(alert,))
    try:
        outcome = await send_once(webhook, notification)
    except WebhookMisconfigured as error:
        return Finding(level="error", subject=webhook.id, message=f"{error.key}: {error.problem}")
    status = "" if outcome.status is None else f", status {outcome.status}"
    if outcome.delivered:
        return Finding(level="ok", subject=webhook.id, message=f"took it{status}, in {outcome.seconds:.2f} s")
    why = outcome.error or "it was refused"
    return Finding(level="error", subject=webhook.id, message=f"{why} (after {outcome.seconds:.2f} s)")


def _begun_or_ended(told: Iterator[tuple[float, Transition]]) -> Iterator[tuple[float, Alert]]:
    """Yield alerts that fire now and did not, and those that are over."""
    for at, (before, after) in told:
        if after is not None and after.state != "pending" and (before is None or before.state != after.state):
            yield at, after


def _how_often(times: int) -> str:
    return {0: "never fired", 1: "fired once"}.get(times, f"fired {times} times")


def _receivers(alert: Alert, settings: Settings) -> list[str]:
    return receivers_of(settings.alerts.webhooks, alert)


def _as_text(at: float, alert: Alert, settings: Settings) -> str:
    clock = datetime.fromtimestamp(at, ZoneInfo(settings.day.timezone)).strftime("%Y-%m-%d %H:%M:%S")
    to = f" → {', '.join(receivers)}" if (receivers := _receivers(alert, settings)) else ""
    if alert.state == "resolved":
        lasted = at - (alert.fired_at or alert.since)
        return printable(f"{clock}  over      {alert.rule} {alert.subject}, after {lasted:.0f} s{to}")
    return printable(f"{clock}  {alert.severity:<8}  {alert.rule} {alert.subject}: {alert.summary}{to}")


def _as_json(at: float, alert: Alert, settings: Settings) -> str:
    told = {"at": at, "receivers": _receivers(alert, settings), "alert": msgspec.to_builtins(alert)}
    return json_module.dumps(told, ensure_ascii=True)
