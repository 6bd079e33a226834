"""A real Kamailio watched over SIP: its dialogs (with call-ids) and registrations, published by pua, as they are.

It does not tell a hold. Of a phone that never registered since its start it tells nothing: no document of ``reg`` is no
registration, but no document of ``presence`` may mean that nobody publishes any.
"""

from __future__ import annotations

import asyncio

from tests.lab.conftest import Watch
from tests.lab.kamailio import Exchange, Kamailio
from tests.lab.monitored import Monitored
from tests.lab.phones import Behaviour, hold, is_busy, is_held, is_unheld, pause, unhold

NAMES = {"101": "Anna", "102": "Boris"}
BOTH = tuple(NAMES.values())


async def test_phones_of_a_proxy_are_shown_as_they_are(watch_with: Watch) -> None:
    """Registered, ringing, dialing, talking, refused, unregistered; a restart, which forgets all."""
    with Kamailio() as kamailio, Exchange(kamailio, *NAMES) as exchange:
        sip = await watch_with(Monitored.by_sip(kamailio.sip_port, watch=NAMES, registration="reg"))
        await sip.until(lambda: sip.showing(BOTH) == ["offline"] * 2, "nobody is registered")
        for registration in exchange.registrations.values():
            await asyncio.to_thread(registration.register)
        await sip.until(lambda: sip.showing(BOTH) == ["available"] * 2, "both are registered")
        sip.history.clear()

        holding = (pause(0.3), hold(), pause(0.3), unhold(), pause(60))
        exchange.phones["101"].behave(Behaviour(talking=holding))
        caller = exchange.call("101", is_held(), is_unheld(), pause(0.5))
        await sip.until(lambda: sip.state("Anna") == "talking", "Anna talks to the caller")
        assert sip.agent("Anna").call.party == "+7495*****01"
        await asyncio.to_thread(caller.wait)
        await sip.until(lambda: sip.showing(BOTH) == ["available"] * 2, "Anna is free")
        assert sip.states("Anna") == ["ringing", "talking", "available"]

        caller = exchange.call("102", stays=1, name="101")
        await sip.until(lambda: sip.showing(BOTH) == ["dialing", "ringing"], "Anna calls Boris")
        await sip.until(lambda: sip.showing(BOTH) == ["talking"] * 2, "they talk")
        assert len({sip.agent(name).call.id for name in BOTH}) == 1
        await asyncio.to_thread(caller.wait)
        exchange.phones["102"].behave(is_busy(0.5))
        caller = exchange.call("102", name="101")
        await sip.until(lambda: sip.showing(BOTH) == ["dialing", "ringing"], "Anna calls Boris again")
        await sip.until(lambda: sip.showing(BOTH) == ["available"] * 2, "Boris is busy")

        await asyncio.to_thread(exchange.registrations["101"].unregister)
        await sip.until(lambda: sip.showing(BOTH) == ["offline", "available"], "Anna is gone")

        await asyncio.to_thread(kamailio.restart)
        for registration in exchange.registrations.values():
            await asyncio.to_thread(registration.register)
        exchange.call("101", is_held(), is_unheld(), pause(60))
        await sip.until(
            lambda: sip.showing(BOTH) == ["talking", "available"], "it is shown after the restart"
        )
        assert sip.ingest.skips == {}


async def test_tcp_and_presence_and_md5_do_as_well(watch_with: Watch) -> None:
    with Kamailio(algorithm="MD5") as kamailio, Exchange(kamailio, *NAMES) as exchange:
        options = {"transport": "tcp", "registration": "presence", "listen": None}
        sip = await watch_with(Monitored.by_sip(kamailio.sip_port, watch=NAMES, **options))
        await sip.up()
        assert sip.showing(BOTH) == ["unknown"] * 2, "nobody said anything yet"
        for registration in exchange.registrations.values():
            await asyncio.to_thread(registration.register)
        await sip.until(lambda: sip.showing(BOTH) == ["available"] * 2, "both are registered")
        exchange.call("102", stays=0.5, name="101")
        await sip.until(lambda: sip.showing(BOTH) == ["talking"] * 2, "they talk")
        await sip.until(lambda: sip.showing(BOTH) == ["available"] * 2, "they are free")
        await asyncio.to_thread(exchange.registrations["102"].unregister)
        await sip.until(lambda: sip.showing(BOTH) == ["available", "offline"], "Boris is gone")
        assert sip.ingest.skips == {}
