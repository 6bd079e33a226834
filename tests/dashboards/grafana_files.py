"""What the tests read of the Grafana dashboards' JSON."""

import json
from pathlib import Path

import pytest

from dashboards.grafana.source.links import Name
from dashboards.grafana.source.words import Language

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "dashboards/grafana"

BOARDS = [(name, language) for name in Name for language in Language]


def board(name, language):
    return json.loads((GRAFANA / language / f"{name}.json").read_text("utf-8"))


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard):
    return [target for panel in panels(dashboard) for target in panel["targets"]]


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def texts(value, path=""):
    """Every string of a JSON value, with the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, f"{path}/{index}")
    elif isinstance(value, str):
        yield path, value


def data_links(panel):
    config = panel["fieldConfig"]
    for override in config["overrides"]:
        for property_ in override["properties"]:
            if property_["id"] == "links":
                yield from property_["value"]
    yield from config["defaults"].get("links", [])


each_dashboard = pytest.mark.parametrize(
    "dashboard", [pytest.param(board(*which), id="-".join(which)) for which in BOARDS]
)
