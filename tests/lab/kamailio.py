"""A real Kamailio for one test: registrar, proxy and presence server on loopback, all in memory.

It registers phones without a password, routes calls between them, tells every dialog and registration that it sees
by the event packages ``dialog`` (RFC 4235), ``reg`` (RFC 3680) and ``presence`` (PIDF) to whoever subscribes with the
secret, and copies every SIP message that it receives or sends to a capture server (HEPv3).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Self

from tests.lab.asterisk import SECRET
from tests.lab.phones import FOREVER, SippCaller, SippPhone, SippRegistration, Step, answers, pause
from tests.lab.process import Supervised, free_port, wait_until

PROGRAM = shutil.which("kamailio", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
_TABLES = Path("/usr/share/kamailio/dbtext/kamailio")

_CONFIGURATION = """#!KAMAILIO
debug = 2
log_stderror = yes
children = 1
tcp_children = 1
listen = udp:127.0.0.1:%{port}
listen = tcp:127.0.0.1:%{port}
server_signature = no
mpath = "%{modules}"

loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "maxfwd.so"
loadmodule "auth.so"
loadmodule "db_text.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "dialog.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
loadmodule "presence_dialoginfo.so"
loadmodule "presence_reginfo.so"
loadmodule "pua.so"
loadmodule "pua_dialoginfo.so"
loadmodule "pua_reginfo.so"
loadmodule "pua_usrloc.so"
loadmodule "jsonrpcs.so"
%{capture}

modparam("auth", "algorithm", "%{algorithm}")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_contacts", 1)
modparam("dialog", "db_mode", 0)
modparam("presence", "subs_db_mode", 0)
modparam("presence", "publ_cache", 2)
modparam("presence", "notifier_processes", 0)
modparam("presence", "server_address", "sip:127.0.0.1:%{port}")
modparam("presence", "min_expires", 10)
modparam("presence_xml", "force_active", 1)
modparam("presence_dialoginfo", "force_dummy_dialog", 0)
modparam("pua", "db_url", "text://%{directory}/tables")
modparam("pua", "outbound_proxy", "sip:127.0.0.1:%{port}")
modparam("pua_reginfo", "default_domain", "127.0.0.1")
modparam("pua_reginfo", "server_address", "sip:reginfo@127.0.0.1:%{port}")
modparam("pua_usrloc", "default_domain", "127.0.0.1")
modparam("jsonrpcs", "transport", 2)
modparam("jsonrpcs", "fifo_name", "")
modparam("jsonrpcs", "dgram_socket", "%{directory}/rpc")

request_route {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (is_method("CANCEL")) {
        if (t_check_trans()) t_relay();
        exit;
    }
    if (is_method("PUBLISH|SUBSCRIBE")) {
        route(EVENTS);
        exit;
    }
    if (has_totag()) {
        if (loose_route() || is_method("NOTIFY")) {
            t_relay();
        } else if (is_method("ACK")) {
            if (t_check_trans()) t_relay();
        } else {
            sl_send_reply("404", "Not Here");
        }
        exit;
    }
    if (is_method("REGISTER")) {
        pua_set_publish();
        save("location");
        exit;
    }
    if (is_method("OPTIONS") && uri == myself) {
        sl_send_reply("200", "Keepalive");
        exit;
    }
    record_route();
    if (is_method("INVITE")) {
        dlg_manage();
    }
    if (!lookup("location")) {
        sl_send_reply("404", "Not Found");
        exit;
    }
    t_relay();
}

route[EVENTS] {
    # What pua publishes of our own dialogs and registrations comes by the loopback, too.
    if (is_method("PUBLISH") && src_port == %{port}) {
        if (t_newtran()) handle_publish();
        exit;
    }
    if (!pv_www_authenticate("$fd", "%{secret}", "0")) {
        www_challenge("$fd", "1");
        exit;
    }
    if (!t_newtran()) exit;
    if (is_method("PUBLISH")) {
        handle_publish();
    } else {
        handle_subscribe();
    }
}
"""

_CAPTURE = """loadmodule "siptrace.so"
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "hep_capture_id", 3001)
modparam("siptrace", "auth_key", "%{secret}")
modparam("siptrace", "duplicate_uri", "sip:127.0.0.1:%{to}")
"""


class _Filled(Template):
    """Only ``%{name}`` is a placeholder: Kamailio's own variables are written ``$name``."""

    delimiter = "%"


class Kamailio:
    """One instance: started by the context manager, always gone after it."""

    def __init__(self, *, hep_to: int = 0, algorithm: str = "SHA-256") -> None:
        """Copy SIP messages to the port ``hep_to`` on loopback (0: to nobody); ask for digests by ``algorithm``."""
        self.directory = Path(tempfile.mkdtemp(prefix="om-kam-"))
        self.sip_port = free_port()
        self._process: Supervised | None = None
        values = {
            "port": self.sip_port,
            "secret": SECRET,
            "algorithm": algorithm,
            "directory": self.directory,
        }
        values["modules"] = next(
            Path("/usr/lib").glob("*/kamailio/modules"), Path("/usr/lib/kamailio/modules")
        )
        capture = _Filled(_CAPTURE).substitute(values, to=hep_to) if hep_to else ""
        text = _Filled(_CONFIGURATION).substitute(values, capture=capture)
        # pua does not start without tables, even where nothing is to be kept.
        (self.directory / "tables").mkdir()
        for table in ("pua", "version"):
            shutil.copy(_TABLES / table, self.directory / "tables")
        (self.directory / "kamailio.cfg").write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it and return when it answers."""
        own = self.directory
        (own / "log").touch()
        told = len(self.log())
        arguments: list[str | Path] = ["-f", own / "kamailio.cfg", "-Y", own, "-P", own / "pid", "-w", own]
        command: list[str | Path] = [PROGRAM or "kamailio", "-DD", "-E", "-m", "32", "-M", "4", *arguments]
        self._process = Supervised(command, own / "log", own, group=True)
        wait_until(lambda: self._answers(told), f"Kamailio in {own} to start")

    def stop(self) -> None:
        """Stop it. It tells nobody, and what it held in memory is gone."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its directory (kept with ``OPERATOR_MONITOR_LAB_KEEP=1``, to look into)."""
        self.stop()
        if not os.environ.get("OPERATOR_MONITOR_LAB_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        """Return what Kamailio noted, warned and complained of."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def _answers(self, told: int) -> bool:
        if self._process is None or not self._process.running:
            raise RuntimeError(f"Kamailio ended while starting:\n{self.log()[told:][-3000:]}")
        return _answers_options(self.sip_port)


class Exchange:
    """Phones that a Kamailio knows by their registrations, and calls between them and from outside."""

    def __init__(self, kamailio: Kamailio, *numbers: str) -> None:
        """Phones ``numbers``: unregistered; they ring for a moment and answer."""
        self._kamailio = kamailio
        ports = {number: free_port() for number in numbers}
        port, directory = kamailio.sip_port, kamailio.directory
        self.phones = {number: SippPhone(number, ports[number], directory) for number in numbers}
        self.registrations = {
            number: SippRegistration(port, number, ports[number], directory) for number in numbers
        }
        self.callers: list[SippCaller] = []
        for phone in self.phones.values():
            phone.behave(answers())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """End everything; raises :class:`SippFailed` if a phone or a caller could not do its part."""
        try:
            if kind is None:
                for phone in self.phones.values():
                    phone.check()
                for caller in self.callers:
                    caller.check()
        finally:
            for phone in self.phones.values():
                phone.unplug()
            for caller in self.callers:
                caller.kill()

    def call(self, to: str, *talking: Step, name: str = "+74951230001", stays: float = FOREVER) -> SippCaller:
        """Start a call from outside, or from a phone if ``name`` is one."""
        steps: Sequence[Step] = talking or (pause(stays),)
        port, directory = self._kamailio.sip_port, self._kamailio.directory
        caller = SippCaller(port, to, directory, name=name, talking=steps)
        self.callers.append(caller)
        return caller


def _answers_options(port: int) -> bool:
    """Ask by OPTIONS, as any SIP server may be asked."""
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        asking.connect(("127.0.0.1", port))
        asking.settimeout(0.2)
        own = f"127.0.0.1:{asking.getsockname()[1]}"
        lines = [f"OPTIONS sip:127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{own}"]
        lines += [f"From: <sip:lab@{own}>;tag=lab", f"To: <sip:127.0.0.1:{port}>", f"Call-ID: {own}"]
        lines += ["CSeq: 1 OPTIONS", "Max-Forwards: 1", "Content-Length: 0", "", ""]
        try:
            asking.send("\r\n".join(lines).encode())
            return asking.recv(65_535).startswith(b"SIP/2.0 200")
        except OSError:  # nobody listens there yet, or no answer in time
            return False
