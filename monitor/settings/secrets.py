"""Which keys hold secrets, and how a value is shown where a secret must not be."""

from __future__ import annotations

import re

HIDDEN = "***"

_SECRET_WORDS = frozenset(
    {"secret", "token", "tokens", "password", "passwd", "key", "apikey", "authorization"}
)
_CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/@\s]*@")
_WORD = re.compile(r"[a-z0-9]+")
SHOWN_CHARACTERS = 60


def is_secret(key: str) -> bool:
    """Return whether the key's value is a secret. ``secret_file`` names a file, which is none."""
    words = _WORD.findall(key.lower())
    return bool(words) and words[-1] != "file" and not _SECRET_WORDS.isdisjoint(words)


def without_credentials(text: str) -> str:
    """Return the text with ``user:password@`` of any address hidden."""
    return _CREDENTIALS_IN_URL.sub(f"{HIDDEN}@", text)


def shown(value: object, keys: tuple[str | int, ...] = ()) -> str:
    """Return a configured value for a message: short, on one line, never a secret."""
    if any(isinstance(key, str) and is_secret(key) for key in keys) or _of_a_receiver(keys):
        return HIDDEN
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = without_credentials(
        ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    )
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _of_a_receiver(keys: tuple[str | int, ...]) -> bool:
    """Return whether it is a webhook's address or header: chat services put their tokens there."""
    return "webhooks" in keys and (keys[-1] == "url" or "headers" in keys)
