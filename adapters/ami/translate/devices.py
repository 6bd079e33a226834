"""Devices: what stands for a member, how it is, whether it wants no calls.

Two witnesses tell of a member's device: ``DeviceStateChange`` of the device itself and ``QueueMemberStatus`` of the
queue, which app_queue derives from the former in another thread, so there is no order between the two. The
device's own word wins wherever it was ever heard; the queue's is used for what has none (a hint that is not
resolved, a PBX that doesn't let us read class ``call``). That is also right for two members of one queue with one
state interface, of which app_queue updates only the first (``device_state_cb``).

A hint is resolved to its devices. The first phone of a hint stands for the member; several phones of one hint are
taken together, the busiest decides. What a FreePBX hint says about "do not disturb" is an event of its own and
never makes the phone look busy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from adapters.ami.message import Message
from adapters.ami.translate.fields import DEVICE_STATES, Fields, required
from adapters.ami.translate.names import (
    HINT,
    do_not_disturb_extension,
    hint_devices,
    hint_place,
    interface_device,
    is_local,
    is_phone,
)
from adapters.ami.translate.outbox import Outbox
from monitor.events import (
    DoNotDisturbChanged,
    EndpointFacts,
    EndpointReachable,
    EndpointState,
    EndpointStateChanged,
    EndpointUnreachable,
)

DEVICE_LIMIT: Final = 200_000
"""Devices and hints remembered; beyond this new ones are counted and ignored."""

_BUSIEST_FIRST: Final[tuple[EndpointState, ...]] = (
    "in_use",
    "on_hold",
    "busy",
    "ringing",
    "idle",
    "unknown",
    "unavailable",
)
_NO_CALLS_WANTED: Final = frozenset({"busy", "in_use"})
"""States of a custom device that mean "on"; FreePBX sets BUSY."""


class Identity(NamedTuple):
    """What stands for a member: see ``MemberFacts.endpoint`` and ``MemberFacts.devices``."""

    endpoint: str
    devices: tuple[str, ...]
    phones: tuple[str, ...]
    """The devices whose states make the endpoint's state."""


class Devices:
    """All devices, hints and what they say."""

    def __init__(self, out: Outbox) -> None:
        self._out = out
        self._told: dict[str, tuple[EndpointState, float]] = {}
        """What a device said of itself, and when."""
        self._by_queue: dict[str, EndpointState] = {}
        """What queues say of an endpoint."""
        self._shown: dict[str, EndpointState] = {}
        self._phones: dict[str, tuple[str, ...]] = {}
        """The devices behind an endpoint of a member."""
        self._endpoints: dict[str, list[str]] = {}
        """The members' endpoints that a device is behind."""
        self._identities: dict[tuple[str, str], Identity] = {}
        """By interface and state interface, as long as no hint is news."""
        self._watched: set[Identity] = set()
        self._hints: dict[tuple[str, str], tuple[str, ...]] = {}
        self._contexts: dict[str, list[str]] = {}
        """The contexts in which an extension has a hint."""
        self._extension_endpoint: dict[str, str] = {}
        """Whose "do not disturb" an extension's is."""
        self._spelling: dict[str, str] = {}
        """A member's own spelling of a device: Asterisk compares them without regard to case."""
        self.member_devices: set[str] = set()
        """Devices that members are rung on, Local ones included: their channels are legs."""

    # --- identity ----------------------------------------------------------------------------------------

    def identify(self, interface: str, state_interface: str) -> Identity:
        """Return what stands for a member, by what is known of hints now."""
        key = (interface, state_interface)
        identity = self._identities.get(key)
        if identity is None:
            if len(self._identities) >= DEVICE_LIMIT:
                self._identities.clear()
            identity = self._identities[key] = self._identify(interface, state_interface)
        return identity

    def _identify(self, interface: str, state_interface: str) -> Identity:
        rung = interface_device(interface)
        if not state_interface.startswith(HINT):
            endpoint = interface_device(state_interface or interface)
            return Identity(endpoint, (rung,) if rung != endpoint else (), (endpoint,))
        behind = [
            device
            for device in self._devices_of_hint(state_interface)
            if do_not_disturb_extension(device) is None
        ]
        phones = [device for device in behind if is_phone(device)] or behind
        endpoint = phones[0] if phones else state_interface
        others = tuple(dict.fromkeys(device for device in (*phones[1:], rung) if device != endpoint))
        return Identity(endpoint, others, tuple(phones) or (endpoint,))

    def _devices_of_hint(self, state_interface: str) -> tuple[str, ...]:
        extension, context = hint_place(state_interface)
        devices = self._hints.get((extension, context))
        if devices is None:
            # app_queue also takes the hint of a context that the named one includes (context_included)
            contexts = self._contexts.get(extension, ())
            devices = self._hints[extension, contexts[0]] if len(contexts) == 1 else ()
        return devices

    def learn_hint(self, fields: Fields) -> str | None:
        """Learn what a hint stands for; return its extension if that is news."""
        extension, hint = required(fields, "exten"), fields.get("hint", "")
        place = (extension, fields.get("context", ""))
        devices = hint_devices(hint)
        if not devices or self._hints.get(place) == devices:
            return None
        if place not in self._hints:
            if len(self._hints) >= DEVICE_LIMIT:
                self._out.skipped("hint_limit")
                return None
            self._contexts.setdefault(extension, []).append(place[1])
        self._hints[place] = devices
        self._identities.clear()
        return extension

    def watch(self, identity: Identity) -> None:
        """A member has this identity: its devices' states are the endpoint's from now on."""
        if identity in self._watched:
            return
        self._watched.add(identity)
        endpoint = identity.endpoint
        for device in (endpoint, *identity.phones, *identity.devices):
            self._spelling[device.lower()] = device
        self.member_devices.update((endpoint, *identity.phones, *identity.devices))
        before = self._phones.get(endpoint)
        if before == identity.phones:
            return
        for device in before or ():
            self._endpoints[device].remove(endpoint)
        self._phones[endpoint] = identity.phones
        for device in identity.phones:
            self._endpoints.setdefault(device, []).append(endpoint)
        self._extension_endpoint.setdefault(endpoint.rpartition("/")[2], endpoint)

    def watch_extension(self, extension: str, endpoint: str) -> None:
        """An extension's "do not disturb" is this endpoint's."""
        self._extension_endpoint[extension] = endpoint

    def spelled(self, device: str) -> str:
        """Return the device as members spell it."""
        return self._spelling.get(device.lower(), device)

    # --- states ------------------------------------------------------------------------------------------

    def changed(self, fields: Fields) -> None:
        """``DeviceStateChange``."""
        device = fields.get("device", "")
        if device.startswith("Queue:"):
            return
        before = self._told.get(self.spelled(device))
        told = self._hear(fields, self._out.at)
        if told is None or (before is not None and before[0] == self._told[told][0]):
            return
        extension = do_not_disturb_extension(told)
        if extension is not None:
            self._tell_do_not_disturb(extension, before[0] if before else "idle", self._told[told][0])
            return
        for endpoint in self._endpoints.get(told) or ((told,) if is_phone(told) else ()):
            self._show(endpoint)

    def _hear(self, fields: Fields, at: float) -> str | None:
        """Remember what a device says of itself; return the device, ``None`` if it is nobody's."""
        device = self.spelled(required(fields, "device"))
        state = DEVICE_STATES.get(fields.get("state", ""))
        if state is None:
            self._out.skipped("device_state")
            return None
        if is_local(device) and device not in self.member_devices:
            return None
        if device not in self._told and len(self._told) >= DEVICE_LIMIT:
            self._out.skipped("device_limit")
            return None
        self._told[device] = (state, at)
        return device

    def _tell_do_not_disturb(self, extension: str, before: EndpointState, now: EndpointState) -> None:
        endpoint = self._extension_endpoint.get(extension)
        if endpoint is not None and (before in _NO_CALLS_WANTED) != (now in _NO_CALLS_WANTED):
            self._out.put(DoNotDisturbChanged, endpoint=endpoint, on=now in _NO_CALLS_WANTED)

    def told_by_queue(self, endpoint: str, state: EndpointState) -> None:
        """A queue says how its member's device is."""
        self._by_queue[endpoint] = state
        self._show(endpoint)

    def state(self, endpoint: str) -> EndpointState:
        """Return how an endpoint is, by the better witness."""
        told = [
            self._told[device][0]
            for device in self._phones.get(endpoint, (endpoint,))
            if device in self._told
        ]
        if told:
            return min(told, key=_BUSIEST_FIRST.index) if len(told) > 1 else told[0]
        return self._by_queue.get(endpoint, "unknown")

    def _show(self, endpoint: str) -> None:
        before, now = self._shown.get(endpoint), self.state(endpoint)
        if now == before:
            return
        self._shown[endpoint] = now
        if now == "unavailable":
            self._out.put(EndpointUnreachable, endpoint=endpoint)
        elif before == "unavailable":
            self._out.put(EndpointReachable, endpoint=endpoint)
        self._out.put(EndpointStateChanged, endpoint=endpoint, state=now)

    # --- snapshot ----------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Forget what devices said: the link was lost, it is old."""
        self._told.clear()
        self._by_queue.clear()
        self._shown.clear()

    def forget_members(self) -> None:
        """Forget who is behind which device: the list of members is about to be learned anew."""
        self._watched.clear()
        self._phones.clear()
        self._endpoints.clear()
        self._extension_endpoint.clear()
        self._spelling.clear()
        self.member_devices.clear()
        self._by_queue.clear()

    def learn_hints(self, items: Iterable[Message]) -> None:
        """Learn the list of hints (``ExtensionStateList``)."""
        for item in items:
            self._out.attempt(self.learn_hint, item.fields)

    def learn_states(self, items: Iterable[Message], since: float) -> None:
        """Learn the list of devices (``DeviceStateList``); what was heard from ``since`` on is newer.

        To be called when the members are known. The list has no Local devices (they are not cached).
        """
        heard = {device: told for device, told in self._told.items() if told[1] >= since}
        self._told.clear()
        for item in items:
            if not item.fields.get("device", "").startswith("Queue:"):
                self._out.attempt(lambda fields: self._hear(fields, since), item.fields)
        self._told.update(heard)

    def learn_member_state(self, endpoint: str, state: EndpointState) -> None:
        """Learn how a queue's list says that a member's device is."""
        self._by_queue[endpoint] = state

    def agree(self) -> None:
        """Count as shown what the snapshot that is being made shows."""
        self._shown = {endpoint: self.state(endpoint) for endpoint in self._phones}
        for device, (state, _) in self._told.items():
            if device not in self._endpoints and is_phone(device):
                self._shown[device] = state

    def facts(self) -> tuple[EndpointFacts, ...]:
        """Return the endpoints beyond those of members, and those of members that want no calls."""
        silent = set()
        for device, (state, _) in self._told.items():
            extension = do_not_disturb_extension(device)
            if extension in self._extension_endpoint and state in _NO_CALLS_WANTED:
                silent.add(self._extension_endpoint[extension])
        return tuple(
            EndpointFacts(endpoint=endpoint, state=state, do_not_disturb=endpoint in silent)
            for endpoint, state in self._shown.items()
            if endpoint in silent or endpoint not in self._phones
        )
