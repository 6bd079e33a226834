"""What the headers and the body of a NOTIFY or PUBLISH say, checked."""

from __future__ import annotations

import msgspec

from adapters.sip.bodies import ACCEPT, BadBody, read
from adapters.sip.incoming import Answer, accept_of
from adapters.sip.reports import DialogReport, RegistrationReport, Report
from adapters.sip_messages.limits import SECONDS_LIMIT
from adapters.sip_messages.message import Request


class SubscriptionState(msgspec.Struct, frozen=True, kw_only=True):
    """The header Subscription-State (RFC 6665 §8.2.3)."""

    value: str
    """Lower case: active, pending, terminated, or an extension, which is as good as active."""
    expires: int | None = None
    retry_after: int | None = None
    reason: str | None = None
    """Lower case."""


def subscription_state(request: Request) -> SubscriptionState | None:
    """Return what the header says; None: it is missing or has no value."""
    text = request.get("Subscription-State")
    if text is None:
        return None
    value, *rest = (part.strip() for part in text.split(";"))
    if not value:
        return None
    parameters = {}
    for part in rest:
        name, _, content = part.partition("=")
        parameters[name.strip().lower()] = content.strip().strip('"')
    return SubscriptionState(
        value=value.lower(),
        expires=_number(parameters.get("expires")),
        retry_after=_number(parameters.get("retry-after")),
        reason=parameters["reason"].lower() if "reason" in parameters else None,
    )


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    return min(int(text), SECONDS_LIMIT)


class Refusal(Exception):
    """A body can't be taken. ``answer`` is what the request gets, ``kind`` what is counted."""

    def __init__(self, answer: Answer, kind: str) -> None:
        super().__init__(kind)
        self.answer = answer
        self.kind = kind


def reports_of(request: Request, package: str, endpoint: str | None) -> tuple[Report, ...]:
    """Return what the body tells. Raises :class:`Refusal`.

    Without a body the state of ``endpoint`` is the neutral one (RFC 6665 §4.2.1.2; Kamailio of a phone that never
    called): no dialogs, no registration; of other packages, and of a list (None), that says nothing.
    """
    if not request.body:
        return _neutral(package, endpoint) if endpoint is not None else ()
    encoding = request.get("Content-Encoding")
    if encoding is not None and encoding.strip().lower() not in {"", "identity"}:
        raise Refusal(Answer(415, (("Accept-Encoding", "identity"),)), "body_type")
    content_type = request.content_type
    if content_type is None or content_type not in ACCEPT[package]:
        raise Refusal(Answer(415, accept_of((package,))), "body_type")
    try:
        reports = read(content_type, request.content_parameters, request.body)
    except BadBody as error:
        status = 413 if error.kind == "body_size" else 400
        raise Refusal(Answer(status), error.kind) from error
    return tuple(
        msgspec.structs.replace(report, entity=endpoint)
        if isinstance(report, RegistrationReport) and not report.entity and endpoint is not None
        else report
        for report in reports
    )


def _neutral(package: str, endpoint: str) -> tuple[Report, ...]:
    match package:
        case "dialog":
            return (DialogReport(entity=endpoint, version=0, full=True),)
        case "reg":
            return (RegistrationReport(entity=endpoint, version=0, full=True, state="init"),)
        case _:
            return ()
