"""Opening connections: why there is none is said in words, with what to do."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import pytest
import trustme

from adapters.common.streams import NoConnection, Remedies, open_stream, why

REMEDIES = Remedies(refused="start it", no_tls="use the other port")


async def reason(host: str, port: int, *, tls=None, name=None, seconds=10.0) -> tuple[str, str]:
    with pytest.raises(NoConnection) as caught:
        await open_stream(host, port, tls=tls, name=name, seconds=seconds, limit=1_024, remedies=REMEDIES)
    return caught.value.reason, caught.value.remedy


async def quiet(_reader, writer) -> None:
    writer.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_nothing_listens(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
        bound.bind((host, 0))  # bound, and not listening
        port = bound.getsockname()[1]
        where = f"[::1]:{port}" if ":" in host else f"{host}:{port}"
        assert await reason(host, port) == (f"{where}: nothing listens there", "start it")


async def test_no_answer():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()  # the kernel takes the connection, nobody shakes hands
        port = bound.getsockname()[1]
        said, remedy = await reason("127.0.0.1", port, tls=ssl.create_default_context(), seconds=0.2)
        assert said == f"127.0.0.1:{port} did not answer within 0 s"
        assert "firewall" in remedy


async def test_no_such_host():
    said, remedy = await reason("no such host", 1)
    assert said.startswith("no such host is not a known host: ")
    assert remedy == "correct `host`"


async def test_certificate_is_judged_by_the_name():
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("pbx.example.org").configure_cert(theirs)
    server = await asyncio.start_server(quiet, "127.0.0.1", 0, ssl=theirs)
    port = server.sockets[0].getsockname()[1]
    async with server:
        said, remedy = await reason("127.0.0.1", port, tls=ours, name="pbx.example.org")
        assert "the certificate is not trusted: " in said
        assert "ca_file" in remedy
        authority.configure_trust(ours)
        assert "not trusted" in (await reason("127.0.0.1", port, tls=ours))[0]
        assert "not trusted" in (await reason("127.0.0.1", port, tls=ours, name="other.example.org"))[0]
        _, writer = await open_stream(
            "127.0.0.1", port, tls=ours, name="pbx.example.org", seconds=10, limit=1_024, remedies=REMEDIES
        )
        writer.transport.abort()


async def test_no_tls_there():
    async def talks(reader, writer) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(talks, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        said, remedy = await reason("127.0.0.1", port, tls=ssl.create_default_context())
    assert said.startswith(f"127.0.0.1:{port} does not speak TLS: ")
    assert remedy == "use the other port"


def test_reasons_of_the_protocol_come_first():
    assert why(OSError(errno.EHOSTUNREACH, "x"), {})[0] == "there is no route to that host"
    assert why(OSError(errno.EHOSTUNREACH, "x"), {errno.EHOSTUNREACH: ("a", "b")}) == ("a", "b")
    assert why(OSError(errno.EIO, "it broke"), {}) == ("it broke", "see the network")
    assert why(OSError("it broke"), {}) == ("it broke", "see the network")
