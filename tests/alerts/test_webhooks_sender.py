"""One try over HTTP, against receivers of all manners: what comes of it, in words, within bounds."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.alerts.webhooks import Outcome, WebhookMisconfigured, make_sender, send_once
from tests.alerts.receiver import Receiver, answer, closes_after, drips, floods, hangs, receiving
from tests.alerts.sending import SECRET, Hook, notification


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def sent(**settings: object) -> Outcome:
    return await send_once(Hook(**settings), notification())  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [200, 202, 204, 299])
async def test_any_2xx_is_delivered(receiver: Receiver, status: int) -> None:
    receiver.then(answer(status))
    outcome = await sent(url=receiver.url)
    assert outcome.delivered
    assert (outcome.status, outcome.error, outcome.gone) == (status, None, False)
    assert outcome.seconds > 0


async def test_the_request_is_a_post_of_json_that_tells_its_id_and_time(receiver: Receiver) -> None:
    await sent(url=receiver.url + "?room=3")
    (request,) = receiver.requests
    assert request.line == "POST /hook?room=3 HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("operator-monitor/")
    assert request.headers["webhook-id"] == "n1" == request.json["id"]
    assert request.headers["webhook-timestamp"].isdigit()
    assert "webhook-signature" not in request.headers


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), "c2VjcmV0IG9mIG1pbmU"])
async def test_the_signature_is_accepted_by_the_library_of_receivers(receiver: Receiver, secret: str) -> None:
    await sent(url=receiver.url, secret=secret)
    (request,) = receiver.requests
    assert request.verified(secret)["id"] == "n1"
    request.body += b" "
    with pytest.raises(Exception, match="signature"):
        request.verified(secret)


async def test_a_secret_in_a_file_is_read_anew_and_the_last_good_one_stays(
    receiver: Receiver, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    other = "whsec_" + "A" * 32
    sender = make_sender(Hook(url=receiver.url, secret_file=path))
    await sender.send(notification())
    path.write_text(other)
    await sender.send(notification())
    path.write_text("half wri!")
    await sender.send(notification())
    path.unlink()
    await sender.send(notification())
    await sender.close()
    receiver.requests[0].verified(SECRET)
    for request in receiver.requests[1:]:
        request.verified(other)


@pytest.mark.parametrize(
    ("settings", "key", "problem"),
    [
        ({"secret": "not base64!"}, "secret", "whsec_"),
        ({"secret": ""}, "secret", "openssl rand"),
        ({"secret": "whsec_"}, "secret", "openssl rand"),
        ({"secret_file": Path("/nowhere/secret")}, "secret_file", "can't be read: No such file"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "ca_file", "No such file"),
        ({"ca_file": Path(__file__)}, "ca_file", "PEM"),
        ({"url": "ftp://example.org/x"}, "url", "http"),
        ({"url": "example.org/x"}, "url", "http"),
        ({"url": "http:///x"}, "url", "host"),
        ({"url": "http://[::1/x"}, "url", "http"),
        ({"headers": {"Webhook-Id": "1"}}, "headers.Webhook-Id", "made by the service"),
        (
            {"url": "http://me:hunter2@127.0.0.1/", "headers": {"authorization": "Bearer x"}},
            "headers.Authorization",
            "leave one of them out",
        ),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "headers.'X-A'", "one line"),
        ({"headers": {"X A": "1"}}, "headers.'X A'", "header's name"),
    ],
)
def test_what_can_not_work_is_told_before_anything_is_sent(
    settings: dict[str, object], key: str, problem: str
) -> None:
    with pytest.raises(WebhookMisconfigured, match="webhook ops: ") as caught:
        make_sender(Hook(**settings))  # type: ignore[arg-type]
    assert caught.value.key == key
    assert problem in str(caught.value)
    assert "not base64!" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_configured_headers_are_sent_and_cookies_are_not_kept(receiver: Receiver) -> None:
    receiver.then(answer(200, "Set-Cookie: a=b\r\n"))
    sender = make_sender(Hook(url=receiver.url, headers={"Authorization": "Bearer abc", "User-Agent": "me"}))
    await sender.send(notification())
    await sender.send(notification())
    await sender.close()
    for request in receiver.requests:
        assert request.headers["authorization"] == "Bearer abc"
        assert request.headers["user-agent"] == "me"
        assert "cookie" not in request.headers
    assert receiver.connections == 1  # and the connection is used again


async def test_credentials_in_the_url_become_a_header_and_show_in_no_error(receiver: Receiver) -> None:
    receiver.then(answer(401))
    outcome = await sent(url=receiver.url.replace("//", "//me:hunter2@"))
    assert receiver.requests[0].headers["authorization"].startswith("Basic ")
    assert outcome.error == "it answered 401 Reason"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_not_followed(receiver: Receiver, status: int) -> None:
    async with receiving() as elsewhere:
        receiver.then(answer(status, f"Location: {elsewhere.url}\r\n"))
        outcome = await sent(url=receiver.url)
        assert not outcome.delivered
        assert "redirects are not followed" in (outcome.error or "")
        assert elsewhere.connections == 0


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_other_answers_are_failures_with_their_status(receiver: Receiver, status: int) -> None:
    receiver.then(answer(status, body=b"secret of the receiver"))
    outcome = await sent(url=receiver.url)
    assert (outcome.delivered, outcome.gone, outcome.status) == (False, False, status)
    assert outcome.error == f"it answered {status} Reason"


async def test_410_means_gone(receiver: Receiver) -> None:
    receiver.then(answer(410))
    assert (await sent(url=receiver.url)).gone


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "Retry-After: 120", 120),
        (503, "Retry-After: 120", 120),
        (429, "Retry-After: 999999", 3600),
        (
            429,
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT",
            60,
        ),
        (429, "Retry-After: soon", None),
        (429, "X: y", None),
        (500, "Retry-After: 120", None),
    ],
)
async def test_how_long_a_receiver_wants_to_be_left_alone_is_read(
    receiver: Receiver, status: int, header: str, seconds: float | None
) -> None:
    receiver.then(answer(status, header + "\r\n"))
    assert (await sent(url=receiver.url)).retry_after == seconds


async def test_a_receiver_that_never_answers_is_left_after_the_timeout(receiver: Receiver) -> None:
    receiver.then(hangs)
    outcome = await sent(url=receiver.url, timeout=0.2)
    assert outcome.error == "no complete answer within 0.2 s"
    assert outcome.seconds < 5


async def test_a_body_that_drips_is_left_after_the_timeout(receiver: Receiver) -> None:
    receiver.then(drips)
    outcome = await sent(url=receiver.url, timeout=0.3)
    assert outcome.error == "no complete answer within 0.3 s"


async def test_a_connection_that_is_never_accepted_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        full = [socket.socket() for _ in range(4)]  # the queue of the listener is full with these
        for one in full:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        outcome = await sent(url=f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.2)
        assert outcome.error == "no complete answer within 0.2 s"
        for one in full:
            one.close()


async def test_an_endless_body_is_not_read_and_counts_as_delivered(receiver: Receiver) -> None:
    receiver.then(floods)
    outcome = await sent(url=receiver.url, timeout=10.0)
    assert outcome.delivered
    assert outcome.seconds < 5


async def test_a_packed_body_is_not_unpacked(receiver: Receiver) -> None:
    for body in (gzip.compress(bytes(2_000_000)), b"not packed at all"):
        assert len(body) < 4_096
        receiver.then(answer(200, "Content-Encoding: gzip\r\n", body))
        assert (await sent(url=receiver.url)).delivered


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"", "it closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "it closed the connection without an answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it",
            "it closed the connection in the middle of its answer",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            "it closed the connection in the middle of its answer",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "its answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "its answer is not HTTP"),
    ],
)
async def test_an_answer_that_breaks_off_is_a_failure(receiver: Receiver, head: bytes, error: str) -> None:
    receiver.then(closes_after(head))
    outcome = await sent(url=receiver.url)
    assert not outcome.delivered
    assert outcome.error == error


async def test_a_closed_port_is_told_without_the_address(unused_tcp_port: int) -> None:
    outcome = await sent(url=f"http://127.0.0.1:{unused_tcp_port}/token-in-the-path")
    assert not outcome.delivered
    assert "no connection" in (outcome.error or "")
    assert "token" not in (outcome.error or "")


class Names(AbstractResolver):
    """Resolves as a test says."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if not self.addresses:
            raise OSError("no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254"]
)
async def test_a_name_that_leads_to_a_refused_address_is_not_connected_to(address: str) -> None:
    outcome = await send_once(
        Hook(url="http://metadata.example/latest"), notification(), resolver=Names(address)
    )
    assert not outcome.delivered
    assert "link-local or metadata address" in (outcome.error or "")


async def test_a_name_with_a_good_address_besides_is_connected_to_there(receiver: Receiver) -> None:
    hook = Hook(url=f"http://receiver.example:{receiver.port}/hook")
    assert (await send_once(hook, notification(), resolver=Names("169.254.169.254", "127.0.0.1"))).delivered
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"


async def test_a_name_that_is_none_is_told() -> None:
    outcome = await send_once(Hook(url="http://nobody.example/"), notification(), resolver=Names())
    assert outcome.error == "its name can't be resolved"


async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await sent(url=receiver.url)).delivered


# --- TLS ---------------------------------------------------------------------------------------------------


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.ca = trustme.CA()
        self.file = directory / "ca.pem"
        self.ca.cert_pem.write_to_path(self.file)

    def server(self, *names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.ca.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_certificate_of_nobody_we_know_is_refused(authority: Authority) -> None:
    async with receiving(authority.server("127.0.0.1")) as receiver:
        outcome = await sent(url=receiver.url)
        assert not outcome.delivered
        assert "its certificate is not trusted" in (outcome.error or "")
        assert receiver.requests == []


async def test_a_certificate_of_the_configured_authority_is_trusted(authority: Authority) -> None:
    async with receiving(authority.server("127.0.0.1")) as receiver:
        outcome = await sent(url=receiver.url, ca_file=authority.file, secret=SECRET)
        assert outcome.delivered
        receiver.requests[0].verified(SECRET)


async def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    async with receiving(authority.server("elsewhere.example")) as receiver:
        outcome = await sent(url=receiver.url, ca_file=authority.file)
        assert "its certificate is not trusted" in (outcome.error or "")
        assert receiver.requests == []


async def test_a_receiver_without_tls_is_told() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    outcome = await sent(url=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert "TLS failed" in (outcome.error or "")
    server.close()
