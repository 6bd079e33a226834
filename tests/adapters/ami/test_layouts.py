"""Known layouts: reading by them gives what the careful parse gives, never anything else, and stays bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ami.layouts import KEY_LIMIT, KEYS_LIMIT, LAYOUTS_LIMIT, Layouts
from adapters.ami.message import Message
from adapters.ami.protocol import AmiProtocol, Limits

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
NAMES = frozenset({b"A", b"Agents", b"Newchannel"})
KEYS = st.sampled_from(
    ["Channel", "channel", "Uniqueid", "CallerIDName", "Event", "Response", "X-1", "A.B", "(", "é"]
)
VALUES = st.text(st.characters(codec="utf-8")).filter(
    lambda value: "\r\n" not in value and not value.endswith("\r")
)
LINES = st.builds("{}{}{}".format, KEYS, st.sampled_from([": ", ":", ":  ", " "]), VALUES)


def started(limits: Limits | None = None) -> AmiProtocol:
    protocol = AmiProtocol(NAMES, limits)
    protocol.receive_data(BANNER)
    return protocol


def message(name: str, lines: list[str]) -> bytes:
    return "\r\n".join([f"Event: {name}", *lines]).encode() + b"\r\n\r\n"


def taught(data: bytes) -> AmiProtocol:
    """A protocol that met the message before: once for its keys, once for its layout."""
    protocol = started()
    protocol.receive_data(data + data)
    protocol.skipped.clear()
    return protocol


@settings(deadline=None)
@given(
    st.sampled_from(["A", "Agents", "Newchannel"]), st.lists(LINES, max_size=8), st.lists(LINES, max_size=8)
)
def test_a_message_is_the_same_whether_its_layout_is_known_or_not(name, lines, others):
    data, other = message(name, lines), message(name, others)
    for known in (data, other):
        protocol, fresh = taught(known), started()
        assert protocol.receive_data(data) == fresh.receive_data(data)
        assert protocol.skipped == fresh.skipped


def test_values_may_be_anything_that_is_no_line_break():
    layouts = Layouts()
    layouts.learn(["Event", "Channel"])
    for value in ("", ": ", "Channel: x", "a\nb", "\u2028", "'\"\\", "é" * 1_000):
        assert layouts.read(f"Event: A\r\nChannel: {value}".encode()) == {"event": "A", "channel": value}


def test_another_key_order_case_or_number_is_another_layout():
    layouts = Layouts()
    layouts.learn(["Event", "Channel", "Uniqueid"])
    for text in (
        "Event: A\r\nUniqueid: 1\r\nChannel: c",
        "Event: A\r\nchannel: c\r\nUniqueid: 1",
        "Event: A\r\nChannel: c",
        "Event: A\r\nChannel: c\r\nUniqueid: 1\r\nMore: x",
        "Event: A\r\nChannel:c\r\nUniqueid: 1",
        "Event: A\r\nChannel: c\r\n\r\nUniqueid: 1",
    ):
        assert layouts.read(text.encode()) is None


def test_a_key_is_no_pattern():
    layouts = Layouts()
    layouts.learn(["Event", "A.B", "(x)*"])
    assert layouts.read(b"Event: A\r\nA.B: 1\r\n(x)*: 2") == {"event": "A", "a.b": "1", "(x)*": "2"}
    assert layouts.read(b"Event: A\r\nAxB: 1\r\n(x)*: 2") is None


def test_no_more_is_remembered_than_the_limits_say():
    layouts = Layouts()
    layouts.learn(["Event", *(f"K{number}" for number in range(KEYS_LIMIT))])
    layouts.learn(["Event", "K" * (KEY_LIMIT + 1)])
    for number in range(LAYOUTS_LIMIT + 1):
        layouts.learn(["Event", f"K{number}"])
    known = [number for number in range(LAYOUTS_LIMIT + 1) if layouts.read(b"Event: A\r\nK%d: v" % number)]
    assert known == list(range(LAYOUTS_LIMIT))
    assert layouts.read(b"Event: A\r\n" + b"K" * (KEY_LIMIT + 1) + b": v") is None


def test_what_does_not_fit_fails_without_trying_again_and_again():
    layouts = Layouts()
    keys = ["Event", *(f"K{number}" for number in range(60))]
    layouts.learn(keys)
    hostile = "Event: A\r\n" + "\r\n".join(f"K{number}: " + "K0: " * 200 for number in range(59)) + "\r\nL: v"
    assert layouts.read(hostile.encode()) is None  # hangs if the pattern backtracks


def test_a_line_too_long_is_refused_in_a_known_layout_too():
    protocol = started(Limits(line=100))
    short = message("A", ["Channel: c", "Uniqueid: 1"])
    assert len(protocol.receive_data(short * 3)) == 3
    assert protocol.receive_data(message("A", ["Channel: " + "c" * 100, "Uniqueid: 1"])) == []
    assert protocol.skipped == {"line_too_long": 1}


def test_invalid_utf_8_is_counted_in_a_known_layout_too():
    protocol = taught(message("A", ["Channel: c"]))
    messages = protocol.receive_data(b"Event: A\r\nChannel: \xff\r\n\r\n")
    assert messages == [Message("A", {"event": "A", "channel": "\N{REPLACEMENT CHARACTER}"})]
    assert protocol.skipped == {"invalid_utf8": 1}


def test_old_command_output_is_passed_over_though_it_looks_like_a_known_event():
    known = message("A", ["Channel: c"])
    protocol = taught(known)
    messages = protocol.receive_data(
        b"Response: Follows\r\nPrivilege: Command\r\n\r\n" + known + b"--END COMMAND--\r\n\r\n" + known
    )
    assert [one.response or one.name for one in messages] == ["Follows", "A"]


def test_glued_lines_of_the_agents_list_are_parted_every_time():
    data = message("Agents", ["Agent: 1", "CallStarted: 5\nLoggedInTime: 6"])
    for one in started().receive_data(data * 4):
        assert (one.get("callstarted"), one.get("loggedintime")) == ("5", "6")
