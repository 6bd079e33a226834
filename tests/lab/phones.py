"""Phones and callers played by SIPp on loopback, composed of the XML parts in ``tests/lab/phones/``.

What a person at a phone does is a list of steps::

    Called("101", ringing=[pause(0.3)], talking=[pause(1), hold(), pause(1), unhold(), pause(30)])

Whatever the steps say, a phone agrees at once when the other side cancels or hangs up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from string import Template
from urllib.parse import quote

from tests.lab.process import Supervised, free_port

PARTS = Path(__file__).parent / "phones"
FOREVER = 3600.0


class _Part(Template):
    """Only ``${name}`` is a placeholder: SIPp's own variables are written ``$name``."""

    pattern = r"\$\{(?P<braced>[a-z]+)\}|(?P<escaped>(?!))|(?P<named>(?!))|(?P<invalid>(?!))"


@dataclass(frozen=True)
class Step:
    """One thing done at a phone: a part file, what is filled in, and steps that it may contain."""

    part: str
    values: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()


def pause(seconds: float) -> Step:
    """Do nothing for a while (seconds)."""
    return Step("pause", (("ms", str(round(seconds * 1000))),))


def pause_between(least: float, most: float) -> Step:
    """Do nothing for a random while (seconds, uniform)."""
    return Step("random_pause", (("min", str(round(least * 1000))), ("max", str(round(most * 1000)))))


def sometimes(probability: float, *steps: Step) -> Step:
    """Do the steps in some calls only."""
    return Step("sometimes", (("skip", f"{1 - probability:.3f}"),), steps)


def hold() -> Step:
    """Put the other side on hold."""
    return Step("reinvite", (("media", "sendonly"),))


def unhold() -> Step:
    """Take the other side back."""
    return Step("reinvite", (("media", "sendrecv"),))


def is_held() -> Step:
    """Wait for the other side to put us on hold, and agree (needed behind a proxy: it passes that on)."""
    return Step("asked", (("media", "recvonly"),))


def is_unheld() -> Step:
    """Wait for the other side to take us back, and agree."""
    return Step("asked", (("media", "sendrecv"),))


def digit(key: str) -> Step:
    """Press a key."""
    return Step("digit", (("digit", key),))


def blind_transfer(to: str) -> Step:
    """Send the other side to an extension and leave it to Asterisk to hang us up."""
    return Step("refer", (("to", to), ("replaces", "")))


def attended_transfer(to: str, call_id: str, asterisk_tag: str, phone_tag: str) -> Step:
    """Connect the other side with that of the phone's other call (its Call-ID and tags), and leave both."""
    replaces = quote(f"{call_id};to-tag={asterisk_tag};from-tag={phone_tag}", safe="")
    return Step("refer", (("to", to), ("replaces", f"?Replaces={replaces}")))


def refuse() -> Step:
    """Refuse instead of answering (while ringing)."""
    return Step("refuse")


@dataclass(frozen=True)
class Behaviour:
    """What a phone does when called."""

    ringing: Sequence[Step] = (pause(0.3),)
    talking: Sequence[Step] = (pause(FOREVER),)
    rings: bool = True
    """Whether it says that it rings (180), or only that it tries (100)."""


def answers(after: float = 0.3, talks: float = FOREVER) -> Behaviour:
    """Answer after some seconds; hang up after some more, unless the caller did."""
    return Behaviour((pause(after),), (pause(talks),))


def never_answers() -> Behaviour:
    """Ring for ever."""
    return Behaviour((pause(FOREVER),))


def is_busy(after: float = 0.2) -> Behaviour:
    """Refuse the call as busy."""
    return Behaviour((pause(after), refuse()))


def _render(steps: Sequence[Step], first_cseq: int, common: Mapping[str, str]) -> str:
    numbers = count(first_cseq)
    return "\n".join(_render_step(step, numbers, common) for step in steps)


def _render_step(step: Step, numbers: Iterator[int], common: Mapping[str, str]) -> str:
    part = _Part((PARTS / f"{step.part}.xml").read_text(encoding="utf-8"))
    values = {**common, **dict(step.values), "cseq": str(next(numbers))}
    inner = "\n".join(_render_step(inner, numbers, common) for inner in step.steps)
    return part.substitute(values, steps=inner)


_SIPP_STATUS = {
    1: "the call did not go as its scenario says",
    99: "it ended without a call",
    254: "it could not start (see below; mostly a port that is taken)",
    255: "it could not start (see below)",
}
"""SIPp's exit codes (``sipp -h``)."""
_FAILED_CALL = 1


class SippFailed(RuntimeError):
    """A SIPp process ended otherwise than it was told to: what follows in the test means nothing."""

    def __init__(self, who: str, status: int, errors: str) -> None:
        meaning = _SIPP_STATUS.get(status, "unknown status")
        super().__init__(f"SIPp as {who} ended with status {status}: {meaning}\n{errors}")
        self.who = who
        self.status = status
        self.errors = errors


class _Sipp:
    """One SIPp process with a scenario of its own, and what it has to say when it fails."""

    def __init__(
        self, who: str, stem: str, scenario: str, arguments: Sequence[str], port: int, directory: Path
    ) -> None:
        self._who = who
        self._errors = directory / f"{stem}.errors"
        file = directory / f"{stem}.xml"
        file.write_text(scenario, encoding="utf-8")
        # All of SIPp's processes try the media ports from 6000 on and give up after 100, which is 50 processes on the
        # whole machine. With a loopback address of its own for media each of them gets 6000 at once.
        media = f"127.{port >> 8}.{port & 0xFF}.1"
        command: list[str | Path] = [
            "sipp",
            *arguments,
            "-sf",
            file,
            "-i",
            "127.0.0.1",
            "-p",
            str(port),
            "-mi",
            media,
        ]
        command += ["-aa", "-nostdin", "-rtcheck", "loose", "-trace_err", "-error_file", self._errors]
        self.process = Supervised(command, directory / f"{stem}.out", directory)

    def check(self, *, failed_call: bool = False) -> None:
        """Raise :class:`SippFailed` if it ended by itself and not well."""
        status = self.process.status
        if not status or (status == _FAILED_CALL and failed_call):
            return
        told = self._errors.read_text(encoding="utf-8", errors="replace") if self._errors.exists() else ""
        raise SippFailed(self._who, status, told[-4000:] or self.process.output[-2000:])


class SippPhone:
    """A phone that is called: one SIPp process on the endpoint's port, for any number of calls at once."""

    def __init__(self, name: str, port: int, directory: Path) -> None:
        self.name = name
        self.port = port
        self._directory = directory
        self._sipp: _Sipp | None = None

    def behave(self, behaviour: Behaviour) -> None:
        """Be a phone of this kind from now on; a call that is going on is forgotten without a word."""
        self.unplug()
        common = {"name": self.name, "local": "[$local]", "target": "[$target]"}
        text = _Part((PARTS / "called.xml").read_text(encoding="utf-8")).substitute(
            common,
            provisional="180 Ringing" if behaviour.rings else "100 Trying",
            ringing=_render(behaviour.ringing, 1, common),
            talking=_render(behaviour.talking, 100, common),
            bye=_render([Step("bye")], 200, common),
        )
        self._sipp = _Sipp(f"phone {self.name}", f"phone-{self.name}", text, [], self.port, self._directory)

    def unplug(self) -> None:
        """Fall silent: nothing is answered any more. Idempotent."""
        if self._sipp is not None:
            self._sipp.process.kill()
            self._sipp = None

    def check(self) -> None:
        """Raise :class:`SippFailed` if it ended although nobody unplugged it."""
        if self._sipp is not None:
            self._sipp.check()


class SippRegistration:
    """What a registrar is told by SIPp of one phone."""

    def __init__(self, sip_port: int, name: str, port: int, directory: Path) -> None:
        self._sip_port = sip_port
        self._name = name
        self._port = port
        self._directory = directory
        self._cseq = count(1)

    def register(self, expires: int = 3600) -> None:
        """Register the phone and return when that is confirmed; raises :class:`SippFailed`."""
        cseq = next(self._cseq)
        text = _Part((PARTS / "register.xml").read_text(encoding="utf-8")).substitute(
            name=self._name, port=str(self._port), expires=str(expires), cseq=str(cseq)
        )
        arguments = [f"127.0.0.1:{self._sip_port}", "-m", "1"]
        who, stem = f"phone {self._name} registering", f"register-{self._name}-{cseq}"
        sipp = _Sipp(who, stem, text, arguments, free_port(), self._directory)
        try:
            sipp.process.wait(20)
            sipp.check()
        finally:
            sipp.process.kill()

    def unregister(self) -> None:
        """Take the phone's registration back and return when that is confirmed; raises :class:`SippFailed`."""
        self.register(expires=0)


class SippCaller:
    """One call made by SIPp."""

    def __init__(
        self,
        sip_port: int,
        to: str,
        directory: Path,
        name: str = "+74951230001",
        shown: str = "",
        talking: Sequence[Step] = (pause(FOREVER),),
    ) -> None:
        self.port = free_port()
        common = {
            "name": name,
            "to": to,
            "local": f'"{shown or name}" <sip:{name}@[local_ip]>;tag=[pid]x[call_number]',
            "called": f"sip:{to}@[remote_ip]:[remote_port]",
            "target": "[$target]",
        }
        text = _Part((PARTS / "caller.xml").read_text(encoding="utf-8")).substitute(
            common, talking=_render(talking, 2, common), bye=_render([Step("bye")], 50, common)
        )
        arguments = [f"127.0.0.1:{sip_port}", "-m", "1"]
        self._sipp = _Sipp(
            f"caller {name} to {to}", f"call{self.port}", text, arguments, self.port, directory
        )

    @property
    def over(self) -> bool:
        return not self._sipp.process.running

    def wait(self, timeout: float = 60) -> None:
        """Return when the call is over; raises :class:`SippFailed` if it did not go as its steps say."""
        self._sipp.process.wait(timeout)
        self._sipp.check()

    def check(self) -> None:
        """Raise :class:`SippFailed` if it could not call at all. A call that somebody else broke is no defect."""
        self._sipp.check(failed_call=True)

    def kill(self) -> None:
        """Vanish without a word (no BYE)."""
        self._sipp.process.kill()
