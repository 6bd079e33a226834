"""Resource lists: who comes by a list is not asked for one by one."""

import pytest

from adapters.sip.outputs import Reported, Synchronised
from tests.adapters.sip.server import SipServer, dialog_info
from tests.adapters.sip.talk import ANNA, BORIS, CLARA, PBX, Talk

LIST = f"sip:agents@{PBX}"
TYPE = 'multipart/related;type="application/rlmi+xml";start="<list>";boundary="edge"'


def listed(members: list[str], *, version: int = 0, full: bool = True) -> bytes:
    resources = "".join(
        f'<resource uri="{uri}"><instance id="i" state="active" cid="{number}"/></resource>'
        for number, uri in enumerate(members)
    )
    rlmi = (
        f'<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="{LIST}" version="{version}" '
        f'fullState="{str(full).lower()}">{resources}</list>'
    )
    parts = [
        f"Content-Type: application/rlmi+xml\r\nContent-ID: <list>\r\n\r\n{rlmi}",
        *(
            f"Content-Type: application/dialog-info+xml\r\nContent-ID: <{number}>\r\n\r\n"
            + dialog_info(uri, version).decode()
            for number, uri in enumerate(members)
        ),
    ]
    return "".join(f"--edge\r\n{part}\r\n" for part in parts).encode() + b"--edge--\r\n"


class ListServer(SipServer):
    """Has one list."""

    members = (ANNA, BORIS)

    def notify(self, held, state=None, body=None, **more):
        if held.aor == LIST and body is None:
            held.version += 1
            body = listed(list(self.members), version=held.version)
        if held.aor == LIST:
            more = {"content_type": TYPE, "extra": (("Require", "eventlist"),), **more}
        return super().notify(held, state, body, **more)


def targets(talk: Talk) -> list[tuple[str, str]]:
    return sorted({(held.aor, held.package) for held in talk.server.subscriptions.values()})


def test_members_of_a_list_are_not_asked_for_one_by_one():
    talk = Talk(server=ListServer(), lists=[LIST])
    talk.settle()
    assert targets(talk) == [(LIST, "dialog")]
    assert talk.of(Reported)[0].endpoint == LIST
    asked = talk.server.subscribes()[-1]
    assert asked.get("Supported") == "eventlist"
    assert "application/rlmi+xml" in asked.get("Accept")
    assert "multipart/related" in asked.get("Accept")
    assert talk.server.statuses() == {200: 1}


def test_watched_endpoint_that_no_list_has_is_asked_for_itself():
    talk = Talk(server=ListServer(), lists=[LIST], watch=[ANNA, CLARA])
    talk.settle()
    assert targets(talk) == sorted([(LIST, "dialog"), (CLARA, "dialog")])
    assert talk.of(Synchronised)[0].granted == 2


@pytest.mark.parametrize("status", [404, 489])
def test_refused_list_falls_back_to_its_watched_members(status):
    server = ListServer()
    server.refused = {LIST: (status, {})}
    talk = Talk(server=server, lists=[LIST])
    talk.settle()
    assert targets(talk) == sorted([(ANNA, "dialog"), (BORIS, "dialog")])


def test_members_that_a_list_brings_are_asked_for_what_it_does_not_tell():
    talk = Talk(server=ListServer(), lists=[LIST], watch=[], registration="presence")
    talk.settle()
    assert targets(talk) == sorted([(LIST, "dialog"), (ANNA, "presence"), (BORIS, "presence")])
    talk.server.members = (ANNA, CLARA)
    talk.hear(talk.server.notify(talk.server.of(LIST)))
    talk.wait(1)
    assert targets(talk) == sorted([(LIST, "dialog"), (ANNA, "presence"), (CLARA, "presence")])


def test_lost_list_is_unknown_and_its_members_are_asked_for():
    talk = Talk(server=ListServer(), lists=[LIST])
    talk.settle()
    held = talk.server.of(LIST)
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, "terminated;reason=noresource", b"", content_type=None))
    talk.wait(1)
    assert talk.unknown() == [LIST]
    assert targets(talk) == sorted([(ANNA, "dialog"), (BORIS, "dialog")])
