"""The commands. Each says what it does with ``--help``, and ends with an exit code that scripts can use.

0: all is well · 1: something is not · 2: the call or the configuration is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
import uvloop

from adapters.contract import Finding
from monitor import __version__
from monitor.alert_commands import check_webhooks
from monitor.alert_commands import commands as alert_commands
from monitor.app import Service, ServiceError, installed_adapters, make_adapter
from monitor.checking import findings
from monitor.log.contract import StorageError
from monitor.logs import configure_logs
from monitor.recording import RecordingError
from monitor.recording import replay as replay_recording
from monitor.report import state_as_json, state_as_text
from monitor.settings import Settings, SettingsError, load_settings
from monitor.simulator import Simulation, SimulationConfig
from monitor.terminal import NOT_WELL, WELL, ConfigOption, fail, printable, say, settings_of

logger = structlog.get_logger(__name__)

T = TypeVar("T")
STOP_SECONDS = 10.0
FILES = 10_000
"""Open files that are enough for the connections that both listeners allow; many systems grant 1,024 unless asked."""
app = typer.Typer(
    name="operator-monitor",
    help="A real-time monitor for call-centre operators: open, instant and true.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(alert_commands, name="alerts")

AgentsOption = Annotated[int, typer.Option(min=1, max=20_000, help="Simulated operators.")]
QueuesOption = Annotated[int, typer.Option(min=1, max=200, help="Simulated queues.")]
SpeedOption = Annotated[float, typer.Option(min=0.1, max=100.0, help="How much faster than life people act.")]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same day.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"operator-monitor {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """A real-time monitor for call-centre operators: open, instant and true."""


@app.command()
def run(
    config: ConfigOption,
    record: Annotated[
        Path | None,
        typer.Option(help="Also write every event to this new file, for `operator-monitor replay`."),
    ] = None,
) -> None:
    """Run the service: connect to the sources, serve the page, the API, the metrics and the feed.

    SIGHUP has it read the alert rules and webhooks anew.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # else one would end the process until it is listened to
    settings = settings_of(config)
    configure_logs(settings.log)

    async def start() -> Service:
        service = Service(settings, record=record, reread=lambda: load_settings(config))
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, service.reread_alerts)
        await service.start()
        return service

    async def stop(service: Service | None) -> None:
        if service is not None:
            await service.stop()

    _run(start, stop)


@app.command()
def demo(
    agents: AgentsOption = 24,
    queues: QueuesOption = 4,
    speed: SpeedOption = 1.0,
    seed: SeedOption = 1,
    record: Annotated[Path | None, typer.Option(help="Also write every event to this new file.")] = None,
) -> None:
    """See it work: a simulated contact centre on a loopback socket and the service connected to it.

    The ports are 8080 (page, API, metrics) and 8081 (feed), or free ones where those are taken;
    OPERATOR_MONITOR_HTTP__PORT and OPERATOR_MONITOR_FEED__PORT choose others.
    """
    simulation = Simulation(SimulationConfig(agents=agents, queues=queues, speed=speed, seed=seed))

    async def start() -> Service:
        host, port = await simulation.start("127.0.0.1", 0)
        settings = _demo_settings(host, port, simulation)
        configure_logs(settings.log)
        service = Service(settings, record=record)
        await service.start()
        typer.secho(f"\n  {agents} simulated operators in {queues} queues are at work.\n", bold=True)
        typer.echo(f"  Wallboard  {service.web.url}/")
        typer.echo(f"  Feed       {service.feed.url}")
        typer.echo(f"  Metrics    {service.web.url}/metrics\n")
        typer.echo("  Ctrl+C ends it.\n")
        return service

    async def stop(service: Service | None) -> None:
        if service is not None:
            await service.stop()
        await simulation.stop()

    _run(start, stop)


@app.command()
def check(config: ConfigOption) -> None:
    """Validate the configuration, connect to every source and say what works and what is missing.

    Ends with 0 only if all is well.
    """
    settings = settings_of(config)
    configure_logs(settings.log)
    say(Finding(level="ok", subject="configuration", message=f"{config} is valid"))
    try:
        factories = installed_adapters()
        sources = [make_adapter(settings, source, factories) for source in settings.sources]
    except (ServiceError, SettingsError) as error:
        fail(str(error))

    async def check_all() -> bool:
        well = True
        async for finding in check_webhooks(settings.alerts.webhooks):
            say(finding)
            well = well and finding.level == "ok"
        for adapter in sources:
            typer.secho(f"\n{adapter.source}", bold=True)
            async for finding in findings(adapter):
                say(finding)
                well = well and finding.level in ("ok", "hint")
        return well

    well = uvloop.run(check_all())
    typer.echo()
    typer.echo("All is well." if well else "Not all is well: see ! and ✗ above.")
    raise typer.Exit(WELL if well else NOT_WELL)


@app.command()
def simulate(
    host: Annotated[str, typer.Option(help="Address to listen on; keep it to loopback.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="AMI port; 0 takes a free one.")] = 5038,
    agents: AgentsOption = 24,
    queues: QueuesOption = 4,
    speed: SpeedOption = 1.0,
    seed: SeedOption = 1,
) -> None:
    """Run the simulated PBX alone: it speaks AMI like an Asterisk 22 does."""
    simulation = Simulation(SimulationConfig(agents=agents, queues=queues, speed=speed, seed=seed))

    async def start() -> Simulation:
        bound_host, bound_port = await simulation.start(host, port)
        typer.echo(
            f"AMI on {bound_host}:{bound_port}, user {simulation.username}, secret {simulation.secret}"
        )
        return simulation

    async def stop(_: Simulation | None) -> None:
        await simulation.stop()

    _run(start, stop)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recording made with `run --record FILE`.")],
    until: Annotated[float | None, typer.Option(help="Stop at this unix time.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the whole state as JSON.")] = False,
) -> None:
    """Rebuild the state from a recording and print it."""
    try:
        picture, at = replay_recording(file, until)
    except RecordingError as error:
        fail(str(error))
    typer.echo(printable(state_as_json(picture, at) if json else state_as_text(picture, at)))


DEMO_RULES: list[dict[str, Any]] = [
    {
        "id": "nobody-free",
        "for_each": "queue",
        "when": "waiting > 0 and agents.available == 0",
        "for": "20s",
        "summary": {
            "en": "{name}: {waiting} waiting, nobody is free",
            "ru": "{name}: ждут: {waiting}, свободных нет",
        },
    },
    {
        "id": "long-wait",
        "for_each": "queue",
        "when": "longest_wait > 45s",
        "severity": "critical",
        "summary": {
            "en": "{name}: a caller waits for more than 45 s",
            "ru": "{name}: звонящий ждёт дольше 45 секунд",
        },
    },
    {
        "id": "long-lunch",
        "for_each": "agent",
        "when": 'reason == "lunch" and time_in_state > 30m',
        "severity": "info",
        "summary": {"en": "{name}: lunch for more than 30 min", "ru": "{name}: обед дольше 30 мин"},
    },
    {
        "id": "source-lost",
        "for_each": "source",
        "when": 'state != "up"',
        "for": "10s",
        "severity": "critical",
        "summary": {"en": "{id} is not connected", "ru": "{id}: нет связи"},
    },
]
"""What a supervisor of the demo wants to be told. docs/alerts.md has more."""


def _demo_settings(host: str, port: int, simulation: Simulation) -> Settings:
    settings = Settings.of(
        sources=[
            {
                "id": "demo",
                "adapter": "ami",
                "host": host,
                "port": port,
                "username": simulation.username,
                "secret": simulation.secret,
            }
        ],
        agents=[
            {
                "id": agent.number,
                "name": agent.name,
                "team": agent.spec.queues[0].capitalize(),
                "endpoints": [agent.endpoint],
            }
            for agent in simulation.agents
        ],
        alerts={"rules": DEMO_RULES},
        storage={"url": "memory://"},
        log={"level": "warning"},
    )
    for listener in (settings.http, settings.feed):
        if "port" not in listener.model_fields_set and not _free(listener.host, listener.port):
            listener.port = 0
    return settings


def _free(host: str, port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _run(start: Callable[[], Awaitable[T]], stop: Callable[[T | None], Awaitable[None]]) -> None:
    """Start, wait for SIGTERM or Ctrl+C, stop cleanly."""

    async def main() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        started: T | None = None
        try:
            started = await start()
            await ended.wait()
            logger.info("stopping")
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)  # a second Ctrl+C ends at once
            async with asyncio.timeout(STOP_SECONDS):
                await stop(started)
        logger.info("stopped")

    _raise_file_limit()
    try:
        uvloop.run(main())
    except (ServiceError, SettingsError, StorageError) as error:
        fail(str(error))
    except TimeoutError:  # an OSError, too: so it comes before that one
        fail(f"could not stop within {STOP_SECONDS:.0f} s", NOT_WELL)
    except OSError as error:
        fail(error.strerror or str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _raise_file_limit() -> None:
    """Ask for as many open files as the listeners may need, as far as the system grants them."""
    granted, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if granted != resource.RLIM_INFINITY and granted < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
