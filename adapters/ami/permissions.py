"""What each permission of a manager user is good for, and how to grant it."""

from __future__ import annotations

import msgspec

LEAST_PRIVILEGE = """\
; manager.conf
[general]
enabled = yes
bindaddr = 127.0.0.1            ; or the address that this service comes to; then with TLS or a firewall
timestampevents = yes           ; events then tell their time to the microsecond

[monitor]
secret = a-long-random-secret
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = agent,call,system,user
write = reporting               ; may list channels and devices; can neither place nor end a call
writetimeout = 5000             ; the default of 100 ms cuts the connection in a moment's stall
"""
"""A manager user who may see what this service shows and do nothing."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """An action that makes the picture better."""

    action: str
    grant: str
    """The class to add to the user's ``write =``."""
    gain: str
    """What it adds."""
    module: str = ""
    """The module that offers it, where it is not Asterisk's core."""


NEEDS = {
    need.action: need
    for need in (
        Need(
            action="QueueStatus",
            grant="",
            gain="queues, members and waiting callers",
            module="app_queue.so",
        ),
        Need(
            action="CoreShowChannels",
            grant="reporting",
            gain="calls that already go on when the service connects, and the correction of missed ends of calls",
        ),
        Need(
            action="DeviceStateList",
            grant="reporting",
            gain="the state of devices from the first moment, instead of from their next change",
            module="res_manager_devicestate.so",
        ),
        Need(
            action="ExtensionStateList",
            grant="reporting",
            gain="which device a member's hint stands for (FreePBX-style members: Local/1001@from-queue/n)",
        ),
        Need(
            action="GetConfig",
            grant="config",
            gain="each queue's wrap-up length and service level from queues.conf, instead of from our configuration",
        ),
        Need(
            action="CoreSettings",
            grant="reporting",
            gain="Asterisk's version",
        ),
        Need(
            action="CoreStatus",
            grant="reporting",
            gain="certainty whether the PBX was restarted while the connection was down",
        ),
    )
}
"""By action. The classes are those of main/manager.c, devicestate.c and pbx.c; ``system`` stands in for ``reporting``
and ``config`` but allows far more."""

READS = {
    "agent": "queue and member events: without it the picture moves only with each reconciliation",
    "call": "channels, bridges, hold and device states: without it talking, ringing and hold are not seen",
    "system": "start, stop and reload of the PBX, and whether devices are reachable",
    "user": "business outcomes that the dialplan tells by UserEvent",
}
"""By class in the user's ``read =``: what it brings."""

CAUTIONS = {
    "config": (
        "`config` also allows to change configuration files, so grant it only where that is acceptable; "
        "`wrap_up` under `queues` in our own configuration does as well"
    )
}
"""By class: what else it allows."""

UNNEEDED = (
    "Originate",
    "Hangup",
    "Redirect",
    "Command",
    "UpdateConfig",
    "QueuePause",
    "Setvar",
    "ModuleLoad",
)
"""Actions that a monitor should not be able to do."""
