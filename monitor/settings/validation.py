"""From a document to a checked model; every mistake is told at once, in people's words and with its place."""

from __future__ import annotations

from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from monitor.settings.checks import cross_checks
from monitor.settings.document import Document
from monitor.settings.errors import KeyPath, Problem, SettingsError
from monitor.settings.secrets import shown

M = TypeVar("M", bound=BaseModel)

LATER: dict[KeyPath, str] = {
    (
        "access",
    ): "access tokens come with a later version: take this section out and keep to loopback addresses",
}
"""Keys that are promised but not there yet: taking them silently would promise too much."""

NO_SOURCES = (
    "name at least one source, the PBX to watch: "
    "`sources: [{id: pbx1, adapter: ami, host: 127.0.0.1, username: monitor, secret_file: /run/secrets/ami}]` "
    "(`operator-monitor demo` needs no configuration)"
)

# By pydantic's error type (https://docs.pydantic.dev/latest/errors/validation_errors/); `{}` are its context's keys.
EXPECTED = {
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "string_type": "expected text (in quotes if it looks like something else)",
    "string_too_short": "expected text that is not empty",
    "string_too_long": "expected at most {max_length} characters",
    "list_type": "expected a list (`- …` lines or [ … ])",
    "dict_type": "expected a mapping (`key: value`)",
    "model_type": "expected a mapping (`key: value`)",
    "model_attributes_type": "expected a mapping (`key: value`)",
    "literal_error": "expected {expected}",
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge:g}",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le:g}",
    "too_short": "expected at least {min_length}",
    "too_long": "expected at most {max_length}",
    "missing": "this key is missing",
    "value_error": "{error}",
}


def validated(model: type[M], document: Document) -> M:
    """Return the document as a model. Raises :class:`SettingsError` with all mistakes, in the file's order."""
    problems = list(document.problems)
    if not document.readable:
        raise SettingsError(problems)
    # A section of which every line is commented out is there, but empty.
    empty = {key for key in model.model_fields if document.data.get(key, ...) is None}
    data = {key: value for key, value in document.data.items() if key not in empty}
    problems += cross_checks(document)
    try:
        result: M | None = model.model_validate(data)
    except ValidationError as error:
        result = None
        told = {problem.path for problem in problems if _at(document.data, problem.path) is None}
        problems += [p for p in _problems(error, document, (), model) if p.path not in told]
    if problems or result is None:
        raise SettingsError(sorted(problems, key=_order))
    return result


def problem_at(document: Document, path: KeyPath, expected: str) -> Problem:
    """Return a mistake at a key of the document, with what stands there."""
    return Problem(document.place(path), path, expected, shown(_at(document.data, path), path))


def problems_of(error: Exception, document: Document, prefix: KeyPath) -> list[Problem]:
    """Return what an error says about the part of the document under ``prefix``."""
    if isinstance(error, ValidationError):
        return _problems(error, document, prefix, None)
    return [Problem(document.place(prefix), prefix, str(error))]


def _order(problem: Problem) -> tuple[bool, int, int]:
    return (problem.place.line is None, problem.place.line or 0, problem.place.column or 0)


def _problems(
    error: ValidationError, document: Document, prefix: KeyPath, model: type[BaseModel] | None
) -> list[Problem]:
    return [
        _problem(dict(found), document, prefix, model)
        for found in error.errors(include_url=False, include_input=False)
    ]


def _problem(
    found: dict[str, Any], document: Document, prefix: KeyPath, model: type[BaseModel] | None
) -> Problem:
    loc: KeyPath = found["loc"]
    kind = found["type"]
    of_key = kind == "extra_forbidden" or bool(loc and loc[-1] == "[key]")
    if loc and loc[-1] == "[key]":
        loc = loc[:-1]
    path = (*prefix, *loc)
    if kind == "extra_forbidden":
        return Problem(document.place(path, of_key=True), path, _unknown_key(path, model))
    if path == ("sources",):
        return Problem(document.place(path), path, NO_SOURCES)
    expected = EXPECTED.get(kind, found["msg"]).format_map(found.get("ctx", {}))
    if of_key:
        return Problem(document.place(path, of_key=True), path, f"the key: {expected}")
    value = _at(document.data, path)
    says_all = kind == "missing" or (kind == "value_error" and isinstance(value, (dict, list)))
    return Problem(document.place(path), path, expected, None if says_all else shown(value, path))


def _unknown_key(path: KeyPath, model: type[BaseModel] | None) -> str:
    if path in LATER:
        return LATER[path]
    section = None if model is None else _model_at(model, path[:-1])
    if section is None:
        return "this key is not known"
    known = [field.alias or name for name, field in section.model_fields.items()]
    near = get_close_matches(str(path[-1]), known, n=1)
    hint = f"perhaps {near[0]} is meant; known" if near else "known"
    return f"this key is not known; {hint} here: {', '.join(known)}"


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """Return the model of the mapping at a path, by the annotations."""
    annotation: Any = model
    for part in path:
        annotation = _plain(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            annotation = None if field is None else field.annotation
        else:
            annotation = (get_args(annotation) or (None,))[-1]  # list[T] or dict[K, T]
    annotation = _plain(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _plain(annotation: Any) -> Any:
    """Return an annotation without Annotated and without ``| None``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _plain(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return annotation


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
