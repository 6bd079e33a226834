"""The Grafana dashboards as files: as their source writes them, whole in both languages, in the product's terms."""

import re
from typing import get_args

import pytest
import yaml

from dashboards.grafana.source import __main__ as command
from dashboards.grafana.source import palette, words
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.words import Language, Text
from monitor import events
from monitor.model import AGENT_STATES
from tests.dashboards.grafana_files import (
    GRAFANA,
    ROOT,
    board,
    data_links,
    each_dashboard,
    panels,
    targets,
    texts,
    variables,
)

CYRILLIC = re.compile("[\u0400-\u04ff]")


def test_the_files_are_as_the_source_writes_them():
    assert command.drifted() == []


def test_a_file_that_drifted_is_named_and_fails_the_check(tmp_path, capsys):
    for path, text in command.rendered().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    assert command.drifted(tmp_path) == []
    (tmp_path / "en/queue.json").write_text("{}\n", "utf-8")
    (tmp_path / "ru/agent.json").unlink()
    (tmp_path / "ru/stray.json").write_text("{}\n", "utf-8")
    assert command.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err
    assert [name in told for name in ("en/queue.json", "ru/agent.json", "ru/stray.json")] == [True] * 3
    assert "overview" not in told
    assert command.main([], tmp_path) == 0
    (tmp_path / "ru/stray.json").unlink()
    assert command.main(["--check"], tmp_path) == 0


def test_writing_twice_gives_the_same_text():
    assert command.rendered() == command.rendered()


def test_an_unknown_argument_is_refused():
    assert command.main(["--chekc"]) == 2


def skeleton(value):
    """What must be the same in both languages: everything but words, and uids."""
    if isinstance(value, dict):
        spoken = {
            "title",
            "description",
            "text",
            "legendFormat",
            "noValue",
            "label",
            "tooltip",
            "url",
            "displayName",
        }
        return {key: skeleton(inner) for key, inner in value.items() if key not in spoken}
    if isinstance(value, list):
        if value and isinstance(value[0], str) and "operator-monitor" in value:
            return "tags"
        return [skeleton(inner) for inner in value]
    return value


@pytest.mark.parametrize("name", Name)
def test_both_languages_have_the_same_panels_queries_and_layout(name):
    english, russian = ({**board(name, language), "uid": ""} for language in Language)
    for both in (english, russian):
        for panel in panels(both):
            for override in panel["fieldConfig"]["overrides"]:
                for property_ in override["properties"]:
                    if property_["id"] == "displayName":
                        property_["value"] = ""
    assert skeleton(english) == skeleton(russian)
    assert [t["expr"] for t in targets(english)] == [t["expr"] for t in targets(russian)]


@pytest.mark.parametrize("name", Name)
def test_nothing_russian_is_on_an_english_dashboard(name):
    assert [found for found in texts(board(name, Language.EN)) if CYRILLIC.search(found[1])] == []


@pytest.mark.parametrize("name", Name)
def test_every_title_description_and_label_of_a_russian_dashboard_is_russian(name):
    dashboard = board(name, Language.RU)
    spoken = [dashboard["title"], dashboard["description"]]
    for panel in dashboard["panels"]:
        spoken += [panel["title"], *([panel["description"]] if panel["type"] != "row" else [])]
    spoken += [variable["label"] for variable in variables(dashboard).values()]
    spoken += [link["title"] for panel in panels(dashboard) for link in data_links(panel)]
    spoken += [link["title"] for link in dashboard["links"] if link["title"] != "EN"]
    for panel in panels(dashboard):
        for path, text in texts(panel):
            if path.endswith(("/text", "/noValue")) and text != words.NOTHING.ru:
                spoken.append(text)
        for override in panel["fieldConfig"]["overrides"]:
            spoken += [p["value"] for p in override["properties"] if p["id"] == "displayName"]
    assert [text for text in spoken if not CYRILLIC.search(text)] == []


@pytest.mark.parametrize("name", Name)
def test_legends_are_translated_unless_they_are_labels_or_numbers(name):
    english, russian = (
        [t["legendFormat"] for t in targets(board(name, language)) if t["format"] != "table"]
        for language in Language
    )
    same = {one for one, other in zip(english, russian, strict=True) if one == other}
    for legend in same:
        bare = re.sub(r"\{\{\w+\}\}|\$agent|Python|Prometheus|[\d %,]", "", legend)
        assert bare == "", f"{legend!r} is the same in both languages"


def test_no_text_is_empty():
    tables = [value for value in vars(words).values() if isinstance(value, dict)]
    found = [value for value in vars(words).values() if isinstance(value, Text)]
    found += [text for table in tables for text in table.values() if isinstance(text, Text)]
    assert len(found) > 50
    assert all(text.en.strip() and text.ru.strip() for text in found)


def test_states_and_outcomes_are_those_of_the_product_in_its_order():
    assert tuple(words.STATES) == AGENT_STATES
    assert tuple(palette.STATES) == AGENT_STATES
    assert set(words.OUTCOMES) == set(get_args(events.LeftOutcome)) == set(palette.OUTCOMES)


def test_colours_of_states_are_those_of_the_wallboard():
    css = (ROOT / "dashboards/wallboard/src/style/tokens.css").read_text("utf-8")
    found = dict(re.findall(r'\[data-state="(\w+)"\] \{\s*--state: (#\w+);', css))
    assert found == palette.STATES


@pytest.mark.parametrize("language", Language)
def test_words_for_states_are_those_of_the_wallboard(language):
    source = (ROOT / f"dashboards/wallboard/src/i18n/{language}.ts").read_text("utf-8")
    block = re.search(r"\n  state: \{(.*?)\n  \},", source, re.DOTALL)
    assert block
    found = dict(re.findall(r'(\w+): "([^"]+)"', block[1]))
    assert found == {state: text.in_(language) for state, text in words.STATES.items()}


def test_every_alert_rule_has_words():
    rules = yaml.safe_load((ROOT / "dashboards/prometheus/alerts.yml").read_text("utf-8"))
    named = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert named - {"Watchdog"} == set(words.ALERTS), "the watchdog always fires and is shown nowhere"


@each_dashboard
def test_provisioned_data_source_is_the_one_that_dashboards_begin_with(dashboard):
    file = GRAFANA / "provisioning/datasources/prometheus.yaml"
    (source,) = yaml.safe_load(file.read_text("utf-8"))["datasources"]
    assert (source["uid"], source["type"], source["url"]) == ("prometheus", "prometheus", "$PROMETHEUS_URL")
    assert source["jsonData"]["timeInterval"] == "5s"
    current = variables(dashboard)["datasource"]["current"]
    assert current == {"text": source["name"], "value": source["uid"]}


def test_provisioned_folders_are_one_per_language():
    file = GRAFANA / "provisioning/dashboards/operator-monitor.yaml"
    providers = yaml.safe_load(file.read_text("utf-8"))["providers"]
    paths = {provider["options"]["path"] for provider in providers}
    assert paths == {f"/var/lib/grafana/dashboards/{language}" for language in Language}
    assert len({provider["folderUid"] for provider in providers}) == len(providers)
