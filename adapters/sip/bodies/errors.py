"""What is wrong with a body."""

from __future__ import annotations

from typing import Literal, TypeAlias

from adapters.sip.errors import SipError

Flaw: TypeAlias = Literal["body_type", "body_size", "body_xml", "body_content", "body_multipart"]
"""The word that a bad body is counted under: few and fixed.

``body_type``: a content type that isn't read; ``body_size``: larger, deeper or longer than is read; ``body_xml``:
not well-formed, or with what no such document needs (DTD, entities); ``body_content``: well-formed, but not what its
content type promises; ``body_multipart``: the parts can't be told apart.
"""


class BadBody(SipError):
    """A body can't be used; nothing of it was. ``kind`` to count it under, ``why`` for people."""

    def __init__(self, kind: Flaw, why: str) -> None:
        super().__init__(f"a body that can't be used: {why}")
        self.kind: Flaw = kind
        self.why = why
