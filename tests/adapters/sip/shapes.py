"""Bodies in the shapes that servers give them; written for these tests after the servers' sources, not copied.

Asterisk: one pseudo dialog named as the extension, its own host, ``pvalue``. Kamailio: a Call-ID, padded versions, what
several publishers told in one document. BroadWorks: ECMA-323 roots, the reason in a vendor's namespace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

DIALOG_INFO: Final = "application/dialog-info+xml"
REGINFO: Final = "application/reginfo+xml"
PIDF: Final = "application/pidf+xml"
FEATURE: Final = "application/x-as-feature-event+xml"
RLMI: Final = "application/rlmi+xml"

ANNA: Final = "sip:101@pbx.example.org"
BORIS: Final = "sip:102@pbx.example.org"
CSTA: Final = 'xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"'


def asterisk_dialog_info(
    state: str = "terminated",
    *,
    version: int = 0,
    entity: str = "sip:101@192.0.2.10:5060",
    held: bool = False,
) -> bytes:
    """What res_pjsip_dialog_info_body_generator writes of a hint."""
    local = (
        f'  <local>\n   <target uri="{entity}">\n'
        '    <param pname="+sip.rendering" pvalue="no" />\n   </target>\n  </local>\n'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full" entity="{entity}">\n'
        f' <dialog id="101">\n  <state>{state}</state>\n{local if held else ""} </dialog>\n</dialog-info>\n'
    ).encode()


def kamailio_dialog(
    ident: str = "a84b4c76e66710",
    state: str = "confirmed",
    *,
    direction: str | None = "recipient",
    call_id: str | None = "",
    peer: str = "sip:+74951234567@gw.example.org",
    display: str = "",
    rendering: str = "",
    event: str = "",
    duration: str = "",
) -> str:
    """One dialog as pua_dialoginfo publishes it; ``call_id`` is the id unless given, ``None`` leaves it out."""
    call = "" if call_id is None else f' call-id="{call_id or ident}"'
    way = "" if direction is None else f' direction="{direction}"'
    name = f' display="{display}"' if display else ""
    why = f' event="{event}"' if event else ""
    param = f'<param pname="+sip.rendering" pval="{rendering}"/>' if rendering else ""
    since = f"<duration>{duration}</duration>" if duration else ""
    return (
        f'  <dialog id="{ident}"{call} local-tag="as7d900as8" remote-tag="fj3k8"{way}>\n'
        f"    <state{why}>{state}</state>\n    {since}"
        f'    <remote><identity{name}>{peer}</identity><target uri="{peer}"/></remote>\n'
        f'    <local><identity>{ANNA}</identity><target uri="sip:101@192.0.2.7:5062">{param}</target></local>\n'
        "  </dialog>\n"
    )


def kamailio_dialog_info(
    *dialogs: str, version: str | int = 1, state: str = "full", entity: str = ANNA
) -> bytes:
    """What presence_dialoginfo puts together; it pads the version with spaces behind the quotes."""
    return (
        '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
        f'version="{version}"          state="{state}" entity="{entity}">\n{"".join(dialogs)}</dialog-info>\n'
    ).encode()


def reginfo(
    *contacts: tuple[str, str], state: str = "active", aor: str = ANNA, version: int = 0, whole: str = "full"
) -> bytes:
    """What pua_reginfo writes of a location record: ids are addresses in memory."""
    inner = "".join(
        f'    <contact id="{ident}" state="{told}" event="registered" expires="3600" callid="x" cseq="1">\n'
        f"      <uri>sip:101@192.0.2.7:5062;transport=udp</uri>\n    </contact>\n"
        for ident, told in contacts
    )
    return (
        f'<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="{version}" state="{whole}">\n'
        f'  <registration aor="{aor}" id="0x7f6a5c" state="{state}">\n{inner}  </registration>\n</reginfo>\n'
    ).encode()


def asterisk_pidf(basic: str = "open", note: str = "Ready", activity: str = "", entity: str = ANNA) -> bytes:
    """What res_pjsip_pidf_body_generator and its supplement write."""
    activities = f"<rpid:activities><rpid:{activity} /></rpid:activities>" if activity else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<presence entity="{entity}" xmlns="urn:ietf:params:xml:ns:pidf"'
        ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid">\n'
        f' <note>{note}</note>\n <tuple id="101">\n  <status>\n   <basic>{basic}</basic>\n  </status>\n'
        f'  <contact priority="1">sip:monitor@192.0.2.20</contact>\n </tuple>\n'
        f" <dm:person>{activities}</dm:person>\n</presence>\n"
    ).encode()


def cisco_pidf(*activities: str, entity: str = ANNA) -> bytes:
    """What Cisco writes: activities of its own beside those of the RFC."""
    inner = "".join(f"<{one}/>" for one in activities)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf"'
        ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:e="urn:ietf:params:xml:ns:pidf:rpid"'
        f' xmlns:ce="urn:cisco:params:xml:ns:pidf:rpid" entity="{entity}"><dm:person><e:activities>{inner}'
        '</e:activities></dm:person><tuple id="t"><status><basic>open</basic></status></tuple></presence>'
    ).encode()


def agent_event(root: str, inner: str = "") -> bytes:
    """An as-feature-event about the agent's state."""
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<{root} {CSTA}><device/>{inner}</{root}>'.encode()


def not_ready(reason: str | None = None) -> bytes:
    """AgentNotReadyEvent, perhaps with a reason."""
    if reason is None:
        return agent_event("AgentNotReadyEvent")
    return agent_event(
        "AgentNotReadyEvent",
        '<extensions><privateData><private xmlns:pri="http://schema.broadsoft.com/CSTAPrivateData">'
        f"<pri:AgentNotReadyReasonValue>{reason}</pri:AgentNotReadyReasonValue></private></privateData></extensions>",
    )


def do_not_disturb(on: str) -> bytes:
    """DoNotDisturbEvent."""
    return agent_event("DoNotDisturbEvent", f"<doNotDisturbOn>{on}</doNotDisturbOn>")


def multipart(parts: Sequence[tuple[str, str, bytes]], boundary: str = "XbN3k") -> bytes:
    """Parts of (content type, Content-ID, body)."""
    found = b""
    for content_type, ident, body in parts:
        head = f"Content-Type: {content_type}\r\n" + (f"Content-ID: <{ident}>\r\n" if ident else "")
        found += f"--{boundary}\r\n{head}\r\n".encode() + body + b"\r\n"
    return found + f"--{boundary}--\r\n".encode()


def rlmi(*resources: str, full: str = "true", version: int = 0) -> bytes:
    """A list's own document."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<list xmlns="urn:ietf:params:xml:ns:rlmi" '
        f'uri="sip:agents@pbx.example.org" version="{version}" fullState="{full}">{"".join(resources)}</list>\n'
    ).encode()


def resource(uri: str, name: str = "", state: str = "active", cid: str = "", reason: str = "") -> str:
    """A member of a list, with one instance."""
    shown = f"<name>{name}</name>" if name else ""
    part = f' cid="{cid}"' if cid else ""
    why = f' reason="{reason}"' if reason else ""
    instance = f'<instance id="i-{cid}" state="{state}"{part}{why}/>' if state else ""
    return f'<resource uri="{uri}">{shown}{instance}</resource>'


def a_list(
    *members: tuple[str, bytes], content_type: str = DIALOG_INFO, full: str = "true", version: int = 0
) -> bytes:
    """A list whose members have one part each."""
    told = [resource(uri, cid=f"c{number}@x") for number, (uri, _) in enumerate(members)]
    root = (f"{RLMI};charset=UTF-8", "root@x", rlmi(*told, full=full, version=version))
    return multipart(
        [root, *((content_type, f"c{number}@x", body) for number, (_, body) in enumerate(members))]
    )


RELATED: Final = {"type": RLMI, "start": "<root@x>", "boundary": "XbN3k"}
"""The parameters of a list's Content-Type."""
