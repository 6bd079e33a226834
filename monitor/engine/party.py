"""Callers' numbers as they may be shown."""

from __future__ import annotations

_NOBODY = frozenset({"", "unknown", "<unknown>", "anonymous"})

_LONG = 10
_SHORT = 5
_HEAD = 5
_TAIL = 2


def shown(party: str | None, *, whole: bool) -> str | None:
    """Return a number as it may be shown, ``None`` for no number.

    Unless ``whole``: of a number of 10 characters or more the first 5 and the last 2 stay (``+7495*****67``), of
    6 to 9 the last 2; up to 5 are an extension and stay.
    """
    if party is None:
        return None
    party = party.strip()
    if party.lower() in _NOBODY:
        return None
    length = len(party)
    if whole or length <= _SHORT:
        return party
    head = _HEAD if length >= _LONG else 0
    return f"{party[:head]}{'*' * (length - head - _TAIL)}{party[-_TAIL:]}"
