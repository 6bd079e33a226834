"""The agents' states as numbers, as Prometheus computes them (promtool runs its engine on given samples)."""

import os
import shutil
import subprocess

import pytest
import yaml

from dashboards.grafana.source import promql


def filled(expression):
    for name, value in (
        *(
            ("$__range", "1h"),
            ("$source", "(pbx1|pbx2)"),
            ("$team", ".*"),
            ("${agent:doublequote}", '"pbx1/anna"'),
        ),
    ):
        expression = expression.replace(name, value)
    return expression


@pytest.mark.servers
def test_an_agent_has_one_state_at_every_instant_and_none_where_nothing_was_scraped(tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        missing = "promtool is not installed: it comes with Prometheus"
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail(missing)
        pytest.skip(missing)

    def series(metric, values, **labels):
        named = ",".join(
            f'{label}="{value}"' for label, value in {**labels, "job": "j", "instance": "i"}.items()
        )
        return {"series": f"{metric}{{{named}}}", "values": values}

    def state(agent, value, values):
        return series("callcenter_agent_state", values, agent=agent, state=value)

    def info(agent, values, **labels):
        return series("callcenter_agent_info", values, agent=agent, source=agent.split("/")[0], **labels)

    # Scraped every 5 s; a state that ended is marked as stale at the scrape that brings the next.
    given = [
        state("pbx1/anna", "available", "1 1 1 stale _ _ 1 stale"),
        state("pbx1/anna", "talking", "_ _ _ 1 1 1 stale"),
        state("pbx1/boris", "unknown", "1x20"),
        state("pbx3/clara", "paused", "1x20"),
        info("pbx1/anna", "1x6 stale", name="Anna", team="North"),
        info("pbx1/boris", "1x20", name="Boris"),
        info("pbx3/clara", "1x20", name="Clara"),
    ]
    code = promql.STATE_CODES
    seen = [
        *((0, code["available"]), (14, code["available"]), (15, code["talking"]), (29, code["talking"])),
        *((30, code["available"]), (35, promql.NO_STATE), (90, promql.NO_STATE)),
    ]
    expected = [
        {
            "expr": filled(promql.state_of_one()),
            "eval_time": f"{at}s",
            "exp_samples": [{"labels": "{}", "value": value}],
        }
        for at, value in seen
    ]
    expected += [
        {
            "expr": filled(promql.states_of_team(50)),
            "eval_time": f"{at}s",
            "exp_samples": [
                {"labels": '{agent="pbx1/anna"}', "value": value},
                {"labels": '{agent="pbx1/boris"}', "value": code["unknown"]},
            ],
        }
        for at, value in seen
    ]
    file = tmp_path / "states.yml"
    tests = [{"interval": "5s", "input_series": given, "promql_expr_test": expected}]
    file.write_text(yaml.safe_dump({"evaluation_interval": "5s", "tests": tests}), "utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
