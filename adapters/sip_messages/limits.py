"""What is accepted of others. Whatever is larger is refused before it costs memory or time."""

from __future__ import annotations

BODY_LIMIT = 1_048_576
"""Bytes of a body. One with a resource list has some 600 for each member; of these, 200 in the document that names the members,
which like any XML ends at 256 KiB: some 1,300 members."""
HEAD_LIMIT = 65_536
"""Bytes of the start line and all headers."""
DATAGRAM_LIMIT = 65_536
"""Bytes of a message that must fit a datagram: all that we send, for whoever gets it may have no other way."""
STREAM_MESSAGE_LIMIT = HEAD_LIMIT + BODY_LIMIT
"""Bytes of a message that comes: over a stream it may be longer than any datagram."""
HEADERS_LIMIT = 256
"""Header lines of a message, and values of all list headers together."""
LINE_LIMIT = 8_192
"""Bytes of a header with its folded lines, and of the start line."""
PARAMETERS_LIMIT = 64
"""Parameters of one URI, address or Via."""
PARTS_LIMIT = 2_048
"""Parts of a multipart body: one for each member of a resource list, so that bytes bound a list, not this."""
DEPTH_LIMIT = 4
"""Multipart bodies within one another."""
NUMBER_LIMIT = 2**31 - 1
"""The largest CSeq (RFC 3261 8.1.1.5)."""
SECONDS_LIMIT = 2**32 - 1
"""The largest Expires and the like (RFC 3261 20.19)."""
PART_HEADERS_LIMIT = 64
"""Headers of one part."""
