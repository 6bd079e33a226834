"""A real Asterisk for one test or for many: generated configuration, own directories, own loopback ports.

The program comes from the folder that ``tests/lab/install-servers`` filled. It is started with that folder's own
dynamic loader and libraries, so neither a chroot nor root is needed to run it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from tests.lab.process import Supervised, free_port, wait_until

LAB = Path(os.environ.get("OPERATOR_MONITOR_LAB", "/opt/asterisk-lab"))
SECRET = "example-secret"

_MODULES = """
app_bridgewait app_channelredirect app_dial app_playback app_queue app_read app_senddtmf app_softhangup app_stack
app_talkdetect app_userevent app_verbose app_waituntil bridge_builtin_features bridge_builtin_interval_features
bridge_holding bridge_native_rtp bridge_simple bridge_softmix chan_pjsip codec_a_mu codec_alaw codec_gsm codec_ulaw
format_gsm format_pcm format_sln format_wav func_callerid func_channel func_cut func_db func_devstate func_extstate
func_global func_logic func_math func_rand func_strings func_timeout func_uri pbx_config res_crypto
res_manager_devicestate res_manager_presencestate res_musiconhold res_parking res_rtp_asterisk res_sorcery_astdb
res_sorcery_config res_sorcery_memory res_sorcery_realtime res_timing_timerfd res_config_sqlite3
"""

# A tenth of a second of silence under the names that transfers and queues want to play.
_SOUNDS = ("pbx-transfer", "pbx-invalid", "beep", "beeperr", "silence/1", "queue-thankyou")


@dataclass(frozen=True)
class Manager:
    """A manager user and what it may read and write."""

    read: str = "agent,call,system,user"
    write: str = "system,reporting"
    options: str = ""


@dataclass(frozen=True)
class Phone:
    """A PJSIP endpoint: requests whose From names it are its own, calls to it go to ``port`` on loopback."""

    port: int
    name: str = ""
    context: str = "internal"
    qualify: float = 0.0
    """Seconds between OPTIONS; 0: the contact counts as reachable for ever."""
    registers: bool = False
    """Asterisk learns from a REGISTER where the phone is, and calls ``port`` only as long as that holds."""


@dataclass(frozen=True)
class SipWatcher:
    """Who watches over SIP: a user that may SUBSCRIBE to the hints of all phones, and where Asterisk tells by itself.

    The resource list ``agents`` has the dialogs of them all.
    """

    name: str = "monitor"
    algorithms: str = "SHA-256,MD5"
    """Digest algorithms that Asterisk offers, best first."""
    subscribes: bool = True
    """Whether it may."""
    publish_to: int = 0
    """The port on loopback that gets every hint's state by PUBLISH; 0: none."""
    hep_to: int = 0
    """The port on loopback that gets all SIP messages by HEPv3; 0: none."""


@dataclass
class Configuration:
    """What one Asterisk is told. The phone ``trunk`` also gets the calls of everybody who is no phone."""

    queues: str
    extensions: str
    phones: dict[str, Phone] = field(default_factory=dict)
    managers: Mapping[str, Manager] = field(
        default_factory=lambda: {
            "monitor": Manager(),
            "recorder": Manager(read="agent,call,system,user,dialplan"),
            "witness": Manager(read="", write="reporting,command"),
            "driver": Manager(read="", write="system,call,agent,originate,reporting,config,command"),
        }
    )
    timestamp_events: bool = True
    sip: SipWatcher | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """Further configuration files by name."""


class QueueLogLine(NamedTuple):
    """One line of queue_log: https://docs.asterisk.org, "Queue Logs"."""

    at: float
    call: str
    queue: str
    member: str
    verb: str
    data: tuple[str, ...]


class Asterisk:
    """One instance: started by the context manager, always gone after it."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.directory = Path(tempfile.mkdtemp(prefix="om-ast-"))
        self.manager_port = free_port()
        self.sip_port = free_port()
        self._process: Supervised | None = None
        self._program = LAB / "usr/sbin/asterisk"
        libraries = next((LAB / "usr/lib").glob("*-linux-gnu"))
        self._modules = libraries / "asterisk/modules"
        loader = next(
            iter(sorted((LAB / "lib64").glob("ld-linux*.so*")) or sorted((LAB / "lib").glob("ld-linux*.so*")))
        )
        self._command = [loader, "--library-path", f"{libraries}:{libraries}/asterisk", self._program]
        self.write_configuration()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- life --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and return when it has booted fully."""
        console = self.directory / "log/console"
        self._process = Supervised([*self._command, "-C", self._conf, "-f", "-n"], console)
        wait_until(self._answers, f"Asterisk in {self.directory} to start", within=60)
        self.cli("core waitfullybooted")

    def stop(self, *, kill: bool = False) -> None:
        """Stop it: as ``core stop now`` does, or killed as by a power cut."""
        if self._process is None:
            return
        if kill or not self._process.running:
            self._process.kill()
        else:
            self.cli("core stop now", check=False)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process = None

    def restart(self, *, kill: bool = False) -> None:
        self.stop(kill=kill)
        self.start()

    def close(self) -> None:
        """Stop it and remove its directory (kept with ``OPERATOR_MONITOR_LAB_KEEP=1``, to look into)."""
        self.stop(kill=True)
        if not os.environ.get("OPERATOR_MONITOR_LAB_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self) -> bool:
        if self._process is None or not self._process.running:
            output = self._process.output if self._process else ""
            raise RuntimeError(f"Asterisk ended while starting:\n{output[-2000:]}")
        return (self.directory / "run/asterisk.ctl").exists() and self._run(
            "core show uptime"
        ).returncode == 0

    # --- talking to it -----------------------------------------------------------------------------------

    def cli(self, command: str, *, check: bool = True) -> str:
        """Run one console command and return what it prints."""
        done = self._run(command)
        if check and done.returncode != 0:
            raise RuntimeError(f"asterisk -rx {command!r} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        full = [*map(str, self._command), "-C", str(self._conf), "-rx", command]
        return subprocess.run(
            full, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL
        )

    def queue_log(self) -> list[QueueLogLine]:
        """Return all of queue_log, oldest first."""
        path = self.directory / "log/queue_log"
        return list(_queue_log(path.read_text(encoding="utf-8"))) if path.exists() else []

    def log(self) -> str:
        """Return what Asterisk noted, warned and complained of."""
        return (self.directory / "log/full").read_text(encoding="utf-8", errors="replace")

    # --- configuration -----------------------------------------------------------------------------------

    @property
    def _conf(self) -> Path:
        return self.directory / "etc/asterisk.conf"

    def write_configuration(self) -> None:
        """Write all files anew (``module reload`` or ``queue reload all`` to make them count)."""
        for name in ("etc", "db", "run", "log", "spool", "var"):
            (self.directory / name).mkdir(exist_ok=True)
        conf = self.configuration
        files = {
            "asterisk.conf": self._asterisk_conf(),
            "modules.conf": self._modules_conf(),
            "manager.conf": self._manager_conf(),
            "pjsip.conf": self._pjsip_conf(),
            "queues.conf": "[general]\npersistentmembers = no\nautofill = yes\n" + conf.queues,
            "extensions.conf": conf.extensions + self._hints(),
            "logger.conf": "[general]\nqueue_log_to_file = yes\n[logfiles]\nfull => notice,warning,error,verbose\n",
            "musiconhold.conf": f"[default]\nmode = files\ndirectory = {self.directory}/data/moh\n",
            "rtp.conf": "[general]\nrtpstart = 10000\nrtpend = 32000\nstrictrtp = no\n",
            "cdr.conf": "[general]\nenable = no\n",
            "features.conf": "[featuremap]\natxfer => *2\nblindxfer => ##\n",
            "hep.conf": self._hep_conf(),
            **conf.files,
        }
        for path in ("data/moh/silence.ulaw", *(f"data/sounds/en/{sound}.ulaw" for sound in _SOUNDS)):
            (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
            (self.directory / path).write_bytes(b"\xff" * 800)
        if not (self.directory / "data/documentation").exists():
            (self.directory / "data/documentation").symlink_to(LAB / "usr/share/asterisk/documentation")
        for name, text in files.items():
            (self.directory / "etc" / name).write_text(text, encoding="utf-8")

    def _asterisk_conf(self) -> str:
        own, share = self.directory, LAB / "usr/share/asterisk"
        places = {
            "astetcdir": own / "etc",
            "astmoddir": self._modules,
            "astvarlibdir": own / "var",
            "astdbdir": own / "db",
            "astkeydir": own / "var",
            "astdatadir": own / "data",
            "astagidir": share / "agi-bin",
            "astspooldir": own / "spool",
            "astrundir": own / "run",
            "astlogdir": own / "log",
        }
        lines = [f"{key} => {value}" for key, value in places.items()]
        return "\n".join(["[directories]", *lines, "[options]", "verbose = 3", "nocolor = yes", ""])

    def _modules_conf(self) -> str:
        wanted = (
            _MODULES.split()
            + ["res_hep", "res_hep_pjsip"] * self._captured
            + sorted(path.stem for path in self._modules.glob("res_pjsip*.so"))
        )
        unwanted = {
            "res_pjsip_stir_shaken",
            "res_pjsip_geolocation",
            "res_pjsip_phoneprov_provider",
            "res_pjsip_aoc",
        }
        unwanted |= {"res_pjsip_transport_websocket", "res_pjsip_history", "res_pjsip_config_wizard"}
        wanted += ["res_pjproject", "res_sorcery_memory_cache"]
        present = [
            name for name in wanted if (self._modules / f"{name}.so").exists() and name not in unwanted
        ]
        return "\n".join(["[modules]", "autoload = no", *(f"load = {name}.so" for name in present), ""])

    def _manager_conf(self) -> str:
        stamps = "yes" if self.configuration.timestamp_events else "no"
        lines = ["[general]", "enabled = yes", f"port = {self.manager_port}", "bindaddr = 127.0.0.1"]
        lines += ["webenabled = no", f"timestampevents = {stamps}"]
        for name, manager in self.configuration.managers.items():
            lines += [f"[{name}]", f"secret = {SECRET}", f"read = {manager.read}", f"write = {manager.write}"]
            lines += ["writetimeout = 5000", manager.options]
        return "\n".join([*lines, ""])

    def _pjsip_conf(self) -> str:
        text = [
            "[global]\ntype=global\nendpoint_identifier_order=username,ip,anonymous\nuser_agent=Asterisk\n",
            f"[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{self.sip_port}\n",
        ]
        for name, phone in self.configuration.phones.items():
            trunk = name == "trunk"
            caller = f'callerid="{phone.name or name}" <{name}>\n' if not trunk else ""
            user = "" if trunk else f"{name}@"
            place = "remove_existing=yes" if phone.registers else f"contact=sip:{user}127.0.0.1:{phone.port}"
            text.append(
                f"[{name}]\ntype=endpoint\ncontext={phone.context}\ndisallow=all\nallow=ulaw\ndirect_media=no\n"
                f"dtmf_mode=info\naors={name}\ntrust_id_inbound=yes\n{caller}"
                f"[{name}]\ntype=aor\nmax_contacts=1\nqualify_frequency={round(phone.qualify)}\nqualify_timeout=1\n"
                f"{place}\n"
            )
            if trunk:
                text.append("[trunk-identify]\ntype=identify\nendpoint=trunk\nmatch=127.0.0.1\n")
        return "".join(text) + self._sip_watcher()

    @property
    def _captured(self) -> bool:
        return self.configuration.sip is not None and self.configuration.sip.hep_to > 0

    def _hints(self) -> str:
        phones = [name for name in self.configuration.phones if name != "trunk"]
        lines = ["", "[hints]", *(f"exten => {name},hint,PJSIP/{name}" for name in phones), ""]
        return "\n".join(lines) if self.configuration.sip is not None else ""

    def _sip_watcher(self) -> str:
        watcher = self.configuration.sip
        if watcher is None:
            return ""
        allowed = "yes" if watcher.subscribes else "no"
        text = (
            f"[{watcher.name}]\ntype=endpoint\nallow_subscribe={allowed}\nsubscribe_context=hints\nsub_min_expiry=10\n"
            "rewrite_contact=yes\nforce_rport=yes\n"
            f"disallow=all\nallow=ulaw\nauth={watcher.name}\n"
            f"[{watcher.name}]\ntype=auth\nauth_type=digest\nusername={watcher.name}\npassword={SECRET}\n"
            f"supported_algorithms_uas={watcher.algorithms}\n"
        )
        if phones := [name for name in self.configuration.phones if name != "trunk"]:
            items = "".join(f"list_item={name}\n" for name in phones)
            text += f"[agents]\ntype=resource_list\nevent=dialog\n{items}"
        if watcher.publish_to:
            text += (
                "[publish]\ntype=outbound-publish\nevent=dialog\nmulti_user=yes\noutbound_auth=publish\n"
                f"server_uri=sip:127.0.0.1:{watcher.publish_to}\nfrom_uri=sip:127.0.0.1\nto_uri=sip:127.0.0.1\n"
                "@body=application/dialog-info+xml\n@context=^hints$\n"
                f"[publish]\ntype=auth\nauth_type=userpass\nusername={watcher.name}\npassword={SECRET}\n"
            )
        return text

    def _hep_conf(self) -> str:
        if not self._captured:
            return "[general]\nenabled = no\n"
        to = self.configuration.sip.hep_to if self.configuration.sip else 0
        return (
            f"[general]\nenabled = yes\ncapture_address = 127.0.0.1:{to}\ncapture_id = 2001\n"
            f"capture_password = {SECRET}\nuuid_type = call-id\n"
        )


def _queue_log(text: str) -> Iterator[QueueLogLine]:
    for line in text.split("\n"):
        at, *rest = line.split("|")
        if len(rest) < 4 or not at.isdecimal():
            continue  # the rest of a line that a hostile string broke
        call, queue, member, verb, *data = rest
        yield QueueLogLine(float(at), call, queue, member, verb, tuple(data))
