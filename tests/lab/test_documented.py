"""What docs/sip.md and docs/hep.md tell people to write into Asterisk's configuration works as it stands there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.lab.asterisk import SECRET, Asterisk
from tests.lab.conftest import OpenScene, Watch
from tests.lab.monitored import Monitored
from tests.lab.office import office
from tests.lab.process import free_port

DOCS = Path(__file__).parents[2] / "docs"
QUEUE = "[sales]\nmember => PJSIP/101,0,Anna\nmember => PJSIP/102,0,Boris\n"
NAMES = {"101": "Anna", "102": "Boris"}
BOTH = tuple(NAMES.values())


def documented(page: str, beginning: str, **replaced: str) -> str:
    """Return the block of configuration that begins so, with what is particular to this machine in its place."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (block,) = (one for one in re.findall(r"```ini\n(.*?)```", text, re.DOTALL) if one.startswith(beginning))
    for old, new in replaced.items():
        assert old in block or old == "address"
        block = block.replace("10.0.0.20:5070" if old == "address" else old, new)
    return re.sub(r"choose-a\S*", SECRET, block).replace("10.0.0.20:9060", replaced.get("address", ""))


def append(asterisk: Asterisk, file: str, text: str) -> None:
    with (asterisk.directory / "etc" / file).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{text}")


async def console(asterisk: Asterisk, page: str) -> None:
    """Run the commands that a page has for Asterisk's console."""
    commands = re.findall(
        r'^    asterisk -rx "(.*)"', (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert commands
    for command in commands:
        printed = await asyncio.to_thread(asterisk.cli, command)
        assert "No such" not in printed


async def test_asterisks_hints_list_and_pushes(open_scene: OpenScene, watch_with: Watch) -> None:
    port = free_port()
    scene = await open_scene(office(QUEUE, *NAMES, registers=True))
    stage, asterisk = scene.stage, scene.asterisk
    append(asterisk, "extensions.conf", documented("sip.md", "[hints]"))
    for beginning in ("[monitor]", "[agents]"):
        append(asterisk, "pjsip.conf", documented("sip.md", beginning))
    append(asterisk, "pjsip.conf", documented("sip.md", "[monitor-push]", address=f"127.0.0.1:{port}"))
    await console(asterisk, "sip.md")
    push = {"username": "pusher", "secret": SECRET}
    views = [
        Monitored.by_sip(asterisk.sip_port, watch=NAMES, registration="presence"),
        Monitored.by_sip(
            asterisk.sip_port, watch=NAMES, lists=["sip:agents@127.0.0.1"], registration="presence"
        ),
        Monitored.by_sip(asterisk.sip_port, watch=NAMES, listen=f"127.0.0.1:{port}", push=push),
    ]
    for view in views:
        await watch_with(view)
        await view.up()
    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    for view in views:
        await view.until(lambda: view.showing(BOTH) == ["available"] * 2, "both are registered")  # noqa: B023
    stage.call("101", stays=1)
    for view in views:
        await view.until(lambda: "talking" in view.states("Anna"), "Anna talks")  # noqa: B023
        await view.until(lambda: view.state("Anna") == "available", "Anna is free")  # noqa: B023
        assert view.ingest.skips == {}


async def test_asterisks_mirror(open_scene: OpenScene, watch_with: Watch) -> None:
    port = free_port()
    scene = await open_scene(office(QUEUE, *NAMES, registers=True))
    stage, asterisk = scene.stage, scene.asterisk
    (asterisk.directory / "etc/hep.conf").write_text(
        documented("hep.md", "[general]", address=f"127.0.0.1:{port}"), encoding="utf-8"
    )
    await console(asterisk, "hep.md")
    hep = await watch_with(Monitored.by_hep(port, watch=NAMES, server=asterisk.sip_port))
    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    await hep.until(lambda: hep.showing(BOTH) == ["available"] * 2, "both are registered")
    stage.call("101", stays=1)
    await hep.until(lambda: hep.state("Anna") == "talking", "Anna talks")
    await hep.until(lambda: hep.state("Anna") == "available", "Anna is free")
    assert hep.ingest.skips == {}
