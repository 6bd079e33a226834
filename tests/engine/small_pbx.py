"""A very small PBX: it takes random decisions, tells events in its own loose order, and knows the truth.

Its lists are taken at one instant and handed over later, after events that happened meanwhile, as a real source does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from monitor import events
from monitor.events import CallerFacts, Event, EventIds, LegFacts, MemberFacts, QueueFacts, Snapshot
from tests.engine.story import START, member

EXTENSIONS = ("101", "102", "103")
THRESHOLD = 20.0


@dataclass
class Ledger:
    """What really happened: what the statistics must say."""

    waits: list[float] = field(default_factory=list)
    abandoned: list[float] = field(default_factory=list)
    talks: list[float] = field(default_factory=list)
    answered_by: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EXTENSIONS, 0))
    missed_by: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EXTENSIONS, 0))


@dataclass
class Talk:
    """A queue call of a member."""

    call: str
    party_leg: str
    answered_at: float = 0.0
    completed: bool = False
    leg_up: bool = True
    held_at: float | None = None
    hold: float = 0.0


class SmallPbx:
    """Random life from a seed. ``told`` is what a monitor hears."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids = EventIds(1)
        self.at = START
        self.told: list[Event] = []
        self.ledger = Ledger()
        self.callers = 0
        self.waiting: dict[str, float] = {}
        self.members: dict[str, dict[str, object]] = {extension: {} for extension in EXTENSIONS}
        self.ringing: dict[str, Talk] = {}
        self.talking: dict[str, Talk] = {}
        self.legs: dict[str, LegFacts] = {}
        self.last_call: dict[str, float] = {}
        self.lists: tuple[float, int, Snapshot | None] | None = None
        self.tell(events.SourceConnected)
        self.begin_lists()
        self.hand_over(reconciliation=False)

    def tell(self, kind: type[Event], **fields: object) -> None:
        event = kind(source="pbx", at=self.at, id=self.ids(), **fields)  # type: ignore[arg-type]
        self.told.append(event)

    # --- life ------------------------------------------------------------------------------------------

    def live(self, steps: int) -> list[Event]:
        for _ in range(steps):
            self.at = round(self.at + self.random.choice([0.0, 0.01, 0.2, 1.0, 3.0]), 3)
            for act in self.random.sample(self.acts(), k=len(self.acts())):
                if act():
                    break
            if self.lists is not None:
                taken_at, left, snapshot = self.lists
                if snapshot is None:
                    snapshot = self.snapshot(taken_at)
                if left == 0:
                    self.lists = (taken_at, 0, snapshot)
                    self.hand_over(reconciliation=True)
                else:
                    self.lists = (taken_at, left - 1, snapshot)
            elif self.random.random() < 0.1:
                self.begin_lists(self.random.randrange(4))
        return self.told

    def acts(self):
        return [
            self.join,
            self.offer,
            self.offer,
            self.answer,
            self.answer,
            self.miss,
            self.abandon,
            self.hold,
            self.finish,
            self.finish,
            self.pause,
            self.sign,
            self.pass_time,
        ]

    def join(self) -> bool:
        if len(self.waiting) > 3:
            return False
        self.callers += 1
        call = f"c{self.callers}"
        self.waiting[call] = self.at
        self.tell(events.CallerJoined, caller=self.caller(call))
        return True

    def offer(self) -> bool:
        free = [one for one in self.members if one not in self.ringing and one not in self.talking]
        offered = {talk.call for talk in self.ringing.values()}
        calls = [call for call in self.waiting if call not in offered]
        if not free or not calls:
            return False
        extension, call = self.random.choice(free), calls[0]
        name = f"{call}-{extension}-{len(self.told)}"
        self.ringing[extension] = Talk(call=call, party_leg=name)
        self.leg(name, extension, call, "ringing")
        device = {"endpoint": f"PJSIP/{extension}"}
        told = [
            lambda: self.tell(events.LegStarted, leg=name, call=call, direction="inbound", **device),
            lambda: self.tell(events.AgentOffered, leg=name, **self.served(extension, call)),
            lambda: self.tell(events.LegRinging, leg=name),
        ]
        ring = [lambda: self.tell(events.EndpointStateChanged, state="ringing", **device)]
        for one in (*ring, *told) if self.random.random() < 0.5 else (*told, *ring):
            one()
        return True

    def answer(self) -> bool:
        if not self.ringing:
            return False
        extension = self.random.choice(list(self.ringing))
        talk = self.talking[extension] = self.ringing.pop(extension)
        talk.answered_at = self.at
        self.ledger.waits.append(self.at - self.waiting.pop(talk.call))
        self.ledger.answered_by[extension] += 1
        self.leg(talk.party_leg, extension, talk.call, "answered")
        told = [
            lambda: self.tell(events.CallerLeft, queue="sales", call=talk.call, outcome="answered"),
            lambda: self.tell(events.AgentAnswered, leg=talk.party_leg, **self.served(extension, talk.call)),
        ]
        up = [
            lambda: self.tell(events.EndpointStateChanged, endpoint=f"PJSIP/{extension}", state="in_use"),
            lambda: self.tell(events.LegAnswered, leg=talk.party_leg),
        ]
        self.random.shuffle(up)
        place = self.random.randrange(3)
        for one in (*told[:place], *up, *told[place:]):
            one()
        return True

    def miss(self) -> bool:
        if not self.ringing:
            return False
        extension = self.random.choice(list(self.ringing))
        talk = self.ringing.pop(extension)
        self.ledger.missed_by[extension] += 1
        served = self.served(extension, talk.call)
        self.gone(extension, talk, lambda: self.tell(events.AgentMissed, leg=talk.party_leg, **served))
        return True

    def abandon(self) -> bool:
        if not self.waiting:
            return False
        call = self.random.choice(list(self.waiting))
        self.ledger.abandoned.append(self.at - self.waiting.pop(call))
        left = lambda: self.tell(events.CallerLeft, queue="sales", call=call, outcome="abandoned")  # noqa: E731
        rung = [extension for extension, talk in self.ringing.items() if talk.call == call]
        if not rung:
            left()
        for extension in rung:
            self.gone(extension, self.ringing.pop(extension), left)
        return True

    def hold(self) -> bool:
        up = [extension for extension, talk in self.talking.items() if talk.leg_up and not talk.completed]
        if not up:
            return False
        talk = self.talking[self.random.choice(up)]
        if talk.held_at is None:
            talk.held_at = self.at
            self.tell(events.LegHeld, leg=talk.party_leg)
        else:
            talk.hold += self.at - talk.held_at
            talk.held_at = None
            self.tell(events.LegResumed, leg=talk.party_leg)
        return True

    def finish(self) -> bool:
        """End a talk: completion and hang-up in either order, perhaps with much in between."""
        if not self.talking:
            return False
        extension = self.random.choice(list(self.talking))
        talk = self.talking[extension]
        if talk.leg_up and not talk.completed:
            hold = talk.hold + (self.at - talk.held_at if talk.held_at is not None else 0.0)
            self.ledger.talks.append(self.at - talk.answered_at - hold)
        if talk.leg_up and (talk.completed or self.random.random() < 0.5):
            talk.leg_up = False
            self.gone(extension, talk, None)
        elif not talk.completed:
            talk.completed = True
            self.last_call[extension] = float(int(self.at))
            served = self.served(extension, talk.call)
            last_call = self.last_call[extension]
            self.tell(events.AgentCompleted, leg=talk.party_leg, last_call=last_call, **served)
        if talk.completed and not talk.leg_up:
            del self.talking[extension]
        return True

    def pause(self) -> bool:
        if not self.members:
            return False
        extension = self.random.choice(list(self.members))
        known = {"queue": "sales", "interface": f"PJSIP/{extension}"}
        if self.members[extension]:
            self.members[extension] = {}
            self.tell(events.MemberUnpaused, **known)
        else:
            self.members[extension] = {"paused": True, "reason": "lunch", "paused_since": float(int(self.at))}
            self.tell(events.MemberPaused, reason="lunch", **known)
        return True

    def sign(self) -> bool:
        """Sign a member on or off."""
        extension = self.random.choice(EXTENSIONS)
        if extension not in self.members:
            self.members[extension] = {}
            self.last_call.pop(extension, None)
            self.tell(events.MemberAdded, member=self.member(extension))
        elif self.random.random() < 0.3 and extension not in self.ringing and extension not in self.talking:
            del self.members[extension]
            self.tell(events.MemberRemoved, queue="sales", interface=f"PJSIP/{extension}")
        else:
            return False
        return True

    def pass_time(self) -> bool:
        self.tell_tick()
        return True

    def tell_tick(self) -> None:
        self.tell(events.Tick)

    # --- helpers ---------------------------------------------------------------------------------------

    def gone(self, extension: str, talk: Talk, why) -> None:
        """An agent's leg ends; ``why`` is told before or after, as is the device."""
        del self.legs[talk.party_leg]
        told = [
            lambda: self.tell(events.LegEnded, leg=talk.party_leg),
            lambda: self.tell(events.EndpointStateChanged, endpoint=f"PJSIP/{extension}", state="idle"),
        ]
        if why is not None:
            told.append(why)
        self.random.shuffle(told)
        for one in told:
            one()

    def served(self, extension: str, call: str) -> dict[str, str]:
        return {"queue": "sales", "call": call, "interface": f"PJSIP/{extension}"}

    def leg(self, name: str, extension: str, call: str, state: str) -> None:
        self.legs[name] = LegFacts(
            leg=name,
            call=call,
            endpoint=f"PJSIP/{extension}",
            direction="inbound",
            started_at=self.at,
            state=state,  # type: ignore[arg-type]
        )

    def caller(self, call: str) -> CallerFacts:
        position = list(self.waiting).index(call) + 1
        joined_at = self.waiting[call]
        return CallerFacts(queue="sales", call=call, linked=call, joined_at=joined_at, position=position)

    def device(self, extension: str) -> str:
        if any(
            leg.endpoint == f"PJSIP/{extension}" and leg.state == "answered" for leg in self.legs.values()
        ):
            return "in_use"
        return "ringing" if extension in self.ringing else "idle"

    def member(self, extension: str) -> MemberFacts:
        talk = self.talking.get(extension)
        return member(
            extension,
            state=self.device(extension),
            last_call=self.last_call.get(extension),
            in_call=talk is not None and not talk.completed,
            **self.members[extension],
        )

    # --- lists -----------------------------------------------------------------------------------------

    def begin_lists(self, steps: int = 0) -> None:
        """Ask for the lists now; they are made with the next step and arrive some steps later."""
        self.lists = (self.at, steps, None)

    def snapshot(self, taken_at: float) -> Snapshot:
        return Snapshot(
            source="pbx",
            at=0.0,
            id="",
            taken_at=taken_at,
            queues=(QueueFacts(queue="sales"),),
            members=tuple(self.member(extension) for extension in self.members),
            callers=tuple(self.caller(call) for call in self.waiting),
            legs=tuple(self.legs.values()),
        )

    def hand_over(self, *, reconciliation: bool) -> None:
        assert self.lists is not None
        taken_at, _, snapshot = self.lists
        made = snapshot or self.snapshot(taken_at)
        self.lists = None
        self.tell(
            events.Snapshot,
            taken_at=taken_at,
            reconciliation=reconciliation,
            queues=made.queues,
            members=made.members,
            callers=made.callers,
            legs=made.legs,
        )
