"""The small call centre that most tests use: phones, a trunk, a dialplan, and a stage on which things happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

from tests.lab.ami import Ami, Packet
from tests.lab.asterisk import Asterisk, Configuration, Phone
from tests.lab.phones import (
    FOREVER,
    Behaviour,
    SippCaller,
    SippPhone,
    SippRegistration,
    Step,
    answers,
    attended_transfer,
    pause,
)
from tests.lab.process import free_port, poll

DIALPLAN = """
[from-trunk]
; a caller dials a queue by its name; NAME*SECONDS is sent on when nobody answered for so long
exten => _[a-z].,1,Answer()
 same => n,Queue(${CUT(EXTEN,*,1)},t,,,${CUT(EXTEN,*,2)})
 same => n,Goto(after-${CUT(EXTEN,*,1)},s,1)
; the two queues one after the other
exten => relay,1,Answer()
 same => n,Queue(sales,t,,,2)
 same => n,Queue(support,t,,,20)
 same => n,Hangup()
exten => _1XX,1,Goto(internal,${EXTEN},1)
[after-key]
exten => s,1,Hangup()
[exit-by-key]
exten => 1,1,Wait(1)
 same => n,Hangup()
[internal]
exten => _1XX,1,Dial(PJSIP/${EXTEN},30)
exten => _9.,1,Dial(PJSIP/${EXTEN:1}@trunk,30)
exten => _[a-z].,1,Goto(from-trunk,${EXTEN},1)
; members the FreePBX way: a Local channel is rung, a hint tells the state
[from-queue]
exten => _1XX,1,Dial(PJSIP/${EXTEN},60)
[ext-local]
exten => _1XX,hint,PJSIP/${EXTEN}&Custom:DND${EXTEN}
; members without a phone: the dialplan answers for them, a custom device tells the state
[robots]
exten => _2XX,1,Set(CHANNEL(hangup_handler_push)=robot-idle,s,1(${EXTEN}))
 same => n,Set(DEVICE_STATE(Custom:robot${EXTEN})=RINGING)
 same => n,Ringing()
 same => n,Wait(${RAND(1,2)})
 same => n,Answer()
 same => n,Set(DEVICE_STATE(Custom:robot${EXTEN})=INUSE)
 same => n,Wait(${RAND(2,4)})
 same => n,Hangup()
[robot-idle]
exten => s,1,Set(DEVICE_STATE(Custom:robot${ARG1})=NOT_INUSE)
 same => n,Return()
[robot-hints]
exten => _2XX,hint,Custom:robot${EXTEN}
; what a caller does that the driver originates: stays on the line for so many seconds and speaks (only a Local
; channel through which somebody is heard optimises itself away)
[patience]
exten => _X.,1,Answer()
 same => n,MusicOnHold(default,${EXTEN})
 same => n,Hangup()
"""

NAMES = {"101": "Anna", "102": "Boris", "103": "Vera", "104": "Gleb", "105": "Daria", "106": "Egor"}

Match = Callable[[Packet], bool]


def office(
    queues: str,
    *numbers: str,
    dialplan: str = "",
    qualify: float = 0.0,
    registers: bool = False,
    **options: object,
) -> Configuration:
    """Return a configuration with these queues and the phones ``numbers`` (101 …), plus the trunk."""
    phones = {
        number: Phone(free_port(), NAMES[number], qualify=qualify, registers=registers) for number in numbers
    }
    phones["trunk"] = Phone(free_port(), context="from-trunk")
    return Configuration(queues=queues, extensions=DIALPLAN + dialplan, phones=phones, **options)  # type: ignore[arg-type] # passed on as they are


def is_event(name: str, **fields: str) -> Match:
    """Match an event by name and fields."""
    return lambda packet: (
        packet.get("Event") == name and all(packet.get(key) == fields[key] for key in fields)
    )


class Stage:
    """An Asterisk, its phones, a driver that acts and a monitor session that sees every event."""

    def __init__(self, asterisk: Asterisk, driver: Ami, monitor: Ami) -> None:
        self.asterisk = asterisk
        self.driver = driver
        self.monitor = monitor
        self.phones = {
            name: SippPhone(name, phone.port, asterisk.directory)
            for name, phone in asterisk.configuration.phones.items()
        }
        self.registrations = {
            name: SippRegistration(asterisk.sip_port, name, phone.port, asterisk.directory)
            for name, phone in asterisk.configuration.phones.items()
            if phone.registers
        }
        self.callers: list[SippCaller] = []
        self._seen = 0

    @classmethod
    async def open(cls, asterisk: Asterisk) -> Self:
        driver = await Ami.connect(asterisk.manager_port, "driver")
        monitor = await Ami.connect(asterisk.manager_port, "monitor", "on")
        stage = cls(asterisk, driver, monitor)
        for phone in stage.phones.values():
            phone.behave(answers())
        return stage

    async def close(self) -> None:
        """End everything; raises :class:`SippFailed` if a phone or a caller could not do its part."""
        try:
            self.check()
        finally:
            for caller in self.callers:
                caller.kill()
            for phone in self.phones.values():
                phone.unplug()
            await self.driver.close()
            await self.monitor.close()

    def check(self) -> None:
        """Raise :class:`SippFailed` if a phone has ended or a caller could not call."""
        for phone in self.phones.values():
            phone.check()
        for caller in self.callers:
            caller.check()

    def phone(self, name: str, behaviour: Behaviour) -> None:
        """Give a phone another behaviour (it must not be in a call)."""
        self.phones[name].behave(behaviour)

    def call(
        self, to: str, *talking: Step, name: str = "+74951230001", shown: str = "", stays: float = FOREVER
    ) -> SippCaller:
        """Start a call from the trunk, or from a phone if ``name`` is one."""
        steps: Sequence[Step] = talking or (pause(stays),)
        asterisk = self.asterisk
        caller = SippCaller(asterisk.sip_port, to, asterisk.directory, name=name, shown=shown, talking=steps)
        self.callers.append(caller)
        return caller

    async def originate(self, queue: str, seconds: int, caller: str = "<+74951230007>") -> None:
        """Let a caller whose channel is a Local one call a queue and speak for so many seconds."""
        await self.driver.action(
            "Originate",
            Channel=f"Local/{queue}@from-trunk/n",
            Context="patience",
            Exten=f"{seconds:02d}",
            Priority="1",
            CallerID=caller,
            Async="true",
        )

    async def seen(self, name: str, *, within: float = 30, **fields: str) -> Packet:
        """Wait for the next event of this kind (after the one last waited for) on the monitor session."""
        match = is_event(name, **fields)
        event = await self.monitor.wait_event(match, f"{name} {fields}", within, self._seen)
        self._seen = (
            next(i for i in range(self._seen, len(self.monitor.events)) if match(self.monitor.events[i])) + 1
        )
        return event

    async def hang_up(self, phone: str) -> None:
        """Let Asterisk end every channel of a phone."""
        await self.driver.action("Hangup", Channel=f"/^PJSIP/{phone}-/")

    def rewind(self) -> None:
        """Let :meth:`seen` look from the beginning again."""
        self._seen = 0

    async def idle(self, within: float = 60) -> None:
        """Wait until no channel is left and what follows the last hang-up has been said."""

        async def nobody_talks() -> bool:
            if len(await self.driver.action("CoreShowChannels")) > 2:
                return False
            # Device states are computed in a thread of their own after the hang-up.
            return not any(
                device.startswith("PJSIP/") and state not in {"NOT_INUSE", "UNAVAILABLE", "INVALID"}
                for device, state in (await self.device_states()).items()
            )

        await poll(nobody_talks, "nobody is in a call", within)

    async def device_states(self) -> dict[str, str]:
        """Return every device that Asterisk tells a state of."""
        items = await self.driver.action("DeviceStateList")
        return {item["Device"]: item["State"] for item in items if item.get("Event") == "DeviceStateChange"}

    async def reachable(self) -> None:
        """Wait until Asterisk reaches every phone that it qualifies and knows of by itself."""
        phones = self.asterisk.configuration.phones
        qualified = {
            f"PJSIP/{name}" for name, phone in phones.items() if phone.qualify and not phone.registers
        }

        async def all_answer() -> bool:
            states = await self.device_states()
            return not qualified & {name for name, state in states.items() if state == "UNAVAILABLE"}

        await poll(all_answer, "all qualified phones are reachable")

    async def transfer_attended(self, phone: str, to: str, after: float = 1.0) -> SippCaller:
        """Let ``phone``, which is in a call, consult ``to`` and then connect the two."""
        channels = await self.driver.action("CoreShowChannels")
        channel = next(
            item["Channel"] for item in channels if item.get("Channel", "").startswith(f"PJSIP/{phone}-")
        )
        facts = [
            (await self.driver.action("Getvar", Channel=channel, Variable=f"CHANNEL(pjsip,{what})"))[0][
                "Value"
            ]
            for what in ("call-id", "local_tag", "remote_tag")
        ]
        steps = (pause(after), attended_transfer(to, *facts), pause(FOREVER))
        return self.call(to, *steps, name=phone)
