"""Whether warnings come before what is critical, over everything that is written of a queue.

Read like the other checks from the document as it was written, passing over whatever has another shape than
expected: that is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from monitor.settings.document import Document
from monitor.settings.errors import KeyPath, Problem
from monitor.settings.secrets import shown
from monitor.settings.thresholds import QueueThresholdSettings, StateThresholdSettings, seconds

_GENERAL: Final[KeyPath] = ("wallboard", "thresholds")
_FALLS: Final = "service_level"
"""The one figure that gets worse as it falls."""
_DURATIONS: Final = frozenset({"longest_wait", *StateThresholdSettings.model_fields})


class _Written(NamedTuple):
    """A threshold where it stands."""

    path: KeyPath
    as_written: Any
    value: float | None


def warnings_come_first(document: Document) -> Iterator[Problem]:
    """A warning that lies beyond the critical threshold would never be seen."""
    for figure in QueueThresholdSettings.model_fields:
        yield from _compare(document, figure, [(*_GENERAL, figure)])
    for state in StateThresholdSettings.model_fields:
        yield from _compare(document, state, [(*_GENERAL, "time_in_state", state)])
    queues = document.data.get("queues")
    for queue in queues if isinstance(queues, dict) else ():
        local = queue.partition("/")[2]
        said = [queue] if not local else [local, queue]
        for figure in QueueThresholdSettings.model_fields:
            particular: list[KeyPath] = [("queues", name, "thresholds", figure) for name in said]
            yield from _compare(document, figure, [(*_GENERAL, figure), *particular])


def _compare(document: Document, figure: str, sections: Sequence[KeyPath]) -> Iterator[Problem]:
    """Compare what is written for a figure: the general section first, the particular last."""
    warning = _last(document, figure, [(*section, "warning") for section in sections])
    critical = _last(document, figure, [(*section, "critical") for section in sections])
    if warning is None or critical is None or warning.value is None or critical.value is None:
        return
    if sections[-1] not in (warning.path[:-1], critical.path[:-1]):
        return  # both are written for more than this, and told there
    falls = figure == _FALLS
    if not (warning.value < critical.value if falls else warning.value > critical.value):
        return
    at_warning = warning.path[:-1] == sections[-1]
    wrong, other = (warning, critical) if at_warning else (critical, warning)
    bound = "least" if at_warning == falls else "most"
    text = f"expected at {bound} {shown(other.as_written)}, the {other.path[-1]} threshold ({document.place(other.path)})"
    yield Problem(document.place(wrong.path), wrong.path, text, shown(wrong.as_written))


def _last(document: Document, figure: str, paths: Sequence[KeyPath]) -> _Written | None:
    """Return what stands at the last path that is written at all."""
    for path in reversed(paths):
        node: Any = document.data
        for part in path:
            if not isinstance(node, dict) or part not in node:
                break
            node = node[part]
        else:
            value = seconds(node) if figure in _DURATIONS else node
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return _Written(path, node, float(value) if number else None)
    return None
