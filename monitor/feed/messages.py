"""What client and server say to each other (docs/interfaces.md).

Client messages are decoded strictly and within limits. Server messages are spliced together from objects that
are already encoded: an object that changed is encoded once, however many views carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from monitor.feed.errors import RefusalCode, Refused

TopicName: TypeAlias = Literal["agents", "queues", "calls", "alerts", "sources"]
TOPIC_NAMES: tuple[TopicName, ...] = get_args(TopicName)

MAX_MESSAGE_BYTES = 64 * 1024
"""Of a client's message."""
FRAGMENT_BYTES = 64 * 1024
"""A long message is sent in fragments of about this size, so that a slow reader holds little memory."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Names = Annotated[list[Name], msgspec.Meta(max_length=1_000)]
Sequenced = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Resume(msgspec.Struct, frozen=True):
    """Where a dropped connection stopped: ``epoch`` and ``seq`` of the last message it received."""

    epoch: Annotated[str, msgspec.Meta(max_length=64)]
    seq: Sequenced


class Subscribe(msgspec.Struct, frozen=True, kw_only=True):
    """What a client wants to see. Fields that we don't know are ignored."""

    token: Annotated[str, msgspec.Meta(max_length=4_096)] | None = None
    """Checked where access is configured, else ignored."""
    topics: tuple[TopicName, ...] = TOPIC_NAMES
    queues: Names | None = None
    """Full ids (``pbx1/sales``) or bare names (``sales``, of every source); ``None``: no restriction."""
    teams: Names | None = None
    resume: Resume | None = None


class _Envelope(msgspec.Struct):
    type: str


_envelope = msgspec.json.Decoder(_Envelope)
_decoders: dict[str, msgspec.json.Decoder[Subscribe]] = {"subscribe": msgspec.json.Decoder(Subscribe)}


def decode(message: str | bytes) -> Subscribe:
    """Return what a client said. Raises :class:`Refused`."""
    if isinstance(message, bytes):
        raise Refused("unsupported", "binary messages mean nothing here: send JSON as text")
    try:
        kind = _envelope.decode(message).type
        if kind not in _decoders:
            raise Refused("unsupported", f"no message type {kind[:40]!r}; there is: {', '.join(_decoders)}")
        return _decoders[kind].decode(message)
    except msgspec.ValidationError as error:
        raise Refused("bad_request", str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("bad_request", f"this is not JSON: {error}") from error


Objects: TypeAlias = Mapping[TopicName, Sequence[bytes]]
"""Encoded objects by topic; every topic of the subscription is a key, even if it has none."""
Removed: TypeAlias = Mapping[TopicName, Sequence[str]]


def snapshot(epoch: str, seq: int, at: float, objects: Objects) -> list[bytes]:
    """Return a snapshot message, in fragments if it is long."""
    parts = [b'{"type":"snapshot","epoch":%b,"seq":%d,"at":%b' % (_json(epoch), seq, _json(at))]
    for topic, encoded in objects.items():
        parts.append(b',"%b":[' % topic.encode())
        parts.extend(_separated(encoded))
        parts.append(b"]")
    parts.append(b"}")
    return _fragments(parts)


def delta(epoch: str, since: int, seq: int, at: float, *, objects: Objects, removed: Removed) -> bytes:
    """Return a message with what changed after ``since`` up to ``seq``."""
    parts = [
        b'{"type":"delta","epoch":%b,"since":%d,"seq":%d,"at":%b' % (_json(epoch), since, seq, _json(at))
    ]
    for topic, encoded in objects.items():
        name = topic.encode()
        gone = _json(removed.get(topic, ()))
        parts.append(b',"%b":[%b],"%b_removed":%b' % (name, b",".join(encoded), name, gone))
    parts.append(b"}")
    return b"".join(parts)


def heartbeat(epoch: str, seq: int, at: float) -> bytes:
    """Return a message that only says that nothing changed."""
    return b'{"type":"heartbeat","epoch":%b,"seq":%d,"at":%b}' % (_json(epoch), seq, _json(at))


def error(code: RefusalCode, message: str, at: float) -> bytes:
    """Return the message that goes before a close."""
    return _json({"type": "error", "code": code, "message": message, "at": at})


_json = msgspec.json.Encoder().encode


def _separated(encoded: Iterable[bytes]) -> Iterable[bytes]:
    comma = False
    for one in encoded:
        yield b"," + one if comma else one
        comma = True


def _fragments(parts: Iterable[bytes]) -> list[bytes]:
    """Join neighbours up to about :data:`FRAGMENT_BYTES`."""
    fragments: list[bytes] = []
    pending: list[bytes] = []
    size = 0
    for part in parts:
        pending.append(part)
        size += len(part)
        if size >= FRAGMENT_BYTES:
            fragments.append(b"".join(pending))
            pending, size = [], 0
    if pending:
        fragments.append(b"".join(pending))
    return fragments
