"""Which endpoint an address means.

A document has to be about the endpoint that the subscription is to, but servers write their own host (Asterisk: the
address that the SUBSCRIBE came to), ``sips`` or ``tel``. So the rule: the same address of record, or else the same user
(without regard to case; of a telephone number, to visual separators), unless that address is exactly another endpoint
that is watched. An alias with another user is another endpoint.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"\+?[0-9()./\-]+")
_SEPARATORS: Final = re.compile(r"[()./\-]")


def user_of(address: str) -> str:
    """Return what two addresses of record of one user have in common; empty if there is no user."""
    scheme, _, rest = address.partition(":")
    user, at, _ = rest.rpartition("@")
    if not at:
        if scheme != "tel":
            return ""
        user = rest
    user = user.partition(";")[0].lower()
    return _SEPARATORS.sub("", user) if _NUMBER.fullmatch(user) else user


class Directory:
    """The endpoints that are watched, by address and by user."""

    def __init__(self) -> None:
        self._by_user: dict[str, list[str]] = {}
        self._known: set[str] = set()

    def add(self, endpoint: str) -> None:
        """An endpoint is watched."""
        if endpoint not in self._known:
            self._known.add(endpoint)
            self._by_user.setdefault(user_of(endpoint), []).append(endpoint)

    def remove(self, endpoint: str) -> None:
        """An endpoint isn't watched any more."""
        if endpoint in self._known:
            self._known.remove(endpoint)
            same = self._by_user[user_of(endpoint)]
            same.remove(endpoint)
            if not same:
                del self._by_user[user_of(endpoint)]

    def find(self, address: str) -> str | None:
        """Return the endpoint that an address means: that of the same address, or the only one of the same user."""
        if address in self._known:
            return address
        user = user_of(address)
        same = self._by_user.get(user, ()) if user else ()
        return same[0] if len(same) == 1 else None

    def agrees(self, endpoint: str, entity: str) -> bool:
        """Whether a document about ``entity`` may be about this endpoint."""
        if entity == endpoint:
            return True
        user = user_of(endpoint)
        return bool(user) and user == user_of(entity) and entity not in self._known
