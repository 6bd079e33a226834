"""What real servers were seen to do (``tests/lab``), and what comes of it."""

from adapters.sip.outputs import Reported
from adapters.sip.timeouts import Timeouts
from tests.adapters.sip.server import dialog
from tests.adapters.sip.talk import ANNA, BORIS, PBX, Talk

LIVELY = Timeouts(idle=1e9, silence=1e9)
"""No OPTIONS, and no refresh out of turn beside it."""
HUNDRED = [f"sip:{1000 + index}@{PBX}" for index in range(100)]


def test_server_that_came_back_with_an_older_state_is_asked_anew():
    """Asterisk counts its NOTIFYs again from its last saved state after a crash, and ends what is refused."""
    talk = Talk()
    talk.settle()
    held, other = (talk.server.of(aor) for aor in (ANNA, BORIS))
    talk.hear(talk.server.notify(held), talk.server.notify(held))
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, cseq=held.cseq - 1))
    assert talk.counted("out_of_order") == 1
    talk.wait(1)
    assert talk.server.of(ANNA).call_id != held.call_id
    assert talk.server.of(BORIS).call_id == other.call_id
    assert talk.unknown() == []


def test_one_swapped_pair_of_notifies_makes_that_subscription_alone_anew():
    talk = Talk(watch=HUNDRED, timeouts=LIVELY)
    talk.settle()
    calls = set(talk.server.subscriptions)
    held = talk.server.of(HUNDRED[50])
    first, second = talk.server.notify(held), talk.server.notify(held)
    before = len(talk.requests())
    talk.hear(second, first)
    talk.wait(20)
    assert talk.counted("out_of_order") == 1
    assert [request.to.uri.aor for _, request in talk.requests()[before:]] == [held.aor]
    assert calls - set(talk.server.subscriptions) == set()
    assert talk.unknown() == []


def test_server_that_goes_on_with_an_older_state_is_asked_anew_for_that_subscription_alone():
    """It neither ends what we refused nor counts higher."""
    talk = Talk(watch=HUNDRED, timeouts=LIVELY)
    talk.settle()
    held = talk.server.of(HUNDRED[50])
    talk.hear(*(talk.server.notify(held) for _ in range(50)))
    before = len(talk.requests())
    held.cseq = 1
    talk.hear(talk.server.notify(held))
    talk.wait(3)
    assert [request.to.uri.aor for _, request in talk.requests()[before:]] == [held.aor]
    assert talk.unknown() == []
    talk.hear(*talk.server.tell(HUNDRED[50], dialog("1", "early", call_id="c")))
    assert talk.of(Reported)[-1].report.dialogs


def test_subscription_that_ends_while_its_refresh_is_unanswered_is_made_anew():
    talk = Talk(reconcile_interval=5)
    talk.settle()
    held = talk.server.of(ANNA)
    talk.server.silent = {"SUBSCRIBE"}
    before = len(talk.requests())
    talk.wait(5.5)
    assert held.call_id in {request.call_id for _, request in talk.requests()[before:]}
    talk.server.silent = set()
    del talk.server.subscriptions[held.call_id]
    talk.hear(talk.server.notify(held, "terminated;reason=deactivated", b""))
    talk.wait(1)
    assert talk.server.of(ANNA).call_id != held.call_id
    assert talk.unknown() == []


def test_a_server_that_restarts_quickly_and_forgets_us_is_found_out_in_the_first_silence():
    """It answers OPTIONS all the time: only a refresh tells."""
    talk = Talk()
    talk.settle()
    talk.server.restart()
    talk.hear(*talk.server.tell(ANNA, dialog("1", "early", call_id="c")))  # nobody is told
    talk.wait(3)
    assert talk.server.of(ANNA)
    assert talk.server.of(BORIS)
    assert talk.of(Reported)[-1].report.dialogs or talk.of(Reported)[-2].report.dialogs
