"""A real Asterisk watched over SIP and over AMI at the same time: what both can know, both show within a second.

Asterisk's hints don't tell that an agent dials (the device is in use at once) nor that the agent holds the other side
(the device stays in use). SIP has no queues: no pause, no wrap-up, no waiting callers.
"""

from __future__ import annotations

import asyncio
import time

from monitor.events import EndpointStateChanged
from tests.lab.alike import differences
from tests.lab.asterisk import SECRET, SipWatcher
from tests.lab.conftest import OpenScene, Watch
from tests.lab.monitored import Monitored
from tests.lab.office import office
from tests.lab.phones import Behaviour, answers, blind_transfer, hold, pause, unhold
from tests.lab.process import free_port
from tests.lab.proxy import Relay

QUEUE = "[sales]\nstrategy = linear\ntimeout = 10\nretry = 1\nringinuse = no\n"
QUEUE += "member => PJSIP/101,0,Anna\nmember => PJSIP/102,0,Boris\n"
NAMES = {"101": "Anna", "102": "Boris"}
BOTH = tuple(NAMES.values())
# What the hints can't tell, and what is shown instead.
TOLD_BY_HINTS = {"on_hold": "talking", "dialing": "talking"}


async def test_phones_are_shown_by_sip_as_by_ami(open_scene: OpenScene, watch_with: Watch) -> None:
    """Unregistered, idle, ringing, talking, holding, transferring, calling: by single subscriptions and by a list."""
    scene = await open_scene(office(QUEUE, *NAMES, registers=True, sip=SipWatcher()))
    stage, ami = scene.stage, scene.view
    sip = await watch_with(Monitored.by_sip(scene.asterisk.sip_port, watch=NAMES, registration="presence"))
    await sip.up()
    options = {"lists": ["sip:agents@127.0.0.1"], "registration": "presence"}
    listed = await watch_with(Monitored.by_sip(scene.asterisk.sip_port, watch=NAMES, **options))
    for view in (ami, sip, listed):
        await view.until(lambda: view.showing(BOTH) == ["offline"] * 2, "nobody is registered")  # noqa: B023
    since = time.time()

    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    await sip.until(lambda: sip.state("Boris") == ami.state("Boris") == "available", "both say: available")

    steps = (pause(0.5), hold(), pause(1), unhold(), pause(0.5), blind_transfer("102"), pause(60))
    stage.phone("101", Behaviour(talking=steps))
    caller = stage.call("sales", pause(4.5))
    await sip.until(lambda: ami.state("Anna") == "on_hold", "Anna holds")
    assert sip.state("Anna") == "talking"
    await sip.until(lambda: sip.state("Boris") == ami.state("Boris") == "talking", "Boris has taken over")
    await asyncio.to_thread(caller.wait)
    await sip.until(lambda: sip.state("Boris") == "available", "Boris is free")

    # The device state "on hold" means that the other side holds: to both views the agent talks.
    stage.phone("101", answers())
    stage.call("101", pause(1.5), hold(), pause(1), unhold(), pause(0.5))
    await sip.until(lambda: "on_hold" in endpoint_states(sip, "101"), "the hint says: on hold")
    assert sip.state("Anna") == ami.state("Anna") == "talking"
    await sip.until(lambda: sip.state("Anna") == "available", "Anna is free")

    stage.phone("trunk", answers(0.8))
    stage.call("974951239876", stays=1, name="101")
    await sip.until(lambda: sip.state("Anna") == ami.state("Anna") == "talking", "Anna is through")
    await sip.until(lambda: sip.state("Anna") == "available", "Anna is free again")

    await asyncio.to_thread(stage.registrations["101"].unregister)
    for view in (ami, sip, listed):
        await view.until(lambda: view.state("Anna") == "offline", "Anna is gone")  # noqa: B023
    for view in (sip, listed):
        for name in BOTH:
            assert differences(view, ami, name, TOLD_BY_HINTS, since) == [], view.story()
        assert view.ingest.skips == {}


async def test_lost_network_and_a_restart_end_in_the_truth(open_scene: OpenScene, watch_with: Watch) -> None:
    """Meanwhile nothing is shown as known; afterwards what changed meanwhile is."""
    scene = await open_scene(office(QUEUE, *NAMES, registers=True, sip=SipWatcher()))
    stage, ami, asterisk = scene.stage, scene.view, scene.asterisk
    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    caller = stage.call("102")
    await ami.until(lambda: ami.state("Boris") == "talking", "Boris talks")
    async with Relay(asterisk.sip_port) as relay:
        options = {"registration": "presence"}
        sip = await watch_with(Monitored.by_sip(relay.port, watch=NAMES, **options))
        await sip.until(lambda: sip.showing(BOTH) == ["available", "talking"], "all is known")

        relay.drop()
        await sip.until(lambda: sip.source.state == "lost", "the loss is noticed", within=10)
        assert sip.showing(BOTH) == ["unknown", "unknown"]
        caller.kill()
        await stage.hang_up("102")
        await asyncio.to_thread(stage.registrations["101"].unregister)
        await ami.until(lambda: ami.showing(BOTH) == ["offline", "available"], "AMI tells what changed")
        assert sip.showing(BOTH) == ["unknown", "unknown"]
        relay.flow()
        await sip.until(lambda: sip.showing(BOTH) == ["offline", "available"], "SIP tells it, too")

        # A restart too quick for silence: if Asterisk had saved a subscription it goes on, else its refresh finds out.
        await asyncio.to_thread(stage.registrations["101"].register)
        stage.call("101")
        await sip.until(lambda: sip.state("Anna") == "talking", "Anna talks")
        await asyncio.to_thread(asterisk.restart, kill=True)
        for view in (ami, sip):
            await view.until(lambda: view.showing(BOTH) == ["available"] * 2, "both are free")  # noqa: B023
        stage.call("101", stays=1)
        await sip.until(lambda: sip.state("Anna") == ami.state("Anna") == "talking", "a new call is shown")
    # What Asterisk still sends for subscriptions that we gave up, and what it sends again after the restart.
    assert sip.ingest.skips.keys() <= {"unknown_dialog", "out_of_order"}


async def test_state_that_asterisk_pushes_is_shown_without_subscriptions(
    open_scene: OpenScene, watch_with: Watch
) -> None:
    port = free_port()
    watcher = SipWatcher(subscribes=False, publish_to=port)
    scene = await open_scene(office(QUEUE, *NAMES, registers=True, sip=watcher))
    stage, ami = scene.stage, scene.view
    push = {"username": "monitor", "secret": SECRET}
    view = Monitored.by_sip(
        scene.asterisk.sip_port, watch=NAMES, listen=f"127.0.0.1:{port}", push=push, registration="none"
    )
    sip = await watch_with(view)
    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    await sip.until(lambda: sip.showing(BOTH) == ami.showing(BOTH) == ["available"] * 2, "all are pushed")
    since = time.time()
    stage.call("101", stays=2)
    await sip.until(lambda: sip.state("Anna") == "talking", "Anna talks")
    await sip.until(lambda: sip.state("Anna") == ami.state("Anna") == "available", "Anna is free")
    assert differences(sip, ami, "Anna", TOLD_BY_HINTS, since) == [], sip.story()


def endpoint_states(view: Monitored, number: str) -> list[str]:
    """Return the states that the phone as a whole was in, one after the other."""
    return [
        event.state
        for event in view.kept.events
        if isinstance(event, EndpointStateChanged) and event.endpoint == f"sip:{number}@127.0.0.1"
    ]
