"""What is accepted of others. Whatever is larger is refused before it costs memory or time."""

from __future__ import annotations

MESSAGE_LIMIT = 65_536
"""Bytes of a whole message. No datagram is larger, and no event package's body needs more."""
HEADERS_LIMIT = 256
"""Header lines of a message, and values of all list headers together."""
LINE_LIMIT = 8_192
"""Bytes of a header with its folded lines, and of the start line."""
PARAMETERS_LIMIT = 64
"""Parameters of one URI, address or Via."""
PARTS_LIMIT = 1_024
"""Parts of a multipart body: a resource list has one for each endpoint."""
DEPTH_LIMIT = 4
"""Multipart bodies within one another."""
NUMBER_LIMIT = 2**31 - 1
"""The largest CSeq (RFC 3261 8.1.1.5)."""
SECONDS_LIMIT = 2**32 - 1
"""The largest Expires and the like (RFC 3261 20.19)."""
BODY_LIMIT = 1_048_576
"""Bytes of a multipart body, which need not have come in one SIP message."""
PART_HEADERS_LIMIT = 64
"""Headers of one part."""
