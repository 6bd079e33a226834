"""``Retry-After`` (RFC 9110, section 10.2.3). Pure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

LONGEST = 3_600.0
"""Seconds that are honoured; a receiver that errs by a year must not silence the alerts."""
_MAX_DIGITS = 12


def retry_after(value: str | None, now: float, date: str | None = None) -> float | None:
    """Return for how many seconds a receiver wants to be left alone, from 0 to ``LONGEST``.

    ``value`` is the header, seconds or a date; a date is compared with the receiver's own clock (its header ``Date``)
    where it tells it, else with ``now`` (unix seconds). ``None``: it doesn't say, or not in a form that is understood.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:_MAX_DIGITS]), LONGEST)
    until = _unix(value)
    if until is None:
        return None
    since = _unix(date) if date is not None else None
    return min(max(until - (now if since is None else since), 0.0), LONGEST)


def _unix(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
