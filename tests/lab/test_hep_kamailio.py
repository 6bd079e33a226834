"""A real Kamailio that copies its SIP messages to us: a proxy, so each message comes twice and both sides share a Call-ID."""

from __future__ import annotations

import asyncio

from tests.lab.conftest import Watch
from tests.lab.kamailio import Exchange, Kamailio
from tests.lab.monitored import Monitored
from tests.lab.phones import Behaviour, hold, is_busy, is_held, is_unheld, pause, unhold
from tests.lab.process import free_port

NAMES = {"101": "Anna", "102": "Boris"}
BOTH = tuple(NAMES.values())


async def test_phones_of_a_proxy_are_shown_as_they_are(watch_with: Watch) -> None:
    """Registered, ringing, dialing, talking, holding, refused, unregistered; then the proxy falls silent."""
    port = free_port()
    with Kamailio(hep_to=port) as kamailio, Exchange(kamailio, *NAMES) as exchange:
        view = Monitored.by_hep(port, watch=NAMES, server=kamailio.sip_port, silent_after=3)
        hep = await watch_with(view)
        for registration in exchange.registrations.values():
            await asyncio.to_thread(registration.register)
        await hep.until(lambda: hep.showing(BOTH) == ["available"] * 2, "both are registered")
        assert hep.source.state == "up"
        hep.history.clear()

        holding = (pause(0.5), hold(), pause(0.5), unhold(), pause(60))
        exchange.phones["101"].behave(Behaviour(talking=holding))
        caller = exchange.call("101", is_held(), is_unheld(), pause(0.5))
        await hep.until(lambda: hep.state("Anna") == "talking", "Anna talks to the caller")
        assert hep.agent("Anna").call.party == "+7495*****01"
        await asyncio.to_thread(caller.wait)
        await hep.until(lambda: hep.showing(BOTH) == ["available"] * 2, "Anna is free")
        assert hep.states("Anna") == ["ringing", "talking", "on_hold", "talking", "available"]

        exchange.phones["102"].behave(Behaviour(talking=(is_held(), is_unheld(), pause(60))))
        steps = (pause(0.3), hold(), pause(0.5), unhold(), pause(0.3))
        caller = exchange.call("102", *steps, name="101")
        await hep.until(lambda: hep.showing(BOTH) == ["dialing", "ringing"], "Anna calls Boris")
        await hep.until(lambda: hep.showing(BOTH) == ["on_hold", "talking"], "Anna holds Boris")
        await asyncio.to_thread(caller.wait)
        await hep.until(lambda: hep.showing(BOTH) == ["available"] * 2, "they are free")
        assert hep.states("Boris") == ["ringing", "talking", "available"]
        exchange.phones["102"].behave(is_busy(0.5))
        exchange.call("102", name="101")
        await hep.until(lambda: hep.showing(BOTH) == ["dialing", "ringing"], "Anna calls Boris again")
        await hep.until(lambda: hep.showing(BOTH) == ["available"] * 2, "Boris is busy")

        await asyncio.to_thread(exchange.registrations["101"].unregister)
        await hep.until(lambda: hep.showing(BOTH) == ["offline", "available"], "Anna is gone")
        assert hep.ingest.skips == {}
        await hep.until(lambda: hep.source.state == "lost", "the silence is noticed")
        assert hep.showing(BOTH) == ["unknown"] * 2
        await asyncio.to_thread(exchange.registrations["101"].register)
        await hep.until(lambda: hep.state("Anna") == "available", "Anna is back")
