"""Which way the voice flows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip_messages.message import parse
from adapters.sip_messages.sdp import direction
from tests.adapters.sip_messages.test_rfc4475 import read

HEAD = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
NOWHERE = HEAD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0")
AUDIO = "m=audio 4000 RTP/AVP 8\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (HEAD + AUDIO, "sendrecv"),
        (HEAD + AUDIO + "a=sendrecv", "sendrecv"),
        (HEAD + AUDIO + "a=sendonly", "sendonly"),
        (HEAD + AUDIO + "a=recvonly", "recvonly"),
        (HEAD + AUDIO + "a=inactive ", "inactive"),
        (HEAD + AUDIO + "a=rtpmap:8 PCMA/8000\nA=sendonly", "sendrecv"),
        (HEAD + "a=sendonly\n" + AUDIO, "sendonly"),
        (HEAD + "a=sendonly\n" + AUDIO + "a=sendrecv", "sendrecv"),
        (HEAD + "m=video 5000 RTP/AVP 31\na=inactive\n" + AUDIO, "sendrecv"),
        (HEAD + AUDIO + "m=video 5000 RTP/AVP 31\na=inactive\n", "sendrecv"),
        (HEAD + AUDIO + "a=sendonly\n" + AUDIO + "a=inactive\n", "sendonly"),
        (HEAD + "m=audio 0 RTP/AVP 8\na=inactive\n" + AUDIO, "sendrecv"),
        (HEAD + "m=audio 0 RTP/AVP 8\n", "inactive"),
        (HEAD + "m=AUDIO 4000/2 RTP/SAVP 8\n", "sendrecv"),
        (NOWHERE + AUDIO, "sendonly"),
        (NOWHERE + AUDIO + "a=recvonly", "inactive"),
        (NOWHERE + AUDIO + "a=inactive", "inactive"),
        (NOWHERE + AUDIO + "c=IN IP4 192.0.2.1/127\n", "sendrecv"),
        (HEAD + AUDIO + "c=IN IP4 0.0.0.0\n", "sendonly"),
        (HEAD + AUDIO + "c=IN IP6 ::\n", "sendonly"),
        (HEAD, None),
        (HEAD + "m=video 5000 RTP/AVP 31\n", None),
        ("", None),
        ("m=audio", None),
        ("m=audio \n", None),
        ("c=\nm=audio 1 x\nc=", "sendrecv"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_direction(body, told, line_end):
    assert direction(body.replace("\n", line_end).encode()) == told


def test_torture_messages_talk():
    assert direction(parse(read("wsinv")).body) == "sendrecv"
    assert direction(parse(read("invut")).body) is None


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([AUDIO, "c=", "m=audio", "a=", "c= ", "m=\xa0 \x85", "a=sendonly\n"])).map(
        lambda pieces: "".join(pieces).encode()
    )
)
@settings(deadline=None)
def test_any_body(body):
    assert direction(body) in {None, "sendrecv", "sendonly", "recvonly", "inactive"}
