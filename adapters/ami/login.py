"""Who we are to the PBX, how we prove it, and what its greeting and its refusals mean."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from adapters.ami.errors import LoginRefused, NotAmi
from adapters.ami.message import Message

_GREETING = "Asterisk Call Manager"

_ASTERISK_OF_AMI = {"5": 16, "6": 17, "7": 18, "8": 19, "9": 20, "10": 21, "11": 22}
"""Major version of AMI (include/asterisk/manager.h) -> of Asterisk."""

_LOGIN_REMEDIES = (
    (
        "already in use",
        "set `allowmultiplelogin = yes` in manager.conf or give this service a manager user of its own",
    ),
    ("shutting down", "nothing: the PBX is stopping; the login is tried again"),
    (
        "",
        (
            "compare username and secret with the user's section in manager.conf, see that its permit, deny and acl "
            "lines let this machine in, and run `manager reload` in the Asterisk console"
        ),
    ),
)


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are and what we want to hear."""

    username: str
    secret: str
    auth: Literal["md5", "plain"] = "md5"
    event_classes: tuple[str, ...] = ("agent", "call", "system", "user", "dialplan")

    def __repr__(self) -> str:
        """Return everything but the secret."""
        return f"Login(username={self.username!r}, auth={self.auth!r}, event_classes={self.event_classes!r})"

    def proof(self, challenge: str) -> tuple[tuple[str, str], ...]:
        """Return the headers that prove who we are."""
        if self.auth == "plain":
            return (("Secret", self.secret),)
        # AMI knows no other digest; what protects the connection is TLS.
        key = hashlib.md5((challenge + self.secret).encode(), usedforsecurity=False).hexdigest()
        return (("AuthType", "MD5"), ("Key", key))


def refusal(message: Message) -> LoginRefused:
    """Return what a refused login means."""
    answer = message.get("message") or "no reason given"
    remedy = next(remedy for words, remedy in _LOGIN_REMEDIES if words in answer.lower())
    return LoginRefused(answer, remedy)


def greeting_fault(banner: str) -> NotAmi | None:
    """Return what is wrong with a greeting line, if anything."""
    if banner.startswith(_GREETING):
        return None
    return NotAmi(
        f"no Asterisk manager answers there, but {banner[:60]!a}",
        "point `host` and `port` to Asterisk's manager interface (5038, with TLS 5039)",
    )


def version_of(banner: str) -> str:
    """Return the version of Asterisk, as far as a greeting line tells it."""
    ami = banner.rpartition("/")[2].strip()
    asterisk = _ASTERISK_OF_AMI.get(ami.partition(".")[0])
    return f"{asterisk} (AMI {ami})" if asterisk else f"unknown (AMI {ami})"
