"""Environment variables over the file, and settings made in code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.settings import Settings, SettingsError, load_settings

FILE = """
sources:
  - {id: pbx1, adapter: ami, host: 127.0.0.1, port: 5038, username: monitor, secret_file: /run/secrets/ami}
queues: {Sales: {wrap_up: 15}}
"""


def load(tmp_path: Path, environ: Mapping[str, str], text: str = FILE) -> Settings:
    path = tmp_path / "monitor.yaml"
    path.write_text(text)
    return load_settings(path, {f"OPERATOR_MONITOR_{name}": value for name, value in environ.items()})


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path, {"HTTP__PORT": "9000", "PRIVACY__SHOW_NUMBERS": "true", "DAY__TIMEZONE": "Europe/Moscow"}
    )
    assert settings.http.port == 9000
    assert settings.privacy.show_numbers is True
    assert settings.day.timezone == "Europe/Moscow"


def test_list_items_are_counted_from_0_and_the_next_one_can_be_added(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "SOURCES__0__HOST": "10.0.0.7",
            "SOURCES__0__PORT": "5039",
            "SOURCES__1__ID": "pbx2",
            "SOURCES__1__ADAPTER": "ami",
        },
    )
    assert settings.sources[0].options()["host"] == "10.0.0.7"
    assert settings.sources[0].options()["port"] == 5039
    assert settings.sources[1].options() == {"id": "pbx2", "adapter": "ami"}


def test_a_source_can_come_from_variables_alone(tmp_path: Path) -> None:
    settings = load(tmp_path, {"SOURCES__0__ID": "pbx1", "SOURCES__0__ADAPTER": "ami"}, "")
    assert settings.sources[0].id == "pbx1"


def test_names_of_variables_know_no_case_but_those_of_queues_do(tmp_path: Path) -> None:
    settings = load(tmp_path, {"QUEUES__SALES__WRAP_UP": "30", "QUEUES__0__NAME": "zero"})
    assert settings.queues["Sales"].wrap_up == 30
    assert settings.queues["0"].name == "zero"
    assert set(settings.queues) == {"Sales", "0"}


def test_a_secret_replaces_the_file_it_was_in_and_is_taken_verbatim(tmp_path: Path) -> None:
    options = load(tmp_path, {"SOURCES__0__SECRET": " [0815: #"}).sources[0].options()
    assert options["secret"] == " [0815: #"
    assert "secret_file" not in options


def test_a_secret_file_replaces_the_secret_in_the_file(tmp_path: Path) -> None:
    text = FILE.replace("secret_file: /run/secrets/ami", "secret: old")
    options = load(tmp_path, {"SOURCES__0__SECRET_FILE": "/new"}, text).sources[0].options()
    assert options["secret_file"] == "/new"
    assert "secret" not in options


def test_both_siblings_from_variables_stay_for_the_adapter_to_refuse(tmp_path: Path) -> None:
    options = (
        load(tmp_path, {"SOURCES__0__SECRET": "x", "SOURCES__0__SECRET_FILE": "/new"}).sources[0].options()
    )
    assert (options["secret"], options["secret_file"]) == ("x", "/new")


def test_lists_and_mappings_are_written_as_yaml_or_json(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "SOURCES__0__WATCH": "[a, 1]",
            "AGENTS": '[{"id": "anna", "endpoints": ["PJSIP/1"]}]',
            "HTTP": "{port: 9000}",
        },
    )
    assert settings.sources[0].options()["watch"] == ["a", 1]
    assert settings.agents[0].endpoints == ["PJSIP/1"]
    assert settings.http.port == 9000


def test_an_empty_variable_is_as_if_it_were_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, {"HTTP__PORT": "", "NONSENSE": " "}).http.port == 8080


MISTAKES = {
    ("HTTP__PORT", "many"): "http.port: expected a whole number, found 'many'",
    ("HTTP__PROT", "1"): "http.prot: this key is not known; perhaps port is meant",
    ("NONSENSE", "1"): "nonsense: this key is not known",
    ("ACCESS__TOKENS", "[hunter2]"): "access: access tokens come with a later version",
    ("SOURCES__2__ID", "x"): "sources is a list of 1: expected 0 … 1 in place of '2'",
    ("SOURCES__X__ID", "x"): "sources is a list of 1: expected 0 … 1 in place of 'x'",
    ("HTTP____PORT", "1"): "a part of the name is empty",
    ("SOURCES__0__WATCH", "[a"): "the list or mapping can't be read",
    ("SOURCES__0__ID", "a b"): "sources[0].id: expected 1 … 63 letters",
}


@pytest.mark.parametrize(("variable", "expected"), MISTAKES.items(), ids=[name for name, _ in MISTAKES])
def test_a_mistake_in_a_variable_names_the_variable(
    tmp_path: Path, variable: tuple[str, str], expected: str
) -> None:
    name, value = variable
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {name: value})
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"environment variable OPERATOR_MONITOR_{name}: {expected}")
    assert "hunter2" not in str(problem)


def test_settings_made_in_code_obey_variables_too(tmp_path: Path) -> None:
    environ = {"OPERATOR_MONITOR_HTTP__PORT": "9000", "HOME": "/root", "OPERATOR": "x"}
    settings = Settings.of(
        sources=[{"id": "demo", "adapter": "ami", "secret": "x"}],
        storage={"url": "memory://"},
        environ=environ,
        base_directory=tmp_path,
    )
    assert settings.http.port == 9000
    assert "port" in settings.http.model_fields_set
    assert "port" not in settings.feed.model_fields_set
    assert settings.base_directory == tmp_path
    settings.feed.port = 0
    assert Settings.of(sources=[{"id": "demo", "adapter": "ami"}], environ={}).feed.port == 8081


def test_settings_made_in_code_do_not_change_what_they_are_made_of() -> None:
    sources = [{"id": "demo", "adapter": "ami", "secret": "x"}]
    Settings.of(sources=sources, environ={"OPERATOR_MONITOR_SOURCES__0__SECRET_FILE": "/x"})
    assert sources == [{"id": "demo", "adapter": "ami", "secret": "x"}]


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_MONITOR_HTTP__PORT", "9123")
    assert Settings.of(sources=[{"id": "demo", "adapter": "ami"}]).http.port == 9123


@pytest.mark.parametrize(
    "name",
    ["SOURCES__" + "9" * 5_000 + "__HOST", "__".join("a" * 5_000), "SOURCES__\u0663__HOST"],
    ids=["an endless number", "endless parts", "an Arabic 3"],
)
def test_a_name_that_leads_nowhere_is_told_in_few_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {name: "x"})
    (problem,) = caught.value.problems
    assert len(problem.expected) < 200
