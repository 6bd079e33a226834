"""The metrics: exactly the promised names, identical to the library's rendering, in small steps."""

from __future__ import annotations

import asyncio
import platform
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.engine.config import QueueConfig
from monitor.feed import FeedStats
from monitor.metrics import OPENMETRICS, TEXT, Families, IngestMetrics, LoopLag, negotiate, render
from monitor.metrics.reference import BEGIN, with_tables
from monitor.metrics.text import SLICE, Format
from monitor.model import AGENT_STATES
from tests.helpers.centre import START, Centre
from tests.helpers.publishing import no_alerts

FORMS = pytest.mark.parametrize("form", [TEXT, OPENMETRICS], ids=["text", "openmetrics"])

PROMISED = """
    callcenter_agents{queue,state}                        callcenter_agent_state{agent,state}
    callcenter_queue_waiting{queue}                       callcenter_queue_longest_wait_seconds{queue}
    callcenter_queue_calls_total{queue,outcome}           callcenter_queue_answered_in_threshold_total{queue}
    callcenter_queue_wait_seconds{queue} histogram        callcenter_queue_abandon_wait_seconds{queue} histogram
    callcenter_talk_seconds{queue} histogram              callcenter_wrap_up_seconds{queue} histogram
    callcenter_source_up{source}                          callcenter_source_events_total{source,event}
    callcenter_source_last_event_timestamp_seconds{source}  callcenter_event_lag_seconds{source} histogram
    callcenter_corrections_total{source,kind}             callcenter_feed_clients{}  callcenter_feed_dropped_total{reason}
    callcenter_build_info{version,python}                 callcenter_event_loop_lag_seconds{} histogram
    callcenter_queue_info{queue,source,name,formula}      callcenter_agent_info{agent,source,name,team}
    callcenter_team_agents{source,team,state}             callcenter_agent_calls_total{agent,kind}
    callcenter_queue_agent_seconds_total{queue,state}     callcenter_queue_accepted_ringing_seconds_total{queue}
    callcenter_queue_service_level_met_total{queue}       callcenter_queue_service_level_of_total{queue}
"""


def families(centre: Centre, ingest: IngestMetrics | None = None, **options: bool) -> Families:
    feed = FeedStats()
    feed.clients = 3
    return Families(
        centre.picture,
        ingest or IngestMetrics(),
        feed,
        LoopLag(),
        no_alerts(centre.picture, centre.now),
        now=centre.now,
        version="1.2.3",
        **options,
    )


def text_of(families: Families, form: Format) -> str:
    return b"".join(render(families.all(), form)).decode()


def of_the_live_state(text: str) -> str:
    """The lines but those of the process, which change while they are read."""
    return "\n".join(line for line in text.splitlines() if not re.match(r"(# \w+ )?(process|python)_", line))


def parsed(families: Families, form: Format = TEXT) -> dict[str, Metric]:
    parse = parse_text if form is TEXT else parse_openmetrics
    return {metric.name: metric for metric in parse(text_of(families, form))}


def value(families: Families, name: str, /, **labels: str) -> float:
    found = [
        sample.value
        for metric in families.collect()
        for sample in metric.samples
        if (sample.name, sample.labels) == (name, labels)
    ]
    assert len(found) == 1, f"{name}{labels}: {found}"
    return found[0]


@pytest.fixture
def busy() -> Centre:
    centre = Centre(
        agents=9, sources=("pbx1", "pbx2"), names=['q"uote', "back\\slash", "Жанна", *map(str, range(6))]
    )
    centre.all_up().talks("c1", 0).joins("c2").leaves("c2").joins("c3").passes(30)
    return centre.hangs_up("c1", 0)


@FORMS
def test_the_slices_are_what_the_library_would_write(busy: Centre, form: Format) -> None:
    all_ = families(busy, IngestMetrics())
    written, librarys = text_of(all_, form), form.whole(all_).decode()
    assert of_the_live_state(written) == of_the_live_state(librarys)
    assert re.findall("^#.*", written, re.MULTILINE) == re.findall("^#.*", librarys, re.MULTILINE)


@FORMS
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_is_written_as_the_library_would(form: Format, name: str) -> None:
    all_ = families(Centre(names=[name]).up())
    assert of_the_live_state(text_of(all_, form)) == of_the_live_state(form.whole(all_).decode())


@FORMS
def test_parsers_read_every_promised_metric_with_its_labels(busy: Centre, form: Format) -> None:
    ingest = IngestMetrics()
    ingest.received("pbx1", "CallerJoined", 0.003)
    ingest.skipped("pbx1", "no_colon")
    metrics = parsed(families(busy, ingest), form)
    for name, labels in re.findall(r"(callcenter_\w+)\{([\w,]*)\}", PROMISED):
        metric = metrics.get(name) or metrics[re.sub("_(total|info)$", "", name)]
        for sample in metric.samples:
            assert set(sample.labels) - {"le"} == set(filter(None, labels.split(","))), sample
        assert metric.samples
    assert {"callcenter_alerts_firing", "callcenter_webhook_deliveries"} <= set(metrics)


def test_every_metric_is_documented_and_nothing_else_is() -> None:
    page = (Path(__file__).parents[1] / "docs/metrics.md").read_text(encoding="utf-8")
    assert page == with_tables(page), "write the tables anew with: make docs"
    documented = set(re.findall(r"^\| `(\w+)", page.partition(BEGIN)[2], re.MULTILINE))
    text = text_of(families(Centre().up()), TEXT)
    assert documented == set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


def test_every_metric_of_ours_has_an_example_that_asks_it() -> None:
    for family in families(Centre()).all():
        if family.name.startswith("callcenter_"):
            assert re.search(rf"\b{family.series}(_bucket|_sum|_count)?\b", family.example), family.name


def test_labels_are_those_that_are_documented(busy: Centre) -> None:
    for family in families(busy).all():
        for _, labels, _ in family.samples():
            names = [name for name, _ in labels]
            assert names == sorted(names), family.name
            assert set(names) - {"le"} == set(family.labels), family.name


def test_everything_known_counts_from_zero_before_the_first_event() -> None:
    all_ = families(Centre().up())
    assert value(all_, "callcenter_queue_calls_total", queue="pbx1/sales", outcome="abandoned") == 0
    assert value(all_, "callcenter_source_events_total", source="pbx1", event="LegHeld") == 0
    assert value(all_, "callcenter_event_lag_seconds_count", source="pbx1") == 0
    assert value(all_, "callcenter_corrections_total", source="pbx1", kind="member_missing") == 0
    assert value(all_, "callcenter_queue_wait_seconds_bucket", queue="pbx1/support", le="+Inf") == 0
    assert value(all_, "callcenter_feed_dropped_total", reason="bad_request") == 0


def test_values_are_those_of_the_live_state(busy: Centre) -> None:
    all_ = families(busy)
    states = {
        state: value(all_, "callcenter_agents", queue="pbx1/sales", state=state) for state in AGENT_STATES
    }
    assert {state: count for state, count in states.items() if count} == {"available": 4, "wrap_up": 1}
    assert value(all_, "callcenter_agent_state", agent='pbx1/q"uote', state="wrap_up") == 1
    assert value(all_, "callcenter_queue_waiting", queue="pbx1/sales") == 1
    assert value(all_, "callcenter_queue_longest_wait_seconds", queue="pbx1/sales") == pytest.approx(
        30, abs=0.2
    )
    assert value(all_, "callcenter_queue_longest_wait_seconds", queue="pbx1/support") == 0
    assert value(all_, "callcenter_queue_calls_total", queue="pbx1/sales", outcome="answered") == 1
    assert value(all_, "callcenter_queue_calls_total", queue="pbx1/sales", outcome="abandoned") == 1
    assert value(all_, "callcenter_queue_short_abandoned_total", queue="pbx1/sales") == 1
    assert value(all_, "callcenter_queue_answered_in_threshold_total", queue="pbx1/sales") == 1
    assert value(all_, "callcenter_talk_seconds_sum", queue="pbx1/sales") == pytest.approx(30, abs=0.2)
    assert value(all_, "callcenter_talk_seconds_bucket", queue="pbx1/sales", le="20.0") == 0
    assert value(all_, "callcenter_talk_seconds_bucket", queue="pbx1/sales", le="60.0") == 1
    assert value(all_, "callcenter_source_up", source="pbx2") == 1
    assert value(all_, "callcenter_build_info", version="1.2.3", python=platform.python_version()) == 1
    assert value(all_, "callcenter_feed_clients") == 3


def test_a_lost_source_is_not_up_and_its_agents_are_unknown(busy: Centre) -> None:
    all_ = families(busy.lost("pbx2"))
    assert value(all_, "callcenter_source_up", source="pbx2") == 0
    assert value(all_, "callcenter_agents", queue="pbx2/sales", state="unknown") == 5
    assert value(all_, "callcenter_agent_state", agent="pbx2/1", state="unknown") == 1


def test_what_came_in_is_counted_by_source_and_event() -> None:
    ingest = IngestMetrics()
    for lag in (0.0004, 0.02, -3.0, 100.0):
        ingest.received("pbx1", "CallerJoined", lag)
    ingest.skipped("pbx1", "no_colon")
    all_ = families(Centre().up(), ingest)
    assert value(all_, "callcenter_source_events_total", source="pbx1", event="CallerJoined") == 4
    assert value(all_, "callcenter_source_skipped_total", source="pbx1", kind="no_colon") == 1
    assert value(all_, "callcenter_event_lag_seconds_bucket", source="pbx1", le="0.001") == 2
    assert value(all_, "callcenter_event_lag_seconds_bucket", source="pbx1", le="30.0") == 3
    assert value(all_, "callcenter_event_lag_seconds_count", source="pbx1") == 4


def test_a_log_that_can_not_be_written_is_told() -> None:
    ingest = IngestMetrics()
    all_ = families(Centre(sources=("pbx1", "pbx2")).all_up(), ingest)
    ingest.log_writable("pbx2", writable=False)
    assert value(all_, "callcenter_source_log_writable", source="pbx1") == 1
    assert value(all_, "callcenter_source_log_writable", source="pbx2") == 0
    ingest.log_writable("pbx2", writable=True)
    assert value(all_, "callcenter_source_log_writable", source="pbx2") == 1


def test_handle_time_can_be_computed(busy: Centre) -> None:
    """Every completed call is in all of its parts, those without hold, too."""
    all_ = families(busy)
    assert value(all_, "callcenter_hold_seconds_count", queue="pbx1/sales") == 1
    assert value(all_, "callcenter_talk_seconds_count", queue="pbx1/sales") == 1
    assert value(all_, "callcenter_hold_seconds_bucket", queue="pbx1/sales", le="0.0") == 1


def test_no_caller_call_or_channel_becomes_a_label(busy: Centre) -> None:
    text = text_of(families(busy), TEXT)
    for secret in ("c1", "c3", "+7495", "PJSIP/"):
        assert secret not in text


def test_the_service_level_is_counted_by_the_formula_that_held(busy: Centre) -> None:
    def level(centre: Centre) -> tuple[float, float]:
        met, of = (f"callcenter_queue_service_level_{part}_total" for part in ("met", "of"))
        return tuple(value(families(centre), name, queue="pbx1/sales") for name in (met, of))

    assert level(busy) == (1, 1), "the short abandon counts in neither"
    everything = Centre(agents=9, queue_config=QueueConfig(formula="offered"))
    everything.up().talks("c1", 0).joins("c2").leaves("c2")
    assert level(everything) == (1, 2)


def test_figures_of_the_day_are_those_of_the_wallboard(busy: Centre) -> None:
    all_, today = families(busy), busy.picture.queue_view("pbx1/sales", busy.at).today
    for outcome in ("answered", "abandoned", "timed_out", "left", "unknown"):
        shown = value(all_, "callcenter_queue_today_calls", queue="pbx1/sales", outcome=outcome)
        assert shown == getattr(today, outcome)
    for part in ("met", "of"):
        shown = value(all_, f"callcenter_queue_today_service_level_{part}", queue="pbx1/sales")
        assert shown == getattr(today.service_level, part)
    assert (today.answered, today.abandoned, today.service_level.of) == (1, 1, 1)


def test_a_queue_without_a_target_has_none() -> None:
    text = text_of(families(Centre(queue_config=QueueConfig(target=None)).up()), TEXT)
    assert "callcenter_queue_service_level_target{" not in text
    assert 'callcenter_queue_service_level_threshold_seconds{queue="pbx1/sales"} 20.0' in text


def test_the_time_of_a_queues_members_adds_up(busy: Centre) -> None:
    all_ = families(busy)
    for name in ("callcenter_queue_agent_seconds_total", "callcenter_queue_today_agent_seconds"):
        spent = {state: value(all_, name, queue="pbx1/sales", state=state) for state in AGENT_STATES}
        assert spent["talking"] == pytest.approx(30, abs=0.2)
        assert spent["available"] == pytest.approx(4 * 30, abs=1)
        assert sum(spent.values()) == pytest.approx(5 * (busy.at - START), abs=0.2)


def test_agents_are_counted_once_by_team() -> None:
    centre = Centre(agents=4, teams={"a0": "North", "a1": "North"}).up().sign_on(0, "support").pause(1)
    all_ = families(centre)

    def count(team: str, state: str) -> float:
        return value(all_, "callcenter_team_agents", source="pbx1", team=team, state=state)

    assert (count("North", "available"), count("North", "paused"), count("", "available")) == (1, 1, 2)
    assert value(all_, "callcenter_agent_info", agent="pbx1/a0", name="a0", source="pbx1", team="North") == 1


def test_calls_of_an_agent_are_counted_by_kind(busy: Centre) -> None:
    def count(kind: str) -> float:
        return value(families(busy), "callcenter_agent_calls_total", agent='pbx1/q"uote', kind=kind)

    assert {kind: count(kind) for kind in ("answered", "missed", "outbound", "direct")} == {
        "answered": 1,
        "missed": 0,
        "outbound": 0,
        "direct": 0,
    }


COUNTED = (
    r"callcenter_(queue_(calls|answered|short|service_level_(met|of)|agent_seconds|accepted)\w*_total"
    r"|(queue_wait|queue_abandon_wait|talk|hold|wrap_up)_seconds_\w+|agent_calls_total|corrections_total)\{.*"
)


def test_what_was_counted_survives_a_restart(busy: Centre) -> None:
    before = families(busy)
    again = Centre(agents=9, sources=("pbx1", "pbx2"))
    again.at = busy.at
    for source, engine in busy.engines.items():
        saved = {name: data for name, data in engine.dump().items() if data is not None}
        again.engines[source].restore(saved)
    counted = [line for line in text_of(before, TEXT).splitlines() if re.match(COUNTED, line)]
    assert len(counted) > 300
    assert any(not line.endswith(" 0.0") for line in counted)
    assert counted == [
        line for line in text_of(families(again), TEXT).splitlines() if re.match(COUNTED, line)
    ]


async def test_a_stall_of_the_event_loop_is_seen() -> None:
    lag = LoopLag()
    watching = asyncio.create_task(lag.run())
    async with asyncio.timeout(20):
        while not lag.histogram.count:
            await asyncio.sleep(0.01)
        time.sleep(0.5)  # noqa: ASYNC251 - the stall
        while dict(lag.histogram.cumulative())[0.25] == lag.histogram.count:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert lag.histogram.sum >= 0.3


def test_agent_series_can_be_switched_off(busy: Centre) -> None:
    assert "callcenter_agent_state" in text_of(families(busy), TEXT)
    without = text_of(families(busy, agent_series=False), TEXT)
    assert "agent=" not in without
    assert "callcenter_team_agents{" in without


@FORMS
def test_no_piece_is_large_however_many_agents_there_are(form: Format) -> None:
    all_ = families(Centre(agents=5 * SLICE, queue_config=QueueConfig()).up())
    pieces = list(render(all_.all(), form))
    assert max(piece.count(b"\n") for piece in pieces) <= 4 * SLICE + 3, "an agent has four lines of calls"
    whole = b"".join(pieces).decode()
    assert of_the_live_state(whole) == of_the_live_state(form.whole(all_).decode())


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/html,application/xhtml+xml;q=0.9", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        (  # what Prometheus 3 sends
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3",
            OPENMETRICS,
        ),
        (";;,=", TEXT),
    ],
)
def test_the_form_is_negotiated(accept: str | None, form: Format) -> None:
    assert negotiate(accept) is form


@pytest.mark.parametrize(
    "accept",
    ["application/openmetrics-text; version=x", "text/plain; version=a.b.c; escaping=values"],
)
def test_a_version_that_is_no_number_gets_plain_text(accept: str) -> None:
    assert negotiate(accept) is TEXT
