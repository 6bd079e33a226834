"""What names say: the device behind a channel, a member's interface or state interface, a hint.

Asterisk's rules, from ``ast_channel_name_to_dial_string`` and ``ast_channel_get_device_name`` (main/channel.c),
``device_state_cb`` (apps/app_queue.c) and ``local_devicestate`` (main/core_local.c).
"""

from __future__ import annotations

from typing import Final

LOCAL: Final = "Local/"
HINT: Final = "hint:"
_DO_NOT_DISTURB: Final = ("Custom:DND", "Custom:DEVDND")
"""FreePBX keeps "do not disturb" in custom devices, of the extension and of the device."""

_NOT_DEVICES: Final = frozenset(
    {
        "Local",
        "Announcer",
        "AsyncGoto",
        "Bridge",
        "CBAnn",
        "CBRec",
        "ConfBridgeRecorder",
        "Message",
        "Recorder",
        "Snoop",
        "Surrogate",
        "UnicastRTP",
    }
)
"""Technologies whose channels are machinery, not somebody's device."""


def channel_device(channel: str) -> str:
    """Return the device of a channel: ``PJSIP/101-0000002f`` -> ``PJSIP/101``.

    ``Local/2001@agents-00000004;1`` -> ``Local/2001@agents``. A masquerade's ``<ZOMBIE>`` is dropped too.
    """
    return channel[: channel.rfind("-")] if "-" in channel else channel.partition(";")[0]


def is_local(name: str) -> bool:
    """Tell whether a channel, interface or device is a pair of Local channels."""
    return name.startswith(LOCAL)


def is_phone(device: str) -> bool:
    """Tell whether a device can have legs of its own: ``PJSIP/101``, not ``Custom:x`` and not ``Local/x@y``."""
    technology, slash, rest = device.partition("/")
    return bool(slash and rest) and ":" not in technology and technology not in _NOT_DEVICES


def interface_device(interface: str) -> str:
    """Return the device that a member's interface rings.

    ``Local/1001@from-queue/n`` -> ``Local/1001@from-queue``; ``PJSIP/1001/sip:1001@host`` and ``PJSIP/x@1001``
    -> ``PJSIP/1001``; anything else as it is.
    """
    technology, slash, rest = interface.partition("/")
    if not slash:
        return interface
    if technology.lower() == "local":
        return f"{LOCAL}{rest.partition('/')[0]}"
    if technology.upper() in ("PJSIP", "SIP"):
        return f"{technology}/{rest.partition('/')[0].rpartition('@')[2]}"
    return interface


def hint_devices(hint: str) -> tuple[str, ...]:
    """Return the devices of a hint: ``PJSIP/1001&Custom:DND1001,CustomPresence:1001`` -> the two before the comma."""
    return tuple(device for device in hint.partition(",")[0].split("&") if device)


def hint_place(state_interface: str) -> tuple[str, str]:
    """Return extension and context of ``hint:1001@ext-local`` (context ``default`` where it names none)."""
    extension, _, context = state_interface[len(HINT) :].partition("@")
    return extension, context or "default"


def do_not_disturb_extension(device: str) -> str | None:
    """Return the extension that a "do not disturb" device belongs to, ``None`` for another device."""
    for prefix in _DO_NOT_DISTURB:
        if device.startswith(prefix):
            return device[len(prefix) :]
    return None
