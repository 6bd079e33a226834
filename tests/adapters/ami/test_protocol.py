"""The wire format: what comes out is the same however the bytes come in, and nothing hostile does harm."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ami.action import build_action
from adapters.ami.errors import ActionError
from adapters.ami.message import Message, unescape
from adapters.ami.protocol import AmiProtocol, Limits

RECORDING = (Path(__file__).parent / "stream" / "mixed.ami").read_bytes()
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
INTERESTING = frozenset({b"AgentConnect", b"QueueMember", b"UserEvent", b"Agents", b"A"})
EVERYTHING = frozenset(line[7:] for line in RECORDING.split(b"\r\n") if line.startswith(b"Event: "))


def plain(message: Message) -> tuple[str, str, list[tuple[str, list[str]]]]:
    """All of a message, comparable."""
    return message.name, message.response, [(key, message.get_all(key)) for key in message.fields]


def parse(*reads: bytes, interesting: frozenset[bytes] = INTERESTING, limits: Limits | None = None):
    protocol = AmiProtocol(interesting, limits)
    messages = [message for data in (BANNER, *reads) for message in protocol.receive_data(data)]
    return messages, protocol


def one(data: bytes) -> Message:
    messages, _ = parse(data)
    assert len(messages) == 1
    return messages[0]


# --- ordinary messages ---------------------------------------------------------------------------------------


def test_event_is_named_and_its_keys_are_lower_case():
    message = one(b"Event: AgentConnect\r\nPrivilege: agent,all\r\nMemberName: Anna\r\n\r\n")
    assert (message.name, message.response) == ("AgentConnect", "")
    assert message.get("membername") == "Anna"
    assert message.get("nothing") == ""
    assert message.get("nothing", "x") == "x"


def test_response_is_no_event():
    message = one(b"Response: Success\r\nActionID: 1\r\nMessage: fine\r\n\r\n")
    assert (message.name, message.response, message.get("actionid")) == ("", "Success", "1")


@pytest.mark.parametrize("line", [b"Key:value", b"Key: value", b"kEY: value"])
def test_blank_after_the_colon_is_optional_and_case_is_free(line):
    assert one(b"Event: A\r\n" + line + b"\r\n\r\n").get("key") == "value"


def test_name_without_blank_or_in_other_case_is_found_all_the_same():
    assert one(b"event:A\r\nK: v\r\n\r\n").name == "A"
    assert parse(b"event:Other\r\nK: v\r\n\r\n")[0] == []


def test_only_one_blank_belongs_to_the_separator():
    assert one(b"Event: A\r\nK:  v \r\nEmpty:\r\n\r\n").fields == {"event": "A", "k": " v ", "empty": ""}


def test_colons_in_a_value_stay():
    assert one(b"Event: A\r\nHint: hint:1001@ext-local\r\n\r\n").get("hint") == "hint:1001@ext-local"


def test_repeated_keys_keep_their_order_and_the_first_is_the_field():
    message = one(b"Event: A\r\nChanVariable: x=1\r\nK: v\r\nChanVariable: y=2\r\nchanvariable: z=3\r\n\r\n")
    assert message.get("chanvariable") == "x=1"
    assert message.get_all("chanvariable") == ["x=1", "y=2", "z=3"]
    assert message.get_all("k") == ["v"]
    assert message.get_all("nothing") == []


def test_banner_is_one_line_without_a_blank_one():
    messages, protocol = parse(b"Event: A\r\n\r\n")
    assert protocol.banner == "Asterisk Call Manager/11.0.0"
    assert [message.name for message in messages] == ["A"]


def test_repr_shows_no_values():
    assert "secret" not in repr(one(b"Event: A\r\nKey: secret\r\n\r\n"))


def test_output_lines_of_a_command_are_repeated_keys():
    message = one(
        b"Response: Success\r\nMessage: Command output follows\r\nOutput: a\r\nOutput: b: c\r\n\r\n"
    )
    assert message.get_all("output") == ["a", "b: c"]


def test_old_command_output_is_passed_over_up_to_its_end():
    messages, _ = parse(
        b"Response: Follows\r\nPrivilege: Command\r\nfirst line\nsecond: line\n\r\n\r\nEvent: A\r\n\r\n"
        b"more\n--END COMMAND--\r\n\r\nEvent: A\r\nK: true\r\n\r\n"
    )
    assert [(m.name, m.response, m.get("k")) for m in messages] == [("", "Follows", ""), ("A", "", "true")]
    messages, _ = parse(b"Response: Follows\r\nx\n--END COMMAND--\r\n\r\nEvent: A\r\n\r\n")
    assert [m.name for m in messages] == ["", "A"]


def test_agents_list_with_its_lone_line_feed_is_repaired():
    message = one(b"Event: Agents\r\nAgent: 1\r\nCallStarted: 1795473433\nLoggedInTime: 1795470000\r\n\r\n")
    assert message.get("callstarted") == "1795473433"
    assert message.get("loggedintime") == "1795470000"


# --- hostile and broken bytes --------------------------------------------------------------------------------


def test_second_event_header_does_not_rename_an_event():
    message = one(b"Event: UserEvent\r\nPrivilege: user,all\r\nEvent: AgentConnect\r\nQueue: q\r\n\r\n")
    assert message.name == "UserEvent"
    assert message.get_all("event") == ["UserEvent", "AgentConnect"]


def test_response_header_inside_an_event_does_not_make_it_a_response():
    message = one(b"Event: UserEvent\r\nResponse: Success\r\nActionID: 1\r\n\r\n")
    assert (message.name, message.response) == ("UserEvent", "")


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\n", "\r", "\x0b", "\x0c", "\x1c"])
def test_no_other_line_end_starts_a_header(sign):
    message = one(f"Event: A\r\nCallerIDName: x{sign}Event: Shutdown{sign}Key: v\r\n\r\n".encode())
    assert message.name == "A"
    assert list(message.fields) == ["event", "calleridname"]
    assert message.get("calleridname") == f"x{sign}Event: Shutdown{sign}Key: v"


def test_line_without_colon_is_skipped_and_counted():
    messages, protocol = parse(b"Event: A\r\nnonsense\r\n: no key\r\nK: v\r\n\r\n")
    assert [message.fields for message in messages] == [{"event": "A", "k": "v"}]
    assert protocol.skipped == {"line_without_key": 2}


@pytest.mark.parametrize("line", [b"K", b"K:", b"K:v", b"K:v: w", b"K:  v", b"K: v: w", b": v", b"k: v", b""])
def test_odd_line_means_the_same_whether_its_key_was_seen_before_or_not(line):
    odd = b"Event: A\r\nB: 1\r\n" + line + b"\r\nC: 2\r\n\r\n"
    first = parse(odd)[0]
    later = parse(b"Event: A\r\nB: 1\r\nK: v\r\nC: 2\r\n\r\n", odd)[0][1:]
    assert [plain(message) for message in first] == [plain(message) for message in later]


def test_message_that_is_neither_event_nor_response_is_skipped_and_counted():
    messages, protocol = parse(b"Foo: bar\r\n\r\nEvent:\r\n\r\nEvent: A\r\n\r\n")
    assert [message.name for message in messages] == ["A"]
    assert protocol.skipped == {"neither_event_nor_response": 2}


def test_blank_lines_between_messages_are_nothing():
    messages, protocol = parse(b"\r\n\r\n\r\nEvent: A\r\n\r\n\r\n\r\n\r\n\r\nEvent: A\r\nK: v\r\n\r\n")
    assert [message.fields for message in messages] == [{"event": "A"}, {"event": "A", "k": "v"}]
    assert not protocol.skipped


def test_invalid_utf8_is_replaced_and_counted():
    messages, protocol = parse(b"Event: A\r\nName: a\xff\xfeb\r\n\r\n")
    assert messages[0].get("name") == "a\ufffd\ufffdb"
    assert protocol.skipped == {"invalid_utf8": 1}


def test_character_split_over_two_reads_is_whole():
    data = "Event: A\r\nName: Ольга 👩\r\n\r\n".encode()
    for cut in range(len(data)):
        messages, protocol = parse(data[:cut], data[cut:])
        assert [message.get("name") for message in messages] == ["Ольга 👩"]
        assert not protocol.skipped


@pytest.mark.parametrize(
    ("hostile", "kind"),
    [
        (b"Event: A\r\nLong: " + b"x" * 70_000, "line_too_long"),
        (b"Event: A\r\nLong: " + b"x\r\ny: " * 300_000, "message_too_long"),
        (b"Event: A" + b"\r\nKey: v" * 10_000, "too_many_headers"),
        (b"Response: Success" + b"\r\nKey: v" * 70_000, "too_many_headers"),
        (b"x" * 3_000_000, "message_too_long"),
    ],
)
@pytest.mark.parametrize("size", [65_536, 1_000, 10**9])
def test_what_is_too_large_is_dropped_counted_and_parsing_goes_on(hostile, kind, size):
    stream = hostile + b"\r\n\r\nEvent: A\r\nAfter: yes\r\n\r\n"
    messages, protocol = parse(*(stream[at : at + size] for at in range(0, len(stream), size)))
    assert [message.fields for message in messages] == [{"event": "A", "after": "yes"}]
    assert protocol.skipped == {kind: 1}


def test_queues_conf_with_many_lines_is_no_message_too_large():
    lines = b"".join(b"Line-000001-%06d: member=PJSIP/%d\r\n" % (n, n) for n in range(20_000))
    messages, protocol = parse(b"Response: Success\r\n" + lines + b"\r\n")
    assert len(messages[0].fields) == 20_001
    assert not protocol.skipped


def test_memory_stays_bounded_on_an_endless_line():
    protocol = AmiProtocol(INTERESTING)
    protocol.receive_data(BANNER)
    for _ in range(200):
        protocol.receive_data(b"x" * 65_536)
        assert len(protocol._buffer) <= Limits().message + 65_536
    assert protocol.skipped == {"message_too_long": 1}


def test_memory_stays_bounded_on_ever_new_keys():
    protocol = AmiProtocol(INTERESTING)
    protocol.receive_data(BANNER)
    for n in range(10_000):
        assert protocol.receive_data(b"Event: A\r\nKey-%d: v\r\n\r\n" % n)[0].get(f"key-{n}") == "v"
    assert len(protocol._keys) < 3_000


def test_banner_that_never_ends_is_taken_as_far_as_it_goes():
    protocol = AmiProtocol(INTERESTING)
    for _ in range(3):
        protocol.receive_data(b"\x16\x03\x01" * 200)
    assert protocol.banner is not None
    assert len(protocol.banner) <= 1_024


def test_truncated_message_is_never_handed_out():
    assert parse(b"Event: A\r\nK: v\r\n")[0] == []


# --- dropping ------------------------------------------------------------------------------------------------


def test_uninteresting_events_are_dropped_before_they_are_looked_into():
    messages, protocol = parse(
        b"Event: VarSet\r\n\xff\xff no colon\r\n\r\nEvent: A\r\n\r\nEvent: VarSet\r\n\r\n"
    )
    assert [message.name for message in messages] == ["A"]
    assert protocol.dropped == 2
    assert not protocol.skipped  # nobody read them


def test_event_whose_name_begins_like_an_interesting_one_is_dropped():
    assert parse(b"Event: AgentConnectX\r\n\r\nEvent: Agent\r\n\r\n")[0] == []


# --- any split -----------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b"Event: A\r\nK: v\r\n\r\n",
        b"Event: VarSet\r\nK: v\r\n\r\n",
        b"Response: Success\r\nActionID: 7\r\n\r\n",
        b"Response: Follows\r\nx\n\r\n\r\n",
        b"y\n--END COMMAND--\r\n\r\n",
        "Event: A\r\nName: Ж👩\u2028\r\n\r\n".encode(),
        b"Event: A\r\nName: \xd0\r\n\r\n",
        b"Event: A\r\n" + b"K: v\r\n" * 30 + b"\r\n",
        b"Event: A\r\nLong: " + b"x" * 60 + b"\r\n\r\n",
        b"Event: A\r\nLong: " + b"x" * 300 + b"\r\n\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b"no colon\r\n",
        b": \r\n\r\n",
    ]
)
SMALL = Limits(line=50, message=120, event_headers=8, response_headers=8)


@settings(deadline=None)
@given(st.data())
def test_any_split_of_the_stream_gives_the_same_messages(data):
    stream = b"".join(data.draw(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=12)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    whole, _ = parse(stream, limits=SMALL)
    reads = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    split, _ = parse(*reads, limits=SMALL)
    single, _ = parse(*(stream[n : n + 1] for n in range(len(stream))), limits=SMALL)
    assert [plain(m) for m in whole] == [plain(m) for m in split] == [plain(m) for m in single]


@given(
    st.lists(st.tuples(st.sampled_from("KLM"), st.text(st.characters(exclude_characters="\r\n"))), max_size=8)
)
def test_what_was_written_is_what_is_read(headers):
    lines = ["Event: A", *(f"{key}: {value}" for key, value in headers)]
    message = one(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace"))
    for key in {key for key, _ in headers}:
        written = [value.encode("utf-8", "replace").decode() for name, value in headers if name == key]
        assert message.get_all(key.lower()) == written


def test_real_recording_byte_by_byte_gives_the_same_messages():
    whole = AmiProtocol(EVERYTHING)
    expected = [plain(message) for message in whole.receive_data(RECORDING)]
    assert len(expected) == RECORDING.count(b"\r\n\r\n")
    assert not whole.skipped
    single = AmiProtocol(EVERYTHING)
    got = [plain(m) for n in range(len(RECORDING)) for m in single.receive_data(RECORDING[n : n + 1])]
    assert got == expected


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5_000))
def test_real_recording_in_reads_of_any_size_gives_the_same_messages(size):
    protocol = AmiProtocol(frozenset({b"AgentConnect", b"QueueCallerJoin"}))
    digest = hashlib.sha256()
    for at in range(0, len(RECORDING), size):
        for message in protocol.receive_data(RECORDING[at : at + size]):
            digest.update(repr(plain(message)).encode())
    assert digest.hexdigest() == EXPECTED_DIGEST


def _digest() -> str:
    protocol = AmiProtocol(frozenset({b"AgentConnect", b"QueueCallerJoin"}))
    messages = protocol.receive_data(RECORDING)
    assert messages
    return hashlib.sha256(b"".join(repr(plain(message)).encode() for message in messages)).hexdigest()


EXPECTED_DIGEST = _digest()


# --- values and actions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "meant"),
    [
        (r"O\'Brien", "O'Brien"),
        (r"\"Anna\" <1>", '"Anna" <1>'),
        (r"a\\nb", r"a\nb"),
        (r"a\nb\tc\r", "a\nb\tc\r"),
        (r"what\?", "what?"),
        (r"un\known \x", r"un\known \x"),
        ("ends with \\", "ends with \\"),
        ("plain", "plain"),
    ],
)
def test_names_are_unescaped_as_asterisk_escapes_them(wire, meant):
    assert unescape(wire) == meant


def test_action_is_written_in_order_and_ends_with_a_blank_line():
    assert build_action("Ping", (("ActionID", "a-1"),)) == b"Action: Ping\r\nActionID: a-1\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
def test_action_refuses_what_would_start_another_header(value):
    with pytest.raises(ActionError) as caught:
        build_action("Login", (("Username", value),))
    assert caught.value.field == "Username"


@pytest.mark.parametrize("key", ["", "A: b\r\nC", "A:", "Ключ", "a b"])
def test_action_refuses_a_key_that_is_none(key):
    with pytest.raises(ActionError):
        build_action("Ping", ((key, "v"),))


def test_action_keeps_to_asterisks_limits():
    build_action("A", (("K", "x" * 1_020),))
    with pytest.raises(ActionError, match="1023"):
        build_action("A", (("K", "x" * 1_021),))
    with pytest.raises(ActionError, match="1023"):
        build_action("A", (("K", "ж" * 600),))
    build_action("A", (("K", "v"),) * 127)
    with pytest.raises(ActionError, match="128"):
        build_action("A", (("K", "v"),) * 128)


def test_a_sieve_drops_what_a_look_at_the_bytes_shows_to_mean_nothing() -> None:
    protocol = AmiProtocol(
        frozenset({b"VarSet", b"DeviceStateChange"}),
        sieve={
            b"VarSet": (b"\r\nVariable: QUEUESTATUS", True),
            b"DeviceStateChange": (b"\r\nDevice: Queue:", False),
        },
    )
    protocol.receive_data(b"Asterisk Call Manager/11.0.0\r\n")
    messages = protocol.receive_data(
        b"Event: VarSet\r\nVariable: QUEUESTATUS\r\nValue: TIMEOUT\r\n\r\n"
        b"Event: VarSet\r\nVariable: OTHER\r\nValue: TIMEOUT\r\n\r\n"
        b"Event: DeviceStateChange\r\nDevice: Queue:sales\r\nState: INUSE\r\n\r\n"
        b"Event: DeviceStateChange\r\nDevice: PJSIP/101\r\nState: INUSE\r\n\r\n"
    )
    assert [message.get("variable") or message.get("device") for message in messages] == [
        "QUEUESTATUS",
        "PJSIP/101",
    ]
    assert protocol.dropped == 2
