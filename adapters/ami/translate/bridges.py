"""Bridges: whoever meets in one belongs to one call from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from adapters.ami.translate.channel import Channel

BRIDGE_LIMIT: Final = 200_000
"""Bridges remembered; beyond this the oldest is forgotten."""


class _Bridge:
    __slots__ = ("call", "channels")

    def __init__(self, call: str) -> None:
        self.call = call
        self.channels: dict[str, Channel] = {}


class Bridges:
    """Which channels share a bridge.

    All calls that meet in a basic bridge become the oldest of them (``ast_bridge_channel_update_linkedids``,
    main/bridge_channel.c), but Asterisk tells each channel's new ``Linkedid`` only with its next event. In other
    bridges (parking, conferences) calls stay apart. ``move`` is called for each channel whose call changes.
    """

    def __init__(self, move: Callable[[Channel, str], None]) -> None:
        self._move = move
        self._bridges: dict[str, _Bridge] = {}

    def enter(self, bridge: str, call: str, channel: Channel | None) -> None:
        """A channel of this call (``None``: one that is no leg) is in the bridge."""
        found = self._bridges.get(bridge)
        if found is None:
            if len(self._bridges) >= BRIDGE_LIMIT:
                del self._bridges[next(iter(self._bridges))]
            found = self._bridges[bridge] = _Bridge(call)
        found.call = older(call, found.call)
        if channel is not None:
            self.leave(channel)
            channel.bridge = bridge
            found.channels[channel.leg] = channel
        for one in found.channels.values():
            if one.call != found.call:
                self._move(one, found.call)

    def place(self, channels: Iterable[Channel]) -> None:
        """Take over where a list says that channels are; a bridge that we never saw may be of any type."""
        for bridge in self._bridges.values():
            bridge.channels.clear()
        for channel in channels:
            found = self._bridges.get(channel.bridge)
            if found is None:
                channel.bridge = ""
            else:
                found.channels[channel.leg] = channel

    def leave(self, channel: Channel) -> None:
        """The channel is in no bridge, or about to enter another."""
        found = self._bridges.get(channel.bridge)
        if found is not None:
            found.channels.pop(channel.leg, None)
        channel.bridge = ""

    def destroy(self, bridge: str) -> None:
        """The bridge is no more."""
        self._bridges.pop(bridge, None)

    def clear(self) -> None:
        """Forget all bridges."""
        self._bridges.clear()


def older(call: str, other: str) -> str:
    """Return the call that began first; ``call`` if there is no telling."""
    return other if _age(other) < _age(call) else call


def _age(linkedid: str) -> tuple[float, int]:
    """Return what orders calls: ``1795475542.10`` is the tenth channel of the PBX, begun in that second.

    A system name may precede it (``pbx1-1795475542.10``).
    """
    second, _, number = linkedid.rpartition("-")[2].partition(".")
    if not (linkedid.isascii() and second.isdigit() and number.isdigit() and len(linkedid) < 100):
        return float("inf"), 0
    return float(second), int(number)
