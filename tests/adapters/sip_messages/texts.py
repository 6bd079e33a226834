"""Messages for the tests, and how to write them."""


def sip(text: str, body: bytes = b"") -> bytes:
    """Return a message with CR LF: its start line and headers are a text's lines."""
    return "\r\n".join(text.strip().splitlines()).encode() + b"\r\n\r\n" + body


NOTIFY_BODY = b"<dialog-info/>"
NOTIFY = sip(
    """
NOTIFY sip:monitor@192.0.2.5:5070 SIP/2.0
Via: SIP/2.0/UDP pbx1:5060;rport;branch=z9hG4bKPj1
Max-Forwards: 70
From: "Anna Petrova" <sip:101@pbx1>;tag=as1
To: <sip:monitor@192.0.2.5>;tag=m1
Contact: <sip:101@pbx1:5060>
Call-ID: c1@monitor
CSeq: 7 NOTIFY
Event: dialog;id=e1
Subscription-State: active;expires=3600
Content-Type: application/dialog-info+xml;charset="utf-8"
Content-Length: 14
""",
    NOTIFY_BODY,
)
OK = sip(
    """
SIP/2.0 200 OK
Via: SIP/2.0/TCP [2001:db8::1]:5070;received=2001:db8::1;branch=z9hG4bK2
From: <sip:monitor@192.0.2.5>;tag=m1
To: <sip:101@pbx1>;tag=as1
Call-ID: c1@monitor
CSeq: 2 SUBSCRIBE
Expires: 3600
Content-Length: 0
"""
)


def replaced(old: bytes, new: bytes, message: bytes = NOTIFY) -> bytes:
    """Return a message with one piece of it changed."""
    assert message.count(old) == 1
    return message.replace(old, new)
