"""The section `alerts`: what is written becomes rules and receivers, mistakes are told in place, secrets are not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from monitor.model import Alert
from monitor.settings import AlertSettings, Settings, SettingsError, WebhookSettings, load_settings

SOURCES = "sources: [{id: pbx1, adapter: ami}, {id: pbx2, adapter: ami}]\nagents: [{id: anna, team: North}]\n"
RULE = "{id: r, for_each: queue, when: waiting > 5}"
EXAMPLE = """
alerts:
  rules:
    - id: callers-wait
      for_each: queue
      when: waiting > 5 and agents.available == 0
      for: 10s
      until: waiting <= 2
      severity: critical
      queues: [sales]
      schedule: {days: mon-fri, hours: "09:00-18:00"}
      labels: {floor: "2"}
      summary: {en: "{name}: {waiting} callers wait", ru: "{name}: ждут {waiting}"}
  webhooks:
    - {id: ops, url: "https://example.org/hook", secret_file: secrets/hook, format: standard, severities: [warning, critical]}
"""


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    path = tmp_path / "monitor.yaml"
    path.write_text(SOURCES + dedent(text), encoding="utf-8")
    return load_settings(path, {f"OPERATOR_MONITOR_{name}": value for name, value in (environ or {}).items()})


def mistakes(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text, environ)
    return [str(problem).replace(f"{tmp_path}/monitor.yaml:", "") for problem in caught.value.problems]


def webhook(**keys: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"id": "w", "url": "https://example.org/hook", **keys})


def test_the_example_of_the_interfaces_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, EXAMPLE)
    (rule,) = settings.alert_rules()
    assert (rule.id, rule.for_each, rule.hold, rule.severity) == ("callers-wait", "queue", 10.0, "critical")
    assert rule.queues == {"sales"}
    assert rule.schedule is not None
    assert rule.schedule.text == "mon-fri 09:00-18:00 UTC"
    assert set(rule.summaries) == {"en", "ru"}
    (ops,) = settings.alerts.webhooks
    assert ops.url.get_secret_value() == "https://example.org/hook"
    assert ops.secret_file == tmp_path / "secrets" / "hook"
    assert ops.severities == ["warning", "critical"]
    assert (ops.timeout, ops.parallel, ops.give_up_after, ops.limit) == (10.0, 4, 259_200.0, 10_000)


@pytest.mark.parametrize(
    ("hold", "seconds"), [("2d", 172_800.0), ("1.5h", 5_400.0), ("30 s", 30.0), ("5", 5.0)]
)
def test_for_takes_the_units_of_conditions(tmp_path: Path, hold: str, seconds: float) -> None:
    (rule,) = load(tmp_path, EXAMPLE.replace("for: 10s", f"for: {hold}")).alert_rules()
    assert rule.hold == seconds


def test_without_the_section_there_are_no_alerts(tmp_path: Path) -> None:
    for text in ("", "alerts:", "alerts: {}", "alerts: {rules: []}", "alerts: {language: en}"):
        settings = load(tmp_path, text)
        assert settings.alerts == AlertSettings()
        assert settings.alert_rules() == []


def test_hours_are_in_the_time_zone_of_the_day(tmp_path: Path) -> None:
    settings = load(tmp_path, EXAMPLE + "day: {timezone: Asia/Omsk}\n")
    (rule,) = settings.alert_rules()
    assert rule.schedule is not None
    assert rule.schedule.text == "mon-fri 09:00-18:00 Asia/Omsk"


def test_hours_may_be_a_list(tmp_path: Path) -> None:
    text = EXAMPLE.replace('"09:00-18:00"', "[09:00-13:00, 14:00-18:00]")
    (rule,) = load(tmp_path, text).alerts.rules
    assert rule.schedule is not None
    assert rule.schedule.hours == ["09:00-13:00", "14:00-18:00"]


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    text = EXAMPLE.replace("secret_file: secrets/hook", "secret_file: /run/secrets/hook, ca_file: own.pem")
    (ops,) = load(tmp_path, text).alerts.webhooks
    assert (ops.secret_file, ops.ca_file) == (Path("/run/secrets/hook"), tmp_path / "own.pem")


def test_variables_reach_into_rules_and_webhooks(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        EXAMPLE,
        {
            "ALERTS__RULES__0__FOR": "1m",
            "ALERTS__RULES__0__WHEN": "waiting > 7",
            "ALERTS__RULES__0__SUMMARY__EN": "now {waiting}",
            "ALERTS__WEBHOOKS__0__SECRET": "whsec_MDEyMw==",
            "ALERTS__WEBHOOKS__1__ID": "chat",
            "ALERTS__WEBHOOKS__1__URL": "http://127.0.0.1:9000/",
            "ALERTS__LANGUAGE": "ru",
        },
    )
    (rule,) = settings.alert_rules()
    assert (rule.hold, rule.when.text) == (60.0, "waiting > 7")
    ops, chat = settings.alerts.webhooks
    assert ops.secret is not None
    assert (ops.secret.get_secret_value(), ops.secret_file) == ("whsec_MDEyMw==", None)
    assert chat.id == "chat"
    assert settings.alerts.language == "ru"


def test_a_mistake_in_a_variable_names_the_character(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, EXAMPLE, {"ALERTS__RULES__0__WHEN": "waiting > 7 and wating"})
    assert told == (
        "environment variable OPERATOR_MONITOR_ALERTS__RULES__0__WHEN: alerts.rules[0].when: character 17: "
        "there is no field wating; perhaps waiting"
    )


MISPLACED = {
    "when: waiting > 5 and wating < 2": "5:27: ",
    "when: 'waiting > 5 and wating < 2'": "5:28: ",
    'when: "waiting > 5 and wating < 2"': "5:28: ",
    "when:    waiting > 5 and wating < 2": "5:30: ",
    "when: name == 'Продажи' and wating < 2": "5:33: ",
    "when: 'name == ''x'' and wating < 2'": "5:11: alerts.rules[0].when: character 17: ",
    'when: "name == \\"x\\" and wating < 2"': "5:11: alerts.rules[0].when: character 17: ",
    "when: >\n      waiting > 5\n      and wating < 2": "5:11: alerts.rules[0].when: character 17: ",
    f"when: waiting > 5\n{' ' * 22}and wating < 2": "5:11: alerts.rules[0].when: character 17: ",
    "when: waiting > 5\n      and wating < 2": "5:11: alerts.rules[0].when: character 17: ",
}  # fmt: skip


@pytest.mark.parametrize(("when", "place"), MISPLACED.items(), ids=list(MISPLACED))
def test_a_mistake_in_a_condition_is_told_where_it_stands(tmp_path: Path, when: str, place: str) -> None:
    text = f"alerts:\n  rules:\n  - {when}\n    id: r\n    for_each: queue\n"
    (told,) = mistakes(tmp_path, text)
    assert told.startswith(place)
    assert told.endswith("there is no field wating; perhaps waiting")


MISTAKES = {
    "rules: [{id: r, for_each: queue}]": "3:18: alerts.rules[0].when: this key is missing",
    "rules: [{id: r, for_each: call, when: x}]": "3:36: alerts.rules[0].for_each: expected 'queue', 'agent', 'source' or 'service', found 'call'",
    "rules: [{id: a b, for_each: queue, when: waiting > 5}]": "3:23: alerts.rules[0].id: expected 1 … 63 letters",
    "rules: [{id: r, for_each: queue, when: true}]": "3:49: alerts.rules[0].when: expected text",
    "rules: [{id: r, for_each: queue, when: waiting > 5, hold: 5}]": "3:62: alerts.rules[0].hold: this key is not known; known here: id, for_each, when, for, until, severity, queues, teams, schedule, labels, summary",
    "rules: [{id: r, for_each: queue, when: waiting > 5, fro: 5}]": "3:62: alerts.rules[0].fro: this key is not known; perhaps for is meant",
    "rules: [{id: r, for_each: queue, when: waiting > 5, for: soon}]": "3:67: alerts.rules[0].for: expected seconds, or a duration such as 30s, 2m or 1h, found 'soon'",
    "rules: [{id: r, for_each: queue, when: waiting > 5, severity: bad}]": "3:72: alerts.rules[0].severity: expected 'info', 'warning' or 'critical', found 'bad'",
    f"rules: [{RULE}, {RULE}]": "3:68: alerts.rules[1].id: this rule id is given twice ('r', first at 3:23)",
    "rules: [{id: r, for_each: queue, when: waiting > 5, queues: [pbx3/sales]}]": "3:71: alerts.rules[0].queues[0]: expected a source's id before the slash (perhaps pbx2; known: pbx1, pbx2), found 'pbx3'",
    "rules: [{id: r, for_each: agent, when: presence.paused, teams: [Nort]}]": "3:74: alerts.rules[0].teams[0]: expected a team of `agents` (perhaps North; known: North), found 'Nort'",
    "rules: [{id: r, for_each: queue, when: waiting > 5, teams: [North]}]": "3:69: alerts.rules[0].teams: queues have no team",
    "rules: [{id: r, for_each: queue, when: waiting > 5, labels: {a-b: c}}]": "3:71: alerts.rules[0].labels.a-b: the key: expected letters",
    "rules: [{id: r, for_each: queue, when: waiting > 5, labels: {queue: c}}]": "3:70: alerts.rules[0].labels: every alert gets the label queue by itself",
    "rules: [{id: r, for_each: queue, when: waiting > 5, schedule: {days: mo-fr}}]": "3:79: alerts.rules[0].schedule.days: expected days such as mon-fri",
    "rules: [{id: r, for_each: queue, when: waiting > 5, schedule: {hours: 9-18}}]": "3:80: alerts.rules[0].schedule.hours: expected hours such as 09:00-18:00",
    "rules: [{id: r, for_each: queue, when: waiting > 5, schedule: {timezone: Europe}}]": "3:83: alerts.rules[0].schedule.timezone: expected an IANA time zone",
    'rules: [{id: r, for_each: queue, when: waiting > 5, summary: {en: "x {wat}"}}]': "3:80: alerts.rules[0].summary.en: there is no field wat",
    "rules: [{id: r, for_each: queue, when: waiting > 5, summary: text}]": "3:71: alerts.rules[0].summary: expected {en: …, ru: …}",
    "rules: [{id: r, for_each: queue, when: waiting > 5, summary: [text]}]": "3:71: alerts.rules[0].summary: expected a mapping",
    "rules: [{id: r, for_each: queue, when: waiting > 5, for: 31d}]": "3:67: alerts.rules[0].for: expected at most",
    "rules: [{id: r, for_each: queue, when: last_30m.abandonment_rate > 10}]": "3:77: alerts.rules[0].when: a share is from 0 to 1: write 10%",
    "rules: {}": "3:17: alerts.rules: expected a list",
    "language: de": "3:20: alerts.language: expected 'en' or 'ru', found 'de'",
    "webhooks: [{id: w}]": "3:21: alerts.webhooks[0].url: this key is missing",
    "webhooks: [{id: w, url: example.org}]": "3:34: alerts.webhooks[0].url: expected an address such as https://receiver.example.org/hook",
    "webhooks: [{id: w, url: 'https://[::1'}]": "3:34: alerts.webhooks[0].url: expected an address such as https://receiver.example.org/hook",
    "webhooks: [{id: w, url: 'https://h:99999/'}]": "3:34: alerts.webhooks[0].url: expected an address such as https://receiver.example.org/hook",
    "webhooks: [{id: w, url: 'ftp://h/'}]": "3:34: alerts.webhooks[0].url: expected an address such as https://receiver.example.org/hook",
    "webhooks: [{id: w, url: x, format: apprise}]": "3:34: alerts.webhooks[0].url: expected an address that apprise understands",
    "webhooks: [{id: w, url: 'http://169.254.169.254/latest'}]": "3:34: alerts.webhooks[0].url: 169.254.169.254 is a link-local or metadata address",
    "webhooks: [{id: w, url: 'http://[fe80::1]/'}]": "3:34: alerts.webhooks[0].url: fe80::1 is a link-local or metadata address",
    "webhooks: [{id: w, url: 'http://h/', secret: 'no base64!'}]": "3:55: alerts.webhooks[0].secret: expected whsec_… or base64; make one with",
    "webhooks: [{id: w, url: 'tgram://x/y', format: apprise, secret: c2VjcmV0}]": "3:74: alerts.webhooks[0].secret: chat services take no signature: take this out",
    "webhooks: [{id: w, url: 'http://h/', secret: c2VjcmV0, secret_file: x}]": "3:78: alerts.webhooks[0].secret_file: expected either `secret` or `secret_file`, not both",
    "webhooks: [{id: w, url: 'http://h/', rules: [callers]}]": "3:55: alerts.webhooks[0].rules[0]: expected a rule's id (known: none), found 'callers'",
    "webhooks: [{id: w, url: 'http://h/', severities: []}]": "3:59: alerts.webhooks[0].severities: expected at least 1",
    "webhooks: [{id: w, url: 'http://h/', headers: {Host: x}}]": "3:57: alerts.webhooks[0].headers.Host: the key: this header is set by the service",
    "webhooks: [{id: w, url: 'http://h/', headers: {'a b': x}}]": "3:57: alerts.webhooks[0].headers.a b: the key: expected the name of an HTTP header",
    "webhooks: [{id: w, url: 'http://h/', give_up_after: 31d}]": "3:62: alerts.webhooks[0].give_up_after: expected at most",
    "webhooks: [{id: w, url: 'http://h/', timeout: 0}]": "3:56: alerts.webhooks[0].timeout: expected at least 0.1",
    "webhooks: [{id: w, url: 'http://h/'}, {id: w, url: 'http://h/'}]": "3:53: alerts.webhooks[1].id: this webhook id is given twice ('w', first at 3:26)",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items(), ids=[text[:70] for text in MISTAKES])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    told = mistakes(tmp_path, f"alerts: {{{text}}}")
    assert len(told) == 1
    assert told[0].startswith(expected), told


def test_all_mistakes_of_a_rule_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(
        tmp_path,
        """
        alerts:
          rules:
            - id: r
              for_each: agent
              when: state == paused
              until: time_in_state < 5
              severity: bad
              summary: {en: "{x"}
        """,
    )
    keys = ["when", "until", "severity", "summary.en"]
    assert [line.split(": ")[1] for line in told] == [f"alerts.rules[0].{key}" for key in keys]


def test_a_wrong_time_zone_of_the_day_is_told_there_alone(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, EXAMPLE + "day: {timezone: Europe/Berlim}\n")
    assert "day.timezone: expected an IANA time zone" in told


SECRETS = """
alerts:
  webhooks:
    - id: ops
      url: https://user:hunter1@example.org/hook?token=hunter2
      secret: whsec_aHVudGVyMw==
      headers: {Authorization: Bearer hunter4, X-Floor: hunter5}
"""


def test_secrets_are_not_shown_in_logs_and_tracebacks(tmp_path: Path) -> None:
    settings = load(tmp_path, SECRETS)
    (ops,) = settings.alerts.webhooks
    assert ops.headers["X-Floor"].get_secret_value() == "hunter5"
    for shown in (
        repr(settings),
        str(settings),
        repr(ops),
        str(settings.model_dump()),
        ops.model_dump_json(),
    ):
        assert "hunter" not in shown
        assert "aHVudGVy" not in shown


@pytest.mark.parametrize(
    "broken",
    [
        SECRETS.replace("https://", "htps://"),
        SECRETS.replace("https://user:hunter1@example.org/hook?token=hunter2", "[hunter1]"),
        SECRETS.replace("https://user:hunter1@example.org/hook?token=hunter2", "12345"),
        SECRETS.replace("https://", "https://" + "hunter" * 400),
        SECRETS.replace("aHVudGVyMw==", "hunter3!"),
        SECRETS.replace("hunter5", "00012345"),
        SECRETS.replace("X-Floor: hunter5", "X-Floor: 12345"),
        SECRETS.replace("X-Floor: hunter5", "X-Floor: [hunter5]"),
        SECRETS.replace("X-Floor: hunter5", 'X-Floor: "hunter5\\r\\nX-Evil: 1"'),
        SECRETS.replace("id: ops", "id: '?'"),
    ],
)
def test_secrets_are_not_shown_in_mistakes(tmp_path: Path, broken: str) -> None:
    try:
        told = str(load(tmp_path, broken))
    except SettingsError as error:
        told = str(error)
    for secret in ("hunter", "aHVudGVy", "12345"):
        assert secret not in told


def test_two_webhooks_of_the_same_values_are_equal(tmp_path: Path) -> None:
    assert load(tmp_path, SECRETS).alerts.webhooks == load(tmp_path, SECRETS).alerts.webhooks
    other = SECRETS.replace("hunter4", "hunter6")
    assert load(tmp_path, SECRETS).alerts.webhooks != load(tmp_path, other).alerts.webhooks


@pytest.mark.parametrize(
    ("keys", "labels", "expected"),
    [
        ({}, {}, True),
        ({"severities": ["critical"]}, {}, True),
        ({"severities": ["info", "warning"]}, {}, False),
        ({"rules": ["callers-wait"]}, {}, True),
        ({"rules": ["other"]}, {}, False),
        ({"queues": ["sales"]}, {"queue": "pbx1/sales"}, True),
        ({"queues": ["pbx1/sales"]}, {"queue": "pbx1/sales"}, True),
        ({"queues": ["pbx2/sales"]}, {"queue": "pbx1/sales"}, False),
        ({"queues": ["sales"]}, {"source": "pbx1"}, False),
        ({"teams": ["North"]}, {"agent": "pbx1/anna", "team": "North"}, True),
        ({"teams": ["North"]}, {"agent": "pbx1/anna"}, False),
        ({"queues": ["sales"], "teams": ["North"]}, {"agent": "pbx1/anna", "team": "North"}, True),
        ({"queues": ["sales"], "teams": ["North"]}, {"queue": "pbx1/sales"}, True),
        ({"queues": ["sales"], "teams": ["North"]}, {"queue": "pbx1/support"}, False),
    ],
)
def test_which_alerts_a_webhook_wants(keys: dict[str, Any], labels: dict[str, str], expected: bool) -> None:
    alert = Alert(
        id="x",
        rule="callers-wait",
        severity="critical",
        state="firing",
        since=0.0,
        labels=labels,
        summary="",
        value=None,
    )
    assert webhook(**keys).wants(alert) is expected


def test_settings_can_be_made_in_code(tmp_path: Path) -> None:
    settings = Settings.of(
        environ={},
        base_directory=tmp_path,
        sources=[{"id": "demo", "adapter": "ami"}],
        alerts={
            "rules": [{"id": "r", "for_each": "queue", "when": "waiting > 5", "for": 3}],
            "webhooks": [{"id": "w", "url": "http://127.0.0.1:1/", "secret_file": "hook"}],
        },
    )
    assert settings.alert_rules()[0].hold == 3.0
    assert settings.alerts.webhooks[0].secret_file == tmp_path / "hook"
    with pytest.raises(
        SettingsError, match=r"settings: alerts.rules\[0\].when: character 1: there is no field x"
    ):
        Settings.of(
            environ={},
            sources=[{"id": "demo", "adapter": "ami"}],
            alerts={"rules": [{"id": "r", "for_each": "service", "when": "x > 5"}]},
        )
