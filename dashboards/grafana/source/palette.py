"""Colours: those of the wallboard (dashboards/wallboard/src/style/tokens.css). They never stand alone."""

# White text stands on all of these.
STATES = {
    "available": "#1a7a3a",
    "ringing": "#c03a08",
    "dialing": "#0369a1",
    "talking": "#1d4ed8",
    "on_hold": "#7e22ce",
    "wrap_up": "#0b6e68",
    "paused": "#8f5a00",
    "offline": "#565c66",
    "unknown": "#3b4048",
}

GOOD = "#2f9e55"
WARNING = "#d59a2b"
CRITICAL = "#d23b33"

WAITING = "#d59a2b"
ANSWERED = "#4d8dff"
ABANDONED = "#ff6f66"
SOFT = "#76808d"
# Neither good nor bad.
PLAIN = "#4d8dff"

OUTCOMES = {
    "answered": ANSWERED,
    "abandoned": ABANDONED,
    "timed_out": "#b97800",
    "left_empty": "#7e22ce",
    "exited_by_key": "#0b6e68",
    "transferred": "#0369a1",
    "closed": "#8f5a00",
    "unknown": SOFT,
}

CALL_KINDS = {"answered": ANSWERED, "missed": ABANDONED, "outbound": "#0369a1", "direct": "#2f9e55"}

SEVERITIES = {"info": PLAIN, "warning": WARNING, "critical": CRITICAL}
