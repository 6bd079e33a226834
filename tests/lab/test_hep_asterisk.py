"""A real Asterisk that copies its SIP messages to us, watched over AMI at the same time: the same states within a second.

Here HEP sees more than hints do: who dials, and who holds. It knows nothing of a phone before its first message, and
nothing of queues: no pause, no wrap-up, no waiting callers.
"""

from __future__ import annotations

import asyncio
import time

from tests.lab.alike import differences
from tests.lab.asterisk import SipWatcher
from tests.lab.conftest import OpenScene, Watch
from tests.lab.monitored import Monitored
from tests.lab.office import office
from tests.lab.phones import Behaviour, answers, blind_transfer, hold, is_busy, pause, unhold
from tests.lab.process import free_port

QUEUE = "[sales]\nstrategy = linear\ntimeout = 10\nretry = 1\nringinuse = no\n"
QUEUE += "member => PJSIP/101,0,Anna\nmember => PJSIP/102,0,Boris\n"
NAMES = {"101": "Anna", "102": "Boris"}
BOTH = tuple(NAMES.values())


async def test_phones_are_shown_by_hep_as_by_ami(open_scene: OpenScene, watch_with: Watch) -> None:
    """Registering, ringing, talking, holding, transferring, being held, dialing, refused, unregistering, a restart."""
    port = free_port()
    scene = await open_scene(office(QUEUE, *NAMES, registers=True, qualify=1, sip=SipWatcher(hep_to=port)))
    stage, ami = scene.stage, scene.view
    view = Monitored.by_hep(port, watch=NAMES, server=scene.asterisk.sip_port, silent_after=3)
    hep = await watch_with(view)
    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    await hep.until(
        lambda: hep.showing(BOTH) == ami.showing(BOTH) == ["available"] * 2, "both say: available"
    )
    assert hep.source.state == "up"
    since = time.time()

    # After a REFER Asterisk leaves it to the phone to hang up, though its channel is gone at once.
    steps = (pause(0.5), hold(), pause(0.7), unhold(), pause(0.5), blind_transfer("102"), pause(0.3))
    stage.phone("101", Behaviour(talking=steps))
    caller = stage.call("sales", pause(4.5))
    await hep.until(lambda: hep.state("Anna") == ami.state("Anna") == "on_hold", "Anna holds")
    taken_over = ["available", "talking"]
    await hep.until(lambda: hep.showing(BOTH) == ami.showing(BOTH) == taken_over, "Boris has taken over")
    await asyncio.to_thread(caller.wait)
    await hep.until(lambda: hep.state("Boris") == "available", "Boris is free")

    # Two at once: Anna calls Boris, who holds her; then the trunk is busy.
    stage.phone("102", Behaviour(talking=(pause(0.5), hold(), pause(0.7), unhold(), pause(60))))
    stage.phone("trunk", is_busy(0.5))
    caller = stage.call("102", stays=2.5, name="101")
    await hep.until(lambda: hep.showing(BOTH) == ["talking", "on_hold"], "Boris holds Anna")
    await asyncio.to_thread(caller.wait)
    await asyncio.to_thread(stage.call("974951239876", name="101").wait)
    await stage.idle()

    await asyncio.to_thread(stage.registrations["101"].unregister)
    await hep.until(lambda: hep.state("Anna") == ami.state("Anna") == "offline", "both say: gone")
    for name in BOTH:
        assert differences(hep, ami, name, {}, since) == [], hep.story()
    assert hep.ingest.skips == {}

    await asyncio.to_thread(scene.asterisk.stop, kill=True)
    await hep.until(lambda: hep.source.state == "lost", "the silence is noticed")
    assert hep.showing(BOTH) == ["unknown", "unknown"]
    stage.phone("101", answers())
    await asyncio.to_thread(scene.asterisk.start)
    for registration in stage.registrations.values():
        await asyncio.to_thread(registration.register)
    await hep.until(lambda: hep.showing(BOTH) == ami.showing(BOTH) == ["available"] * 2, "both are back")
