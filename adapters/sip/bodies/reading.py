"""Which body is read by whom; several bodies in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.sip.bodies import dialog_info, feature_event, pidf, reginfo, rlmi
from adapters.sip.bodies.errors import BadBody
from adapters.sip.reports import ListReport, Report, Resource
from adapters.sip_messages import multipart
from adapters.sip_messages.errors import BadBody as BadMultipart
from adapters.sip_messages.limits import BODY_LIMIT
from adapters.sip_messages.multipart import Part

_FEATURE: Final = "application/x-as-feature-event+xml"
_RLMI: Final = "application/rlmi+xml"
_MIXED: Final = "multipart/mixed"
_RELATED: Final = "multipart/related"

ACCEPT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "dialog": ("application/dialog-info+xml", _RELATED, _RLMI),
        "reg": ("application/reginfo+xml", _RELATED, _RLMI),
        "presence": ("application/pidf+xml", _RELATED, _RLMI),
        "as-feature-event": (_FEATURE, _MIXED, _RELATED, _RLMI),
    }
)
"""The content types that are read, by event package (for the header Accept); the last two only matter with lists."""

_READERS: Final[Mapping[str, Callable[[bytes], tuple[Report, ...]]]] = MappingProxyType(
    {
        "application/dialog-info+xml": lambda body: (dialog_info.read(body),),
        "application/reginfo+xml": reginfo.read,
        "application/pidf+xml": lambda body: (pidf.read(body),),
        _FEATURE: lambda body: (feature_event.read((body,)),),
    }
)


def read(content_type: str, parameters: Mapping[str, str], body: bytes) -> tuple[Report, ...]:
    """Return what a body tells. ``content_type`` is ``type/subtype``; raises :class:`BadBody` and nothing else."""
    return _read(content_type.lower(), parameters, body, 0)


def _read(content_type: str, parameters: Mapping[str, str], body: bytes, depth: int) -> tuple[Report, ...]:
    reader = _READERS.get(content_type)
    if reader is not None:
        return reader(body)
    if content_type == _MIXED:
        return _mixed(_parts(parameters, body, depth), depth)
    if content_type == _RELATED:
        return (_list(parameters, _parts(parameters, body, depth), depth),)
    raise BadBody("body_type", f"content type {content_type[:80]!r} is not read")


def _parts(parameters: Mapping[str, str], body: bytes, depth: int) -> list[Part]:
    if len(body) > BODY_LIMIT:
        raise BadBody("body_size", f"{len(body):,} bytes are more than {BODY_LIMIT:,}")
    try:
        return multipart.parts(parameters, body, depth=depth)
    except BadMultipart as error:
        raise BadBody("body_multipart", error.why) from None


def _mixed(parts: Sequence[Part], depth: int) -> tuple[Report, ...]:
    """Return what the parts that are read tell. Those that tell of features came together: they are one report."""
    reports: list[Report] = []
    features = [part.body for part in parts if part.content_type == _FEATURE]
    if features:
        reports.append(feature_event.read(features))
    for part in parts:
        if part.content_type in _READERS and part.content_type != _FEATURE:
            reports.extend(_read(part.content_type, part.content_parameters, part.body, depth + 1))
    if not reports:
        raise BadBody("body_type", "no part has a content type that is read")
    return tuple(reports)


def _list(parameters: Mapping[str, str], parts: Sequence[Part], depth: int) -> ListReport:
    """Return what a list tells of its members. What is wrong with one member's part takes nothing from the others."""
    start = rlmi.content_id(parameters.get("start", ""))
    documents = [part for part in parts if part.content_type == _RLMI]
    if not documents:
        raise BadBody("body_multipart", "a list without its rlmi part")
    root = next((part for part in documents if start and _name(part) == start), documents[0])
    document = rlmi.read(root.body)
    by_name = {_name(part): part for part in parts if part is not root and _name(part)}
    bad: list[str] = []
    resources = []
    for member in document.members:
        reports: list[Report] = []
        for name in member.parts:
            part = by_name.pop(name, None)
            if part is None:
                bad.append("body_multipart")
                continue
            try:
                reports += _read(part.content_type, part.content_parameters, part.body, depth + 1)
            except BadBody as error:
                bad.append(error.kind)
        resources.append(
            Resource(
                uri=member.uri,
                name=member.name,
                state=member.state,
                reason=member.reason,
                reports=tuple(reports),
            )
        )
    return ListReport(
        full=document.full, version=document.version, resources=tuple(resources), bad=tuple(bad)
    )


def _name(part: Part) -> str:
    return rlmi.content_id(part.content_id or "")
