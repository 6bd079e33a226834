"""Texts that others wrote, made fit to be shown: one line, not long, nothing that moves or hides text."""

from __future__ import annotations

import re
from typing import Final

TEXT_LIMIT: Final = 512
"""Characters kept of what is only shown."""

UNFIT: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters and those that turn the direction of text or hide; and halves of characters, which no encoding has."""


def shown(text: str | None) -> str | None:
    """Return a text fit to be shown: one line, not long, no control characters; ``None`` if nothing is left."""
    if text is None:
        return None
    line = " ".join(UNFIT.sub(" ", text[: 4 * TEXT_LIMIT]).split())
    return line[:TEXT_LIMIT].rstrip() or None
