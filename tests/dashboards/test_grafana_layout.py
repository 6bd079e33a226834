"""The Grafana dashboards: panels, their units and texts, menus and links."""

import json
import re

from dashboards.grafana.source import links
from dashboards.grafana.source.links import Name
from tests.dashboards.grafana_files import (
    BOARDS,
    board,
    data_links,
    each_dashboard,
    panels,
    targets,
    texts,
    variables,
)

VARIABLE = re.compile(r"\$(?:\{(\w+)(?:[.:\[][^}]*)?\}|(\w+))")


@each_dashboard
def test_panels_fit_the_page_and_do_not_overlap(dashboard):
    taken = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= 24 - place["w"], panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]


@each_dashboard
def test_rows_are_filled_to_the_edge(dashboard):
    """A gap looks like a panel that is missing."""
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        taken |= {(x, place["y"]) for x in range(place["x"], place["x"] + place["w"])}
    for y in {y for _, y in taken}:
        assert {x for x, at in taken if at == y} == set(range(24)), y


@each_dashboard
def test_ids_and_names_of_queries_are_unique(dashboard):
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels(dashboard):
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names), panel["title"]


@each_dashboard
def test_every_panel_says_which_question_it_answers(dashboard):
    for panel in panels(dashboard):
        assert "?" in panel["description"], panel["title"]
        assert len(panel["description"]) > 60, panel["title"]


@each_dashboard
def test_every_panel_has_a_unit_and_a_text_for_no_data(dashboard):
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"], panel["title"]
        assert defaults["noValue"], panel["title"]


@each_dashboard
def test_shares_are_percentages_and_seconds_are_seconds(dashboard):
    for panel in panels(dashboard):
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            if panel["type"] == "table":
                continue
            if ":ratio_" in target["expr"]:
                assert unit == "percentunit", panel["title"]
            if "longest_wait_seconds" in target["expr"] or "histogram_quantile" in target["expr"]:
                assert unit == "s", panel["title"]


@each_dashboard
def test_a_state_is_always_a_word_beside_its_colour(dashboard):
    for panel in panels(dashboard):
        for mapping in panel["fieldConfig"]["defaults"].get("mappings", []):
            for result in mapping["options"].values():
                assert result["text"], panel["title"]
        if panel["type"] == "state-timeline":
            (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
            assert set(mapping["options"]) == {str(code) for code in range(10)}


@each_dashboard
def test_thresholds_rise(dashboard):
    def steps(value):
        if isinstance(value, dict):
            if "steps" in value and isinstance(value["steps"], list):
                yield value["steps"]
            for inner in value.values():
                yield from steps(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from steps(inner)

    for found in steps(dashboard["panels"]):
        assert found[0]["value"] is None
        values = [step["value"] for step in found[1:]]
        assert values == sorted(values)


@each_dashboard
def test_labels_in_tables_are_texts(dashboard):
    """A queue called 1001 would else be shown as 1.00 K."""
    for panel in panels(dashboard):
        for override in panel["fieldConfig"]["overrides"] if panel["type"] == "table" else []:
            if not override["matcher"]["options"].startswith("Value"):
                assert {"id": "unit", "value": "string"} in override["properties"], panel["title"]


@each_dashboard
def test_columns_of_tables_exist(dashboard):
    """Sorting and columns name what the queries bring."""
    for panel in panels(dashboard):
        if panel["type"] != "table":
            continue
        labels = {
            label
            for target in panel["targets"]
            for group in re.findall(r"by \(([^)]*)\)", target["expr"])
            for label in group.split(", ")
        }
        single = len(panel["targets"]) == 1  # then Grafana calls the value so
        fields = labels | ({"Value"} if single else {f"Value #{t['refId']}" for t in panel["targets"]})
        overrides = panel["fieldConfig"]["overrides"]
        shown = [override["matcher"]["options"] for override in overrides]
        assert set(shown) <= fields, panel["title"]
        titles = {p["value"] for o in overrides for p in o["properties"] if p["id"] == "displayName"}
        assert {sort["displayName"] for sort in panel["options"]["sortBy"]} <= titles, panel["title"]
        (order,) = [t["options"] for t in panel["transformations"] if t["id"] == "organize"]
        assert set(order["indexByName"]) == set(shown)
        assert fields <= set(shown) | set(order["excludeByName"]), panel["title"]


@each_dashboard
def test_every_variable_used_is_defined_and_every_defined_one_is_used(dashboard):
    defined = set(variables(dashboard))
    text = json.dumps({**dashboard, "links": []}, ensure_ascii=False)
    used = {one or other for one, other in VARIABLE.findall(text)}
    used = {name for name in used if not name.startswith("__")}
    assert used == defined


@each_dashboard
def test_a_variable_of_several_values_is_matched_as_one(dashboard):
    """`=` with a list of values would match nothing."""
    found = variables(dashboard)
    for target in targets(dashboard):
        for operator, name in re.findall(r'(=~|=)"\$(\w+)"', target["expr"]):
            assert (operator == "=~") == found[name]["multi"], target["expr"]


@each_dashboard
def test_a_menu_depends_only_on_earlier_ones(dashboard):
    before = {"datasource"}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            query = variable["query"]["query"]
            assert re.fullmatch(rf"label_values\(.+, {variable['name']}\)", query)
            assert {one or other for one, other in VARIABLE.findall(query)} <= before
            assert variable["datasource"]["uid"] == "${datasource}"
            before.add(variable["name"])


@each_dashboard
def test_the_only_data_source_is_the_chosen_one(dashboard):
    found = [text for path, text in texts(dashboard) if path.endswith("datasource/uid")]
    assert set(found) == {"${datasource}"}
    assert len(found) > len(panels(dashboard))


@each_dashboard
def test_links_lead_to_dashboards_and_variables_that_exist(dashboard):
    known = {f"/d/{links.uid(name, language)}": board(name, language) for name, language in BOARDS}
    language = dashboard["uid"].rsplit("-", 1)[1]
    for link in dashboard["links"]:
        address, _, query = link["url"].partition("?")
        assert address in known
        assert link["keepTime"]
        passed = set(re.findall(r"\$\{(\w+):queryparam\}", query))
        assert passed <= set(variables(dashboard)) & set(variables(known[address])), link["url"]
        # The same dashboard in the other language has the same menus.
        same = address.rsplit("-", 1)[0] == f"/d/{dashboard['uid']}".rsplit("-", 1)[0]
        assert link["includeVars"] == same
        assert bool(passed) != same
    others = {link["url"].partition("?")[0] for link in dashboard["links"]}
    assert len(others) == len(Name)
    assert f"/d/{dashboard['uid']}" not in others
    for panel in panels(dashboard):
        for link in data_links(panel):
            address, query = link["url"].split("?")
            assert address in known
            assert address.endswith(f"-{language}"), "a click does not change the language"
            there = set(variables(known[address]))
            named = set(re.findall(r"var-(\w+)=", query)) | set(re.findall(r"\$\{(\w+):queryparam\}", query))
            assert named <= there, link["url"]
            assert query.endswith("${__url_time_range}")


@each_dashboard
def test_a_choice_of_several_is_never_passed_to_a_menu_of_one(dashboard):
    """Grafana keeps what the address says: the panels would be empty."""
    here = variables(dashboard)
    for link in [*dashboard["links"], *(link for panel in panels(dashboard) for link in data_links(panel))]:
        uid = re.match(r"/d/operator-monitor-(\w+)-(\w+)", link["url"])
        there = variables(board(uid[1], uid[2]))
        passed = here if link.get("includeVars") else re.findall(r"\$\{(\w+):queryparam\}", link["url"])
        assert all(here[name]["multi"] == there[name]["multi"] for name in passed), link["url"]


@each_dashboard
def test_a_click_names_what_the_query_brings(dashboard):
    for panel in panels(dashboard):
        for link in data_links(panel):
            label = re.search(r"__(?:data\.fields|field\.labels)\.(\w+):percentencode", link["url"])
            assert label, link["url"]
            groups = [
                set(re.findall(r"\w+", g))
                for t in panel["targets"]
                for g in re.findall(r"by \(([^)]*)\)", t["expr"])
            ]
            assert any(label[1] in group for group in groups), panel["title"]


@each_dashboard
def test_the_dashboard_itself(dashboard):
    language = dashboard["tags"][1]
    assert dashboard["tags"] == ["operator-monitor", language]
    assert re.fullmatch(r"operator-monitor-[a-z]+-(en|ru)", dashboard["uid"])
    assert len(dashboard["uid"]) <= 40, "Grafana takes no longer uid"
    assert dashboard["timezone"] == "browser"
    assert dashboard["graphTooltip"] == 1
    assert dashboard["refresh"] in {"5s", "10s"}
    assert dashboard["schemaVersion"] >= 39
    assert "id" not in dashboard, "the id is Grafana's own"
