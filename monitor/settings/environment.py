"""``OPERATOR_MONITOR_…`` variables laid over the file.

``__`` separates the parts of a key: ``OPERATOR_MONITOR_HTTP__PORT=9000`` is ``http.port``, and
``OPERATOR_MONITOR_SOURCES__0__HOST`` is the first source's host. A value is read like a plain scalar of the file
(a secret verbatim), or as a list or mapping where it begins with ``[`` or ``{``. An empty variable counts as
not set. A variable for ``secret`` replaces the file's ``secret_file`` and the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.settings.document import MAX_DEPTH, Document, parse, scalar
from monitor.settings.errors import KeyPath, Place, Problem
from monitor.settings.secrets import is_secret, shown

PREFIX = "OPERATOR_MONITOR_"
SEPARATOR = "__"
_FILE = "_file"
MAX_DIGITS = 9
"""Of a list's index."""


class _NoPlace(Exception):
    """The variable names a place that doesn't exist; the argument says what was expected."""


def overlay(document: Document, environ: Mapping[str, str]) -> None:
    """Put the variables' values into the document; mistakes go to its ``problems``."""
    set_here: set[KeyPath] = set()
    for name in sorted(environ):
        if not name.startswith(PREFIX) or not environ[name].strip():
            continue
        place = Place(f"environment variable {name}")
        parts = name[len(PREFIX) :].lower().split(SEPARATOR)
        try:
            container, path = _container(document, parts, place)
            value = _value(environ[name], parts[-1])
        except _NoPlace as error:
            document.problems.append(Problem(place, (), str(error)))
            continue
        _put(container, path[-1], value)
        document.forget(path)
        document.places[path] = document.key_places[path] = place
        set_here.add(path)
        _drop_sibling(document, container, path, set_here)


def _container(
    document: Document, parts: list[str], place: Place
) -> tuple[dict[str, Any] | list[Any], KeyPath]:
    """Return the mapping or list that the variable's last part belongs to, made if missing, and the whole path."""
    if len(parts) > MAX_DEPTH:
        raise _NoPlace(f"the name has more than {MAX_DEPTH} parts")
    node: dict[str, Any] | list[Any] = document.data
    path: list[str | int] = []
    for position, part in enumerate(parts):
        key = _key(node, part, path)
        path.append(key)
        if position == len(parts) - 1:
            break
        child = _get(node, key)
        if not isinstance(child, (dict, list)):
            # A queue may be called "0": there a number is a key, everywhere else it counts list items.
            child = [] if parts[position + 1].isdecimal() and path != ["queues"] else {}
            _put(node, key, child)
            document.forget(tuple(path))
            document.places[tuple(path)] = document.key_places[tuple(path)] = place
        node = child
    return node, tuple(path)


def _key(node: dict[str, Any] | list[Any], part: str, path: list[str | int]) -> str | int:
    if not part:
        raise _NoPlace("a part of the name is empty: parts are separated by two underscores")
    if isinstance(node, list):
        if not part.isdecimal() or len(part) > MAX_DIGITS or int(part) > len(node):
            where = ".".join(map(str, path))
            raise _NoPlace(
                f"{where} is a list of {len(node)}: expected 0 … {len(node)} in place of {shown(part)}"
            )
        return int(part)
    # Names of variables know no case; names of queues do: take the one that the file has.
    return next((known for known in node if known.lower() == part), part)


def _get(node: dict[str, Any] | list[Any], key: str | int) -> Any:
    if isinstance(node, list):
        return node[int(key)] if int(key) < len(node) else None
    return node.get(str(key))


def _put(node: dict[str, Any] | list[Any], key: str | int, value: Any) -> None:
    if isinstance(node, dict):
        node[str(key)] = value
    elif int(key) < len(node):
        node[int(key)] = value
    else:
        node.append(value)


def _value(text: str, key: str) -> Any:
    if is_secret(key):
        return text
    if not text.lstrip().startswith(("[", "{")):
        return scalar(text.strip())
    parsed = parse(f"value: {text}", "")
    if parsed.problems:
        raise _NoPlace(f"the list or mapping can't be read: {parsed.problems[0].expected}")
    return parsed.data["value"]


def _drop_sibling(
    document: Document, node: dict[str, Any] | list[Any], path: KeyPath, set_here: set[KeyPath]
) -> None:
    key = path[-1]
    if isinstance(key, int) or isinstance(node, list):
        return
    sibling = key.removesuffix(_FILE) if key.endswith(_FILE) else key + _FILE
    sibling_path = (*path[:-1], sibling)
    if sibling in node and sibling_path not in set_here:
        del node[sibling]
        document.forget(sibling_path)
