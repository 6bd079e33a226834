"""The OpenAPI 3.1 document, made from the route table and the models that the handlers send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from monitor.web.problems import MEDIA_TYPE, Problem
from monitor.web.routes import IDS, JSON, Route

REFERENCE = "#/components/schemas/{name}"


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Return the document as plain values."""
    types = [type_ for route in routes for type_ in (route.returns, route.takes) if type_ is not None]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=REFERENCE)
    of_type = dict(zip(map(repr, types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, of_type.get(repr(route.returns)))
        if route.takes is not None:
            content = {JSON: {"schema": of_type[repr(route.takes)]}}
            operation["requestBody"] = {"required": True, "content": content}
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Operator Monitor",
            "version": version,
            "summary": "The live state of a call centre's operators and queues",
            "description": "Times are unix seconds, durations are seconds. A value that can't be said is null. "
            "Fields are only ever added: ignore those that you don't know.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(route: Route, schema: dict[str, Any] | None) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {
            "description": route.summary,
            "content": {route.media_type: {"schema": schema or {"type": "string"}}},
        }
    }
    for status in (*route.problems, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.INTERNAL_SERVER_ERROR):
        answers[str(int(status))] = _problem(HTTPStatus(status))
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": IDS[route.name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    operation: dict[str, Any] = {"operationId": route.name, "summary": route.summary, "responses": answers}
    return operation | ({"parameters": parameters} if parameters else {})


def _problem(status: HTTPStatus) -> dict[str, Any]:
    if status is HTTPStatus.NOT_MODIFIED:
        return {"description": status.phrase}
    schema = {"$ref": REFERENCE.format(name="Problem")}
    return {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
