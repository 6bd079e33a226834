"""All subscriptions to one server: each has its turn, its dialog and its time.

``Roster`` builds and sends their requests and takes their answers and NOTIFYs; what these mean for one of them is
decided by :class:`~adapters.sip.subscription.Subscription`, what all of them together have brought is counted by
:class:`~adapters.sip.picture.Picture`.
"""

from __future__ import annotations

from collections.abc import Callable

from adapters.common.texts import shown
from adapters.sip.agenda import Agenda
from adapters.sip.bodies import ACCEPT
from adapters.sip.credentials import Attempt, Verdict
from adapters.sip.errors import CredentialsRefused
from adapters.sip.incoming import ALLOW_EVENTS, Answer, accept_of
from adapters.sip.judgement import Input, judge, judge_reason
from adapters.sip.notify import Refusal, SubscriptionState, reports_of, subscription_state
from adapters.sip.outputs import Count, Outcome, Output, Reported, Unknown
from adapters.sip.pacing import Pacer, Priority
from adapters.sip.picture import Picture, single
from adapters.sip.plan import Plan
from adapters.sip.refusals import WEAKER, credentials_error, remedy_of
from adapters.sip.reports import Kind, ListReport, Report
from adapters.sip.requests import Requests
from adapters.sip.subscription import (
    Detail,
    SipDialog,
    State,
    Subscription,
    Target,
)
from adapters.sip.translate import Versions
from adapters.sip_messages.message import Request, Response

SUSPICION_PAUSE = 10.0
"""Seconds between two times that a forgotten subscription makes us ask after all the others."""
ROUTES_LIMIT = 10
"""Routes of a dialog: more are no real network's."""
LEAVE_LIMIT = 500
"""Subscriptions that are given back at once when we go."""


class Roster:
    """The subscriptions of one session."""

    def __init__(
        self,
        plan: Plan,
        *,
        requests: Requests,
        pacer: Pacer,
        picture: Picture,
        token: Callable[[], str],
        out: Callable[[Output], None],
        lives: Callable[[], None],
        refused: Callable[[CredentialsRefused], None],
    ) -> None:
        self.subscriptions: dict[int, Subscription] = {}
        self.at = 0.0
        """Our clock, kept up to date by the owner."""
        self._plan = plan
        self._requests = requests
        self._pacer = pacer
        self._picture = picture
        self._token = token
        self._out = out
        self._lives = lives
        self._refused = refused
        self._versions = Versions()
        self._agenda: Agenda[int] = Agenda()
        self._numbers: dict[Target, int] = {}
        self._calls: dict[str, int] = {}
        self._call_of: dict[int, str] = {}
        self._again: dict[int, tuple[SipDialog, Attempt]] = {}
        self._said: dict[int, tuple[bool, str]] = {}
        self._known: set[int] = set()
        """Those whose state was told and is still believed."""
        self._suspected_at = float("-inf")
        self._last = 0
        self._leaving = False

    # --- who is subscribed to --------------------------------------------------------------------------

    def add(self, target: Target, now: float) -> None:
        """Subscribe to this too."""
        if target in self._numbers:
            return
        self._last += 1
        subscription = Subscription(self._last, target, self._plan.expires, self._plan.timeouts, now)
        self.subscriptions[self._last] = subscription
        self._numbers[target] = self._last
        self._picture.expect(self._last, now)
        self._after(subscription, now)

    def remove(self, target: Target, now: float) -> None:
        """Subscribe to this no longer."""
        number = self._numbers.pop(target, None)
        if number is None:
            return
        subscription = self.subscriptions.pop(number)
        if subscription.alive:
            self._give_back(subscription, now)
        self._forget_dialog(number)
        self._agenda.drop(number)
        self._pacer.withdraw(number)
        self._said.pop(number, None)
        self._unknown(subscription)
        self._picture.drop(number, now)

    def leave(self, now: float) -> None:
        """Give back what the server holds for us, and ask for nothing any more."""
        self._leaving = True
        alive = [subscription for subscription in self.subscriptions.values() if subscription.alive]
        for subscription in alive[:LEAVE_LIMIT]:
            self._give_back(subscription, now)

    def pushed(self, endpoint: str, kind: Kind, now: float) -> None:
        """Somebody else told what this subscription is to tell: the first picture need not wait for it."""
        number = self._numbers.get(single(endpoint, kind))
        if number is not None:
            self.subscriptions[number].answered = True
            self._picture.update(self.subscriptions[number], now)

    # --- time ------------------------------------------------------------------------------------------

    def next_deadline(self) -> float:
        """Return when :meth:`tick` is due."""
        if self._leaving:
            return float("inf")
        return min(self._agenda.next(), self._pacer.next_deadline())

    def tick(self, now: float) -> None:
        """Do what is due: time first, then whose turn it is."""
        if self._leaving:
            return
        while (number := self._agenda.take(now)) is not None:
            subscription = self.subscriptions[number]
            subscription.tick(now)
            self._after(subscription, now)
        while (number := self._pacer.take(now)) is not None:
            self._turn(number, now)

    # --- requests --------------------------------------------------------------------------------------

    def _turn(self, number: int, now: float) -> None:
        subscription = self.subscriptions.get(number)
        dialog, attempt = self._again.pop(number, (None, Attempt()))
        if subscription is None or (
            subscription.dialog is not dialog
            if dialog is not None
            else subscription.state not in {State.WAITING, State.PENDING, State.ACTIVE}
        ):
            self._pacer.answered()
            return
        if dialog is None:
            subscription.feed(Input.TURN, now)
            if subscription.dialog is None:
                subscription.dialog = SipDialog(self._token(), self._token())
                self._calls[subscription.dialog.call_id] = number
                self._call_of[number] = subscription.dialog.call_id
            subscription.under_way = True
        self._subscribe(subscription, attempt, now)
        self._after(subscription, now)

    def _subscribe(self, subscription: Subscription, attempt: Attempt, now: float) -> None:
        dialog = subscription.dialog
        if dialog is None:
            return

        def on_end(response: Response | None, then: float) -> None:
            self._answered(subscription, dialog, attempt, response, then)

        self._send(subscription, dialog, subscription.expires, attempt=attempt, on_end=on_end, now=now)

    def _give_back(self, subscription: Subscription, now: float) -> None:
        """Unsubscribe; whatever the server says to that."""
        if subscription.dialog is not None:
            self._send(subscription, subscription.dialog, 0, attempt=Attempt(), on_end=_ignore, now=now)

    def _send(
        self,
        subscription: Subscription,
        dialog: SipDialog,
        expires: int,
        *,
        attempt: Attempt,
        on_end: Callable[[Response | None, float], None],
        now: float,
    ) -> None:
        target = subscription.target
        dialog.cseq += 1
        to = f"<{target.uri}>"
        if dialog.remote_tag is not None:
            to += f";tag={dialog.remote_tag}"
        headers = [
            *(("Route", route) for route in dialog.routes),
            ("From", f"<{self._plan.identity}>;tag={dialog.local_tag}"),
            ("To", to),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.cseq} SUBSCRIBE"),
            ("Contact", self._requests.contact),
            ("Event", target.package),
            ("Expires", str(expires)),
        ]
        if target.is_list:
            headers += [*accept_of((target.package,)), ("Supported", "eventlist")]
        else:
            singles = [kind for kind in ACCEPT[target.package] if not _is_list_type(kind)]
            headers.append(("Accept", ", ".join(singles)))
        uri = dialog.remote_target or target.uri
        self._requests.begin("SUBSCRIBE", uri, headers, attempt=attempt, on_end=on_end, now=now)

    def _answered(
        self,
        subscription: Subscription,
        dialog: SipDialog,
        attempt: Attempt,
        response: Response | None,
        now: float,
    ) -> None:
        """Take the final answer to a SUBSCRIBE, or that there is none."""
        self._pacer.answered()
        if subscription.dialog is not dialog or subscription.number not in self.subscriptions:
            return  # it went another way meanwhile
        if response is not None and response.status in {401, 407}:
            self._challenged(subscription, dialog, attempt, response, now)
            return
        subscription.under_way = False
        if response is None:
            subscription.feed(Input.NO_ANSWER, now)
        else:
            self._requests.credentials.accepted(attempt)
            self._picture.proven(response)
            retry_after = response.number("Retry-After")
            detail = Detail(
                expires=response.number("Min-Expires") if response.status == 423 else response.expires,
                retry_after=float(retry_after) if retry_after is not None else None,
                answer=f"{response.status} {shown(response.reason) or ''}".strip(),
                status=response.status,
            )
            what = judge(response.status, refresh=subscription.alive, retry_after=detail.retry_after)
            forgotten = what is Input.GONE and subscription.alive
            subscription.feed(what, now, detail)
            if forgotten:
                self._suspect(now)
        self._after(subscription, now)

    def _challenged(
        self,
        subscription: Subscription,
        dialog: SipDialog,
        attempt: Attempt,
        response: Response,
        now: float,
    ) -> None:
        verdict, realm = self._requests.credentials.challenged(attempt, response)
        if verdict is Verdict.AGAIN:
            self._again[subscription.number] = (dialog, attempt)
            self._pacer.want(subscription.number, Priority.CHALLENGED)
            return
        offered = self._requests.credentials.offered(response) if verdict is Verdict.UNUSABLE else ""
        error = credentials_error(verdict, realm, response, offered)
        only_pushed = verdict is Verdict.NO_CREDENTIALS and self._plan.push is not None
        if not self._picture.is_proven and not only_pushed:
            self._refused(error)  # nobody was let in yet: that is not this one subscription's affair
            return
        self._picture.proven(response)
        subscription.under_way = False
        answer = f"{response.status} {shown(response.reason) or ''}".strip()
        if verdict is Verdict.WEAKER:
            self._out(Count("weak_challenge"))
            answer = WEAKER
        what = Input.PASSING if subscription.alive else Input.REFUSED
        subscription.feed(what, now, Detail(answer=answer, status=response.status))
        self._after(subscription, now)

    def _suspect(self, now: float) -> None:
        """One subscription was forgotten: the server may have restarted, so ask after all others soon."""
        if now - self._suspected_at < SUSPICION_PAUSE:
            return
        self._suspected_at = now
        for subscription in self.subscriptions.values():
            if subscription.alive:
                subscription.suspect(now)
                self._after(subscription, now)

    def probe(self, now: float) -> None:
        """Refresh, in the silence, the one that is due next: a server that restarted quickly answers, and forgot all."""
        alive = (one for one in self.subscriptions.values() if one.alive and not one.under_way)
        due = min(alive, key=Subscription.due, default=None)
        if due is not None:
            due.suspect(now)
            self._after(due, now)

    # --- NOTIFY ----------------------------------------------------------------------------------------

    def notify(self, request: Request, now: float) -> Answer | None:
        """Take a NOTIFY; None: it belongs to no subscription."""
        number = self._calls.get(request.call_id)
        subscription = self.subscriptions.get(number) if number is not None else None
        if subscription is None or subscription.dialog is None:
            return None
        dialog = subscription.dialog
        if request.to.tag != dialog.local_tag or request.from_.tag is None:
            return None
        refusal = self._misfit(subscription, dialog, request, now)
        if refusal is not None:
            return refusal
        self._lives()
        state = subscription_state(request)
        if state is None:
            self._out(Count("malformed"))
            return Answer(400)
        self._establish(dialog, request)
        dialog.remote_answer = self._take(subscription, request, state, now)
        return dialog.remote_answer

    def _misfit(
        self, subscription: Subscription, dialog: SipDialog, request: Request, now: float
    ) -> Answer | None:
        """Return the answer to a NOTIFY that does not fit into its dialog."""
        if dialog.remote_tag not in {None, request.from_.tag}:
            self._out(Count("forked"))  # the first one that answered for this address is the one we follow
            return Answer(481)
        if request.event != (subscription.target.package, None):
            self._out(Count("refused_request"))
            return Answer(489, ALLOW_EVENTS)
        if request.cseq == dialog.remote_cseq and request.via[0].branch == dialog.remote_branch is not None:
            return dialog.remote_answer  # a repetition that outlived the memory of answers
        if request.cseq <= dialog.remote_cseq:
            self._out(Count("out_of_order"))
            subscription.outdated(now)
            self._after(subscription, now)
            return Answer(500)
        return None

    @staticmethod
    def _establish(dialog: SipDialog, request: Request) -> None:
        """The first NOTIFY makes the dialog; each may move its target (RFC 3261 §12.1.1, §12.2.2)."""
        if dialog.remote_tag is None:
            dialog.remote_tag = request.from_.tag
            dialog.routes = request.record_routes[:ROUTES_LIMIT]
        dialog.remote_cseq = request.cseq
        dialog.remote_branch = request.via[0].branch
        contacts = request.contacts
        if contacts and contacts[0].uri.scheme in {"sip", "sips"}:
            dialog.remote_target = contacts[0].uri_text

    def _take(
        self,
        subscription: Subscription,
        request: Request,
        state: SubscriptionState,
        now: float,
    ) -> Answer:
        target = subscription.target
        compared = subscription.compared and subscription.notified and subscription.answered
        over = state.value == "terminated"
        tells = state.value != "pending" and (not over or state.reason == "invariant")
        reports: tuple[Report, ...] = ()
        answer = Answer(200)
        known = tells
        if tells:
            try:
                reports = reports_of(request, target.package, None if target.is_list else target.uri)
                known = bool(reports or request.body)
            except Refusal as error:
                self._out(Count(error.kind))
                answer, known = error.answer, False
        key = f"{request.call_id} {subscription.number}"
        if over:
            retry_after = float(state.retry_after) if state.retry_after is not None else None
            detail = Detail(retry_after=retry_after, answer=shown(state.reason) or "terminated", status=0)
            what = judge_reason(state.reason, retry_after)
        else:
            detail = Detail(expires=state.expires)
            what = Input.PENDING if state.value == "pending" else Input.ACTIVE
            subscription.answered = True
        gap = self._tell(subscription, key, reports, compared=compared)
        subscription.feed(what, now, detail)
        if gap:
            self._out(Count("gap"))
            subscription.gap(now)
        if not over and not known:
            self._unknown(subscription)
        self._after(subscription, now)
        return answer

    def _tell(
        self, subscription: Subscription, key: str, reports: tuple[Report, ...], *, compared: bool
    ) -> bool:
        """Pass on what is news; return whether something before it is missing."""
        target = subscription.target
        missing = False
        for report in reports:
            judged = self._versions.judge(key, report)
            missing = missing or judged.gap
            if judged.report is None:
                self._out(Count("old_version"))
                continue
            self._known.add(subscription.number)
            self._out(
                Reported(
                    endpoint=target.uri,
                    kind=target.kind,
                    report=judged.report,
                    at=self.at,
                    compared=compared and not judged.gap,
                )
            )
            if isinstance(judged.report, ListReport):
                self._picture.listed(target, judged.report)
        return missing

    # --- after each step -------------------------------------------------------------------------------

    def _after(self, subscription: Subscription, now: float) -> None:
        """Note what a step changed: its request, its time, its dialog, what is known of it."""
        number = subscription.number
        if subscription.dialog is None:
            self._forget_dialog(number)
        if subscription.wants is not None and not subscription.under_way:
            self._pacer.want(number, subscription.wants)
            subscription.wants = None
        self._agenda.put(number, subscription.due())
        if subscription.take_ended():
            self._picture.ended(subscription.target)
            self._unknown(subscription)
        self._say(subscription, now)
        self._picture.update(subscription, now)

    def _unknown(self, subscription: Subscription) -> None:
        """Say that what it told is not known any more, if it told anything."""
        target = subscription.target
        if subscription.number in self._known:
            self._known.discard(subscription.number)
            self._out(Unknown(endpoint=target.uri, kind=target.kind, at=self.at))

    def _forget_dialog(self, number: int) -> None:
        call_id = self._call_of.pop(number, None)
        if call_id is not None:
            del self._calls[call_id]
            self._versions.forget(f"{call_id} {number}")
        self._again.pop(number, None)

    def _say(self, subscription: Subscription, now: float) -> None:
        """Tell how a subscription stands, when that changed."""
        if not subscription.alive and not subscription.refused:
            return
        fact = (subscription.alive, "" if subscription.alive else subscription.answer)
        if self._said.get(subscription.number) == fact:
            return
        self._said[subscription.number] = fact
        target = subscription.target
        again = subscription.retry_at - now
        self._out(
            Outcome(
                endpoint=target.uri,
                package=target.package,
                granted=subscription.alive,
                answer=fact[1],
                status=0 if subscription.alive else subscription.status,
                remedy=None
                if subscription.alive
                else remedy_of(subscription.status, subscription.answer, target.package),
                again=again if again < float("inf") else None,
            )
        )


def _ignore(_response: Response | None, _now: float) -> None:
    return


def _is_list_type(content_type: str) -> bool:
    return content_type in {"application/rlmi+xml", "multipart/related"}
