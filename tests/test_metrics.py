"""The metrics: exactly the promised names, identical to the library's rendering, in small steps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.engine.config import QueueConfig
from monitor.feed import FeedStats
from monitor.metrics import OPENMETRICS, TEXT, Families, IngestMetrics, negotiate, render
from monitor.metrics.text import SLICE, Format
from monitor.model import AGENT_STATES
from tests.helpers.centre import Centre

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
"""


def families(centre: Centre, ingest: IngestMetrics | None = None, **options: bool) -> Families:
    feed = FeedStats()
    feed.clients = 3
    return Families(
        centre.picture, ingest or IngestMetrics(), feed, now=centre.now, version="1.2.3", **options
    )


def text_of(families: Families, form: Format) -> str:
    return b"".join(render(families.all(), form)).decode()


def parsed(families: Families, form: Format = TEXT) -> dict[str, Metric]:
    parse = parse_text if form is TEXT else parse_openmetrics
    return {metric.name: metric for metric in parse(text_of(families, form))}


def value(families: Families, name: str, **labels: str) -> float:
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
    assert text_of(all_, form) == form.whole(all_).decode()


@FORMS
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_is_written_as_the_library_would(form: Format, name: str) -> None:
    all_ = families(Centre(names=[name]).up())
    assert text_of(all_, form) == form.whole(all_).decode()


@FORMS
def test_parsers_read_every_promised_metric_with_its_labels(busy: Centre, form: Format) -> None:
    ingest = IngestMetrics()
    ingest.received("pbx1", "CallerJoined", 0.003)
    ingest.skipped("pbx1", "no_colon")
    metrics = parsed(families(busy, ingest), form)
    for name, labels in re.findall(r"(callcenter_\w+)\{([\w,]*)\}", PROMISED):
        metric = metrics[name.removesuffix("_total")]
        for sample in metric.samples:
            assert set(sample.labels) - {"le"} == set(filter(None, labels.split(","))), sample
        assert metric.samples
    assert {"callcenter_alerts_firing", "callcenter_webhook_deliveries"} <= set(metrics)


def test_every_metric_is_documented_and_nothing_else_is() -> None:
    page = (Path(__file__).parents[1] / "docs/interfaces.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(callcenter_\w+)", page, re.MULTILINE))
    text = text_of(families(Centre().up()), TEXT)
    assert documented == set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


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
    assert value(all_, "callcenter_build_info", version="1.2.3") == 1
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


def test_no_caller_call_or_channel_becomes_a_label(busy: Centre) -> None:
    text = text_of(families(busy), TEXT)
    for secret in ("c1", "c3", "+7495", "PJSIP/"):
        assert secret not in text


def test_agent_series_can_be_switched_off(busy: Centre) -> None:
    assert "callcenter_agent_state" in text_of(families(busy), TEXT)
    assert "callcenter_agent_state" not in text_of(families(busy, agent_series=False), TEXT)


@FORMS
def test_no_piece_is_large_however_many_agents_there_are(form: Format) -> None:
    all_ = families(Centre(agents=5 * SLICE, queue_config=QueueConfig()).up())
    pieces = list(render(all_.all(), form))
    assert max(piece.count(b"\n") for piece in pieces) <= SLICE + 3
    assert b"".join(pieces) == form.whole(all_)


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
