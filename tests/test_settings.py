"""The configuration: what is read, what is refused, and that every mistake is told at once with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import BaseModel, ConfigDict, Field

from monitor.engine.config import AgentConfig, DayConfig, QueueConfig
from monitor.settings import Settings, SettingsError, load_settings

Load = Callable[..., Settings]

SOURCE = "sources: [{id: pbx1, adapter: ami}]\n"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_(text: str | bytes, environ: Mapping[str, str] | None = None) -> Settings:
        path = tmp_path / "monitor.yaml"
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return load_settings(path, environ or {})

    return load_


@pytest.fixture
def mistakes(load: Load, tmp_path: Path) -> Callable[..., list[str]]:
    """Give the mistakes that a text has, each as ``line:column: key: …``."""

    def mistakes_(text: str | bytes, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load(text, environ)
        file = f"{tmp_path}/monitor.yaml"
        return [str(problem).removeprefix(file).lstrip(": ") for problem in caught.value.problems]

    return mistakes_


Mistakes = Callable[..., list[str]]

# --- what is read ------------------------------------------------------------------------------------------


def test_a_source_is_all_that_is_needed(load: Load, tmp_path: Path) -> None:
    settings = load(SOURCE)
    assert settings.base_directory == tmp_path
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert (settings.feed.host, settings.feed.port) == ("127.0.0.1", 8081)
    assert settings.storage.url == "sqlite:///operator-monitor.db"
    assert not settings.privacy.show_numbers
    (config,) = settings.source_configs()
    assert (config.source, config.adapter, config.show_numbers) == ("pbx1", "ami", False)
    assert config.default_queue == QueueConfig()
    assert config.day == DayConfig()


def test_a_sources_further_keys_are_its_adapters_as_they_were_written(load: Load) -> None:
    (source,) = load(
        """
        sources:
          - {id: pbx1, adapter: ami, host: 127.0.0.1, port: 5038, username: monitor, secret: 0815, tls: true, rate: 1.5,
             at: 22:00, flag: on, nothing: ~, watch: [a, b], extension: 0123, token: 4711}
        """
    ).sources
    assert source.options() == {
        "id": "pbx1",
        "adapter": "ami",
        "host": "127.0.0.1",
        "port": 5038,
        "username": "monitor",
        "secret": "0815",
        "tls": True,
        "rate": 1.5,
        "at": "22:00",
        "flag": "on",
        "nothing": None,
        "watch": ["a", "b"],
        "extension": "0123",
        "token": "4711",
    }


def test_json_is_read_as_the_yaml_that_it_is(load: Load) -> None:
    settings = load(
        '{\n\t"sources":[{"id":"pbx1","adapter":"ami","name":"\\ud83d\\ude00 \\/ \\u0416"}],\n\t"http":{"port":9000}\n}'
    )
    assert settings.sources[0].options()["name"] == "😀 / Ж"
    assert settings.http.port == 9000


def test_a_byte_order_mark_is_no_mistake(load: Load) -> None:
    assert load(b"\xef\xbb\xbf" + SOURCE.encode()).sources[0].id == "pbx1"


def test_an_empty_section_is_its_defaults(load: Load) -> None:
    settings = load(SOURCE + "http:\nqueues:\n  sales:\nagents:\n")
    assert settings.http.port == 8080
    assert settings.queues["sales"].wrap_up is None


def test_a_number_where_a_name_is_meant_is_that_name(load: Load) -> None:
    settings = load(SOURCE + "queues: {100: {name: 200}}\nagents: [{id: 101, endpoints: [PJSIP/101, 102]}]\n")
    assert settings.queues["100"].name == "200"
    assert settings.agents[0].id == "101"
    assert settings.agents[0].endpoints == ["PJSIP/101", "102"]


def test_queues_fall_back_to_the_defaults_key_by_key(load: Load) -> None:
    (config,) = load(
        SOURCE
        + """
queue_defaults: {service_level: {threshold: 30, target: 0.9}, wrap_up: 10}
queues:
  sales: {name: Sales, service_level: {threshold: 15, formula: offered}}
  support: {wrap_up: 0, service_level: {target: null}}
"""
    ).source_configs()
    assert config.default_queue == QueueConfig(threshold=30, target=0.9, wrap_up=10)
    assert config.queues == {
        "sales": QueueConfig(name="Sales", threshold=15, target=0.9, formula="offered", wrap_up=10),
        "support": QueueConfig(threshold=30, target=None, wrap_up=0),
    }


def test_what_names_a_source_refines_what_is_said_of_all(load: Load) -> None:
    first, second = load(
        """
        sources: [{id: pbx1, adapter: ami}, {id: pbx2, adapter: ami}]
        queues:
          pbx1/sales: {service_level: {threshold: 5}}
          sales: {name: Sales, service_level: {threshold: 15, short_abandon: 3}}
          pbx2/support: {name: Support}
        agents:
          - {id: pbx2/anna, team: South, endpoints: [PJSIP/900]}
          - {id: anna, name: Anna, team: North, endpoints: [PJSIP/101]}
          - {id: pbx1/bob}
        day: {timezone: Europe/Moscow, starts: 04:00}
        privacy: {show_numbers: true}
        """
    ).source_configs()
    assert first.queues == {"sales": QueueConfig(name="Sales", threshold=5, short_abandon=3)}
    assert second.queues == {
        "sales": QueueConfig(name="Sales", threshold=15, short_abandon=3),
        "support": QueueConfig(name="Support"),
    }
    assert first.agents == (
        AgentConfig(id="anna", name="Anna", team="North", endpoints=("PJSIP/101",)),
        AgentConfig(id="bob"),
    )
    assert second.agents == (AgentConfig(id="anna", name="Anna", team="South", endpoints=("PJSIP/900",)),)
    assert first.day == second.day == DayConfig(timezone="Europe/Moscow", starts="04:00")
    assert first.show_numbers


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "::ffff:127.0.0.1"])
def test_loopback_addresses_need_no_access(load: Load, host: str) -> None:
    assert load(SOURCE + f"http: {{host: '{host}'}}").http.host == host


def test_every_key_is_described_in_the_schema() -> None:
    def described(schema: dict[str, object], where: str) -> None:
        for name, field in schema.get("properties", {}).items():  # type: ignore[attr-defined]
            refers = "$ref" in field or "$ref" in str(field.get("items", field.get("allOf", "")))
            assert "description" in field or refers or name in ("host", "team", "level"), f"{where}.{name}"

    schema = Settings.model_json_schema()
    described(schema, "")
    for name, definition in schema["$defs"].items():
        assert definition["description"]
        described(definition, name)


# --- what is refused ---------------------------------------------------------------------------------------


def test_all_mistakes_are_told_at_once_with_line_key_and_what_was_expected(mistakes: Mistakes) -> None:
    found = mistakes(
        """\
        sources:
          - {id: pbx1, adapter: ami}
          - {id: pbx1, adapter: ami}
          - {adapter: sip}
        queues:
          sales: {service_level: {threshold: -1, target: 1.5}, wrapup: 15}
          sales: {}
          pbx9/support:
        agents:
          - {id: anna, endpoints: [PJSIP/101]}
          - {id: bob, endpoints: [PJSIP/102, PJSIP/101]}
          - {id: anna}
        day: {timezone: Europe/Moskow, starts: 24:00}
        http: {port: 65536}
        feed: {port: "9000"}
        acess: {}
        log: {level: loud}
        """
    )
    expected = [
        "3:10: sources[1].id: this source id is given twice",
        "4:5: sources[2].id: this key is missing",
        "6:38: queues.sales.service_level.threshold: expected at least 0, found -1",
        "6:50: queues.sales.service_level.target: expected at most 1, found 1.5",
        "6:56: queues.sales.wrapup: this key is not known; perhaps wrap_up is meant",
        "7:3: queues.sales: the key stands here twice; first in line 6",
        "8:3: queues.pbx9/support: expected a source's id before the slash (pbx1), found 'pbx9'",
        "11:38: agents[1].endpoints[1]: PJSIP/101 already belongs to agent 'anna'",
        "12:10: agents[2].id: this agent id is given twice",
        "13:17: day.timezone: expected an IANA time zone such as Europe/Moscow (perhaps Europe/Moscow",
        '13:40: day.starts: expected a time of day as "HH:MM"',
        "14:14: http.port: expected at most 65535, found 65536",
        "15:14: feed.port: expected a whole number, found '9000'",
        "16:1: acess: this key is not known; known here: sources, queues",
        "17:14: log.level: expected 'debug', 'info', 'warning' or 'error', found 'loud'",
    ]
    assert len(found) == len(expected)
    for told, start in zip(found, expected, strict=True):
        assert told.startswith(start)


MISTAKES = {
    "http: {host: 0.0.0.0}": "2:14: http.host: expected a loopback address",
    "http: {host: 192.168.1.5}": "2:14: http.host: expected a loopback address",
    "feed: {host: '::'}": "2:14: feed.host: expected a loopback address",
    "feed: {host: monitor.example.org}": "2:14: feed.host: expected a loopback address",
    "feed: {host: ''}": "2:14: feed.host: expected text that is not empty",
    "feed: {public_url: https://board.example.org}": "2:20: feed.public_url: expected a WebSocket address",
    "feed: {allowed_origins: [board]}": "2:26: feed.allowed_origins[0]: expected an origin such as",
    "feed: {allowed_origins: ['https://x/']}": "2:26: feed.allowed_origins[0]: expected an origin such as",
    "http: {frame_ancestors: ['https://x; script-src y']}": "2:26: http.frame_ancestors[0]: expected an origin",
    "http: {agent_series: 1}": "2:22: http.agent_series: expected true or false",
    "feed: {max_clients: 0}": "2:21: feed.max_clients: expected at least 1",
    "http: {port: -1}": "2:14: http.port: expected at least 0, found -1",
    "http: {port: true}": "2:14: http.port: expected a whole number, found true",
    "http: {port: 80.5}": "2:14: http.port: expected a whole number, found 80.5",
    "http: {port: 8081}": "2:14: http.port: http and feed need a port each; both are given 8081",
    "http: [8080]": "2:7: http: expected a mapping",
    "feed: 8081": "2:7: feed: expected a mapping (`key: value`), found 8081",
    "agents: {anna: {}}": "2:9: agents: expected a list",
    "agents: [anna]": "2:10: agents[0]: expected a mapping",
    "agents: [{name: Anna}]": "2:10: agents[0].id: this key is missing",
    "agents: [{id: anna, endpoints: PJSIP/1}]": "2:32: agents[0].endpoints: expected a list",
    "agents: [{id: a, endpoints: [x, x]}, {id: b, endpoints: [x]}]": "2:58: agents[1].endpoints[0]: x already",
    "agents: [{id: pbx2/anna}]": "2:15: agents[0].id: expected a source's id before the slash",
    "agents: [{id: pbx1/}]": "2:15: agents[0].id: expected a name after the slash",
    "agents: [{id: 1.5}]": "2:15: agents[0].id: expected text (in quotes",
    "queues: [sales]": "2:9: queues: expected a mapping",
    "queues: {'': {}}": "2:10: queues.: the key: expected text that is not empty",
    "queues: {s: {wrap_up: -3}}": "2:23: queues.s.wrap_up: expected at least 0",
    "queues: {s: {wrap_up: .inf}}": "2:23: queues.s.wrap_up: expected a number, found '.inf'",
    "queues: {s: {wrap_up: 15s}}": "2:23: queues.s.wrap_up: expected a number, found '15s'",
    "queues: {s: {service_level: {formula: best}}}": "2:39: queues.s.service_level.formula: expected 'answered_and_",
    "queue_defaults: {name: x}": "2:18: queue_defaults.name: this key is not known",
    "day: {starts: '7:00'}": "2:15: day.starts: expected a time of day",
    "day: {timezone: ../etc/passwd}": "2:17: day.timezone: expected an IANA time zone",
    "day: {timezone: Europe}": "2:17: day.timezone: expected an IANA time zone",
    "storage: {keep_days: 0}": "2:22: storage.keep_days: expected more than 0",
    "storage: {path: x.db}": "2:11: storage.path: this key is not known; known here: url, keep_days",
    "privacy: {show_numbers: 'yes'}": "2:25: privacy.show_numbers: expected true or false, found 'yes'",
    "alerts: {rule: []}": "2:10: alerts.rule: this key is not known; perhaps rules is meant",
    "access: {tokens: [abc]}": "2:1: access: access tokens come with a later version",
    "access:": "2:1: access: access tokens come with a later version",
    "day: &anchor {starts: '07:00'}": "2:6: day: anchors (`&name`) are not supported",
    "day: *anchor": "2:6: day: aliases (`*name`) are not supported",
    "day: {<<: {starts: '07:00'}}": "2:7: day.<<: merge keys (`<<`) are not supported",
    "day: {starts: !!str 07:00}": "2:15: day.starts: tags (tag:yaml.org,2002:str) are not supported",
    "day: !!python/object/apply:os.system [id]": "2:6: day: tags (",
    "? [a]\n: b": "2:3: a key must be a word or text",
    "day: {starts: '07:00'": "3:1: this is not YAML",
    "day: \t- x": "2:",
    "---\nday: {}": "2:1: expected one document",
    "day: " + "[" * 50 + "]" * 50: "2:22: day[0]",
    "day: " + "[" * 500_000: "2:",  # where the parser itself gives up, which differs by its version
    "day: {starts: \x07}": "2: the character U+0007 is not allowed",
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items(), ids=[text[:40] for text in MISTAKES])
def test_a_mistake_is_told_with_its_place(mistakes: Mistakes, text: str, expected: str) -> None:
    assert any(told.startswith(expected) for told in mistakes(SOURCE + text)), mistakes(SOURCE + text)


@pytest.mark.parametrize(
    "text", ["", "sources:", "sources: []", "sources: {}", "{}", "# nothing yet\n", "http: {}"]
)
def test_without_a_source_it_says_how_one_looks(mistakes: Mistakes, text: str) -> None:
    (told,) = mistakes(text)
    assert "sources: name at least one source" in told
    assert "operator-monitor demo" in told


@pytest.mark.parametrize("text", ["- a", "5", "text"])
def test_a_file_that_is_no_mapping_is_refused(mistakes: Mistakes, text: str) -> None:
    assert mistakes(text)[0].startswith("1:1: expected a mapping (`sources: …`) at the top")


@pytest.mark.parametrize("source_id", ["", "a/b", "a b", "-a", "ж", "x" * 64])
def test_a_source_id_must_be_good_for_addresses_and_labels(mistakes: Mistakes, source_id: str) -> None:
    (told,) = mistakes(f"sources: [{{id: '{source_id}', adapter: ami}}]")
    assert told.startswith("1:16: sources[0].id: expected ")


def test_a_file_that_is_no_utf_8_is_told_with_the_line(mistakes: Mistakes) -> None:
    assert mistakes(SOURCE.encode() + b"day: {timezone: \xff}") == [
        "2:17: is not UTF-8 here: save the file as UTF-8"
    ]


def test_a_file_that_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load_settings(tmp_path / "absent.yaml", {})
    with pytest.raises(SettingsError, match=r"can't be read.*directory"):
        load_settings(tmp_path, {})


def test_a_huge_file_is_refused_unread(mistakes: Mistakes) -> None:
    assert mistakes(b"#" * (9 * 1024 * 1024)) == ["is larger than 8 MiB"]


def test_no_message_shows_a_secret(mistakes: Mistakes) -> None:
    text = """
        sources: [{id: pbx1, adapter: ami, secret: hunter2}]
        storage: {url: ["redis://:hunter2@host"]}
        http: {token: hunter2, port: "redis://me:hunter2@host"}
        access: {tokens: [hunter2]}
        """
    told = "\n".join(mistakes(text))
    assert "hunter2" not in told
    assert "http.port" in told


def test_settings_show_no_secret_in_logs_and_tracebacks(load: Load) -> None:
    settings = load(
        """
        sources: [{id: pbx1, adapter: ami, secret: hunter2, secret_file: /run/secrets/ami}]
        storage: {url: "redis://me:hunter2@host:6379/0"}
        """
    )
    assert "hunter2" not in repr(settings)
    assert "/run/secrets/ami" in repr(settings)


# --- what an adapter finds wrong ---------------------------------------------------------------------------


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    adapter: str
    host: str
    port: int = Field(default=5038, ge=1)


def test_what_an_adapter_refuses_is_told_with_file_line_and_key(load: Load, tmp_path: Path) -> None:
    settings = load(
        """\
        sources:
          - {id: pbx1, adapter: ami}
          - id: pbx2
            adapter: ami
            port: many
            secrt: hunter2
        """
    )
    with pytest.raises(ValueError, match="host") as caught:
        Options.model_validate(settings.sources[1].options())
    error = settings.source_error("pbx2", caught.value)
    assert str(error).splitlines() == [
        "3 mistakes in the configuration:",
        f"{tmp_path}/monitor.yaml:3:5: sources[1].host: this key is missing",
        f"{tmp_path}/monitor.yaml:5:11: sources[1].port: expected a whole number, found 'many'",
        f"{tmp_path}/monitor.yaml:6:5: sources[1].secrt: this key is not known",
    ]
    assert str(settings.source_error("pbx1", ValueError("no secret given"))) == (
        f"{tmp_path}/monitor.yaml:2:5: sources[0]: no secret given"
    )
    assert str(settings.error_at("pbx2", "adapter", "expected an adapter")) == (
        f"{tmp_path}/monitor.yaml:4:14: sources[1].adapter: expected an adapter, found 'ami'"
    )


SOURCES = [{"id": "pbx1", "adapter": "ami"}]


def test_of_very_many_mistakes_the_first_are_told_and_how_many_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.of(environ={}, sources=SOURCES, **{f"unknown{number}": 1 for number in range(1_000)})
    assert len(caught.value.problems) == 1_000
    lines = str(caught.value).splitlines()
    assert lines[0] == "1000 mistakes in the configuration:"
    assert lines[-1] == "… and 950 more"
    assert len(lines) == 52


@pytest.mark.parametrize("name", ["board.example.org", "board", "*", "1.board_2"])
def test_a_name_to_be_called_by_is_taken(name: str) -> None:
    assert Settings.of(environ={}, sources=SOURCES, http={"allowed_hosts": [name]}).http.allowed_hosts == [
        name
    ]


@pytest.mark.parametrize(
    "name", ["", "board.example.org:8080", "https://board.example.org", "a b", "*.example.org", "-x"]
)
def test_what_is_no_name_to_be_called_by_is_told(name: str) -> None:
    with pytest.raises(SettingsError, match=r"http\.allowed_hosts\[0\]"):
        Settings.of(environ={}, sources=SOURCES, http={"allowed_hosts": [name]})


def test_two_sources_that_would_listen_on_one_address_are_told(mistakes: Callable[..., list[str]]) -> None:
    found = mistakes("""
        sources:
          - {id: sip1, adapter: sip, listen: "127.0.0.1:5070"}
          - {id: hep1, adapter: hep, listen: "127.0.0.1:5070"}
          - {id: sip2, adapter: sip, listen: "127.0.0.1:0"}
          - {id: sip3, adapter: sip, listen: "127.0.0.1:0"}
        """)
    assert found == [found[0]], "port 0 is a free one each time"
    assert found[0].startswith("4:")
    assert "sources[1].listen: the address is given twice ('127.0.0.1:5070', first at" in found[0]


@pytest.mark.parametrize(
    ("written", "known_as"),
    [
        ("SIP:Anna@PBX.Example.org:5060;transport=tcp", "sip:Anna@pbx.example.org"),
        ("sips:101@pbx", "sip:101@pbx"),
        ("sip:101@[2001:DB8::1]:5061", "sip:101@[2001:db8::1]"),
        ("PJSIP/101", "PJSIP/101"),
        ("sip:nobody", "sip:nobody"),
    ],
)
def test_a_sip_address_of_an_agent_is_the_one_that_sources_name(
    load: Load, written: str, known_as: str
) -> None:
    settings = load(f"{SOURCE}agents: [{{id: anna, endpoints: ['{written}']}}]")
    assert settings.agents[0].endpoints == [known_as]
