"""The OpenAPI document describes what is really sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from monitor.model import Agent, AgentState, Model
from monitor.web.openapi import document
from monitor.web.routes import ROUTES

DOCUMENT = msgspec.json.decode(msgspec.json.encode(document(ROUTES, "1.2.3")))
SCHEMAS = DOCUMENT["components"]["schemas"]


OPERATIONS = [
    (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_it_is_openapi_3_1_with_what_that_demands() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT["info"]["version"] == "1.2.3"
    identifiers = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(identifiers) == len(set(identifiers)) == len(ROUTES)
    for path, _, operation in OPERATIONS:
        assert path.startswith("/")
        named = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert named == set(re.findall(r"{(\w+)}", path))
        assert all(
            parameter["required"] and parameter["in"] == "path"
            for parameter in operation.get("parameters", [])
        )
        assert "200" in operation["responses"]
        assert all(response["description"] for response in operation["responses"].values())


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert "#/components/schemas/Agent" in found
    assert {name.removeprefix("#/components/schemas/") for name in found} <= set(SCHEMAS)


def test_the_schema_of_an_agent_is_that_of_the_model() -> None:
    agent = SCHEMAS["Agent"]
    assert set(agent["properties"]) == {field.name for field in msgspec.structs.fields(Agent)}
    assert set(agent["properties"]["state"]["enum"]) == set(get_args(AgentState))
    assert "null" in str(agent["properties"]["team"])


def test_every_public_model_is_described() -> None:
    described = {model.__name__ for model in Model.__subclasses__()}
    assert described <= set(SCHEMAS)


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path, method, _ in OPERATIONS if path.startswith("/api/v1/")]
)
def test_json_answers_have_a_schema_and_problems_are_problem_details(path: str, method: str) -> None:
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert responses["200"]["content"]["application/json"]["schema"]
    assert responses["500"]["content"]["application/problem+json"]["schema"] == {
        "$ref": "#/components/schemas/Problem"
    }


def test_what_changes_something_says_what_it_takes() -> None:
    for path, method, operation in OPERATIONS:
        assert ("requestBody" in operation) == (method == "post"), path
    silence = DOCUMENT["paths"]["/api/v1/silences"]["post"]["requestBody"]["content"]["application/json"]
    assert silence["schema"] == {"$ref": "#/components/schemas/NewSilence"}
    assert SCHEMAS["NewSilence"]["required"] == ["matchers", "by", "until"]


def test_the_document_of_the_lists_names_their_items() -> None:
    schema = DOCUMENT["paths"]["/api/v1/agents"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert schema == {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}}
