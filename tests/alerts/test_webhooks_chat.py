"""Chat services by way of apprise, which is an optional extra."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from monitor.alerts.webhooks import WebhookMisconfigured, make_sender, send_once
from tests.alerts.receiver import Receiver, answer, hangs, receiving
from tests.alerts.sending import Hook, notification

# Of apprise's own plugins, loaded on demand.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def _apprise() -> None:
    pytest.importorskip("apprise")


def hook(receiver: Receiver, **more: object) -> Hook:
    """Return a hook to a service of apprise's own that is a plain POST."""
    return Hook(url=f"json://127.0.0.1:{receiver.port}/room", format="apprise", **more)  # type: ignore[arg-type]


@pytest.mark.usefixtures("_apprise")
async def test_people_read_what_is_the_matter_in_their_language(receiver: Receiver) -> None:
    outcome = await send_once(hook(receiver, language="ru"), notification())
    assert outcome.delivered, outcome
    (request,) = receiver.requests
    assert request.line.startswith("POST /room")
    said = request.json
    assert said["title"] == "Критично: waiting"
    assert said["message"] == "Критично: Продажи: ждут 7"
    assert said["type"] == "failure"


@pytest.mark.usefixtures("_apprise")
async def test_a_refusal_is_told_with_its_status_and_without_the_address(receiver: Receiver) -> None:
    receiver.then(answer(403))
    outcome = await send_once(hook(receiver), notification())
    assert (outcome.delivered, outcome.status) == (False, 403)
    assert outcome.error == "the chat service answered 403"


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.mark.usefixtures("_apprise")
async def test_nothing_of_its_address_gets_into_our_log_however_much_is_logged(receiver: Receiver) -> None:
    receiver.then(answer(403))
    root, handler = logging.getLogger(), _Lines()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        await send_once(hook(receiver), notification())
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert len(receiver.requests) == 1
    assert [line for line in handler.lines if "room" in line] == []


@pytest.mark.usefixtures("_apprise")
async def test_a_service_that_is_not_there_is_told(unused_tcp_port: int) -> None:
    outcome = await send_once(
        Hook(url=f"json://127.0.0.1:{unused_tcp_port}/", format="apprise"), notification()
    )
    assert outcome.error == "the chat service was not reached"


@pytest.mark.usefixtures("_apprise")
async def test_a_service_that_hangs_is_left_after_the_timeout(receiver: Receiver) -> None:
    receiver.then(hangs)
    outcome = await send_once(hook(receiver, timeout=0.3), notification())
    assert not outcome.delivered
    assert outcome.seconds < 3


@pytest.mark.usefixtures("_apprise")
async def test_redirects_are_not_followed_here_either(receiver: Receiver) -> None:
    async with receiving() as elsewhere:
        receiver.then(answer(307, f"Location: {elsewhere.url}\r\n"))
        outcome = await send_once(hook(receiver), notification())
        assert not outcome.delivered
        assert elsewhere.connections == 0


@pytest.mark.usefixtures("_apprise")
@pytest.mark.parametrize("url", ["nonsense", "nobody-knows://x", "tgram://", "json://169.254.169.254/latest"])
def test_an_address_that_can_not_be_used_is_told_before_anything_is_sent(url: str) -> None:
    with pytest.raises(WebhookMisconfigured, match="webhook ops: url: "):
        make_sender(Hook(url=url, format="apprise"))


def test_without_apprise_a_webhook_that_needs_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(WebhookMisconfigured, match=r"pip install 'operator-monitor\[chat\]'"):
        make_sender(Hook(url="json://127.0.0.1/", format="apprise"))


def test_apprise_is_imported_only_where_it_is_needed() -> None:
    code = (
        "import sys; from monitor.alerts.webhooks import make_sender; from tests.alerts.sending import Hook;"
        "make_sender(Hook(url='http://127.0.0.1/')); sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
