"""What the server's answers and NOTIFYs mean for a subscription (RFC 6665 §4.1), as tables."""

from __future__ import annotations

import enum


class Input(enum.Enum):
    """What moves a subscription on."""

    TURN = "its request goes out"
    ACCEPTED = "2xx"
    BRIEF = "423: longer, please"
    GONE = "481: the server does not know it"
    BAD_EVENT = "489: the server does not do this event package"
    PASSING = "refused for now"
    REFUSED = "refused"
    NO_ANSWER = "no answer to the request"
    ACTIVE = "NOTIFY: active"
    PENDING = "NOTIFY: pending"
    AT_ONCE = "NOTIFY: terminated; make it anew"
    LATER = "NOTIFY: terminated; make it anew later"
    NEVER = "NOTIFY: terminated; don't make it anew"
    NO_NOTIFY = "timer N: accepted, but no NOTIFY came"
    EXPIRED = "it ran out"
    REFRESH = "time to refresh"
    RETRY = "the rest is over"


REASONS: dict[str, Input] = {
    "deactivated": Input.AT_ONCE,
    "timeout": Input.AT_ONCE,
    "probation": Input.LATER,
    "giveup": Input.LATER,
    "rejected": Input.NEVER,
    "noresource": Input.NEVER,
    "invariant": Input.NEVER,
}
"""Why a NOTIFY says ``terminated`` (RFC 6665 §4.1.3). Without a reason: later if it says when, else at once."""

_ALWAYS = {423: Input.BRIEF, 481: Input.GONE, 489: Input.BAD_EVENT}

_FIRST = _ALWAYS | dict.fromkeys((408, 480, 486, 487, 491, 500, 502, 503, 504, 600), Input.PASSING)
"""Answers to the first SUBSCRIBE; after others it is refused."""
_FIRST_FOR_A_TIME = _FIRST | {404: Input.PASSING}
"""The same with Retry-After."""

_REFRESH_FOR_A_TIME = dict.fromkeys((404, 405, 410, 416, *range(480, 486), 501, 604), Input.REFUSED) | _ALWAYS
"""Answers to a refresh, with Retry-After, that end the subscription; after others it lives until it expires (RFC 6665 §4.1.2.2)."""
_REFRESH = _REFRESH_FOR_A_TIME | {480: Input.GONE}
"""The same without Retry-After. That nobody is there just now says nothing of the next subscription."""


def judge(status: int, *, refresh: bool, retry_after: float | None) -> Input:
    """Return what a final answer to a SUBSCRIBE means (other than 401 and 407)."""
    if status < 300:
        return Input.ACCEPTED
    if refresh:
        return (_REFRESH if retry_after is None else _REFRESH_FOR_A_TIME).get(status, Input.PASSING)
    return (_FIRST if retry_after is None else _FIRST_FOR_A_TIME).get(status, Input.REFUSED)


def judge_reason(reason: str | None, retry_after: float | None) -> Input:
    """Return what a NOTIFY with ``terminated`` means; ``reason`` is lower case."""
    otherwise = Input.AT_ONCE if retry_after is None else Input.LATER
    return REASONS.get(reason or "", otherwise)
