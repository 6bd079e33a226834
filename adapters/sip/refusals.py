"""What to do about refused subscriptions, in words for people."""

from __future__ import annotations

from adapters.common.texts import shown
from adapters.sip.credentials import Verdict
from adapters.sip.errors import CredentialsRefused
from adapters.sip_messages.message import Response

_REMEDIES = {
    401: "see that `username` and `secret` are right",
    403: "let this user subscribe; in Asterisk: `allow_subscribe = yes` for its endpoint",
    404: "see that the server knows this address; in Asterisk: a hint for it in the endpoint's "
    "`subscribe_context`, and for one of `lists` a `resource_list` of that name in pjsip.conf",
    405: "the server takes no subscriptions there: load its presence or event module",
    406: "the server has no format for {package} that is read here: see its modules",
    407: "see that `username` and `secret` are right",
    408: "see that what serves this address answers",
    415: "the server has no format for {package} that is read here: see its modules",
    420: "the server demands extensions that are not spoken here",
    480: "nobody serves this address just now",
    481: "the server forgot the subscription at once: see its log",
    489: "the server does not do the event package {package}: load or enable it, or do without in the configuration",
    501: "the server takes no subscriptions: load its presence or event module",
    503: "the server is overloaded or not ready: see its log",
}

COUNTED = {
    "unauthenticated": "see that it has the user and secret of `push`, or, without those, that `push.allow` has its address",
    "weak_challenge": "let the server offer what it offered before; if it was changed on purpose, restart this service",
}
"""What to do about what is refused and counted."""

WEAKER = "it wants a weaker proof of who we are than before, which is refused"

_REASONS = {
    WEAKER: COUNTED["weak_challenge"],
    "rejected": "the server's rules forbid it: let this user subscribe",
    "noresource": "the server has no such address any more",
}


def remedy_of(status: int, answer: str, package: str) -> str | None:
    """Return what to do about a refusal."""
    text = _REASONS.get(answer) or _REMEDIES.get(status)
    return text.format(package=package) if text is not None else None


def credentials_error(verdict: Verdict, realm: str, response: Response, offered: str) -> CredentialsRefused:
    """Return the error for a challenge that can't be met."""
    why, remedy = {
        Verdict.NO_CREDENTIALS: (
            "it wants a user name and a secret",
            "give `username` and `secret` or `secret_file`",
        ),
        Verdict.WEAKER: ("it wants a weaker proof than before", COUNTED["weak_challenge"]),
        Verdict.UNUSABLE: (
            shown(offered) or "",
            "let the server offer digest with MD5, SHA-256 or SHA-512-256",
        ),
    }.get(
        verdict,
        (
            "user name or secret are wrong",
            "see that `username` and the secret are those of a user of the server (Asterisk: of an `auth` section)",
        ),
    )
    return CredentialsRefused(response.status, shown(realm) or "", why, remedy)
