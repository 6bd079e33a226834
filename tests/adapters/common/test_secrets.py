"""Secrets: read anew, of one line, bounded, and in no text; what is wrong is told with its option and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.common.problems import SettingsProblem
from adapters.common.secrets import SecretKind, SecretSource

KIND = SecretKind(whose="the user's secret", limit=100)
KEY = SecretKind(noun="key", whose="the agents' key", limit=4, beyond="anybody types")
VALUE = "s3cret-value"


def of_file(directory: Path, kind: SecretKind = KIND, prefix: str = "") -> SecretSource:
    return SecretSource(kind, None, Path("file"), directory, prefix=prefix)


def test_secret_of_the_option_or_none():
    assert SecretSource(KIND, SecretStr(VALUE), None, Path())() == VALUE
    assert SecretSource(KIND, None, None, Path())() == ""


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b" s3cret \n", " s3cret "),
        ("пароль".encode(), "пароль"),
        (b"x" * 100 + b"\r\n", "x" * 100),
    ],
)
def test_file_is_read_without_its_last_line_end_alone(tmp_path, content, secret):
    (tmp_path / "file").write_bytes(content)
    assert of_file(tmp_path)() == secret


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "secret_file: the secret is empty; give the user's secret"),
        (b"\n", "secret_file: the secret is empty; give the user's secret"),
        (b"a\nb\n", "secret_file: the secret has more than one line; put the secret alone there"),
        (b"a\rb", "secret_file: the secret has more than one line; put the secret alone there"),
        (b"a\0b", "secret_file: the secret has more than one line; put the secret alone there"),
        (b"\xff\xfe", "secret_file: {path} is not UTF-8 text; put the secret alone there"),
        (b"x" * 101, "secret_file: the secret is longer than 100 bytes; use a shorter one"),
        ("й".encode() * 51, "secret_file: the secret is longer than 100 bytes; use a shorter one"),
        (
            None,
            (
                "secret_file: {path} can't be read: No such file or directory; "
                "put the user's secret there, readable by this service"
            ),
        ),
    ],
)
def test_unusable_file_is_told(tmp_path, content, message):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsProblem) as caught:
        of_file(tmp_path)
    assert str(caught.value) == message.format(path=path)
    assert isinstance(caught.value, ValueError)  # what a factory raises


def test_messages_have_the_protocols_words():
    with pytest.raises(SettingsProblem) as caught:
        SecretSource(KEY, SecretStr("12345"), None, Path(), prefix="push.")
    problem = caught.value
    assert (problem.option, problem.why) == ("push.key", "the key is longer than anybody types")
    with pytest.raises(SettingsProblem, match=r"^push\.key_file: .*; put the agents' key there, readable"):
        SecretSource(KEY, None, Path("none"), Path("/nowhere"), prefix="push.")
    with pytest.raises(SettingsProblem, match=r"^key: the key is empty; give the agents' key$"):
        SecretSource(KEY, SecretStr(""), None, Path())


def test_endless_file_is_refused_not_read():
    with pytest.raises(SettingsProblem, match="secret_file"):
        SecretSource(KIND, None, Path("/dev/zero"), Path())


def test_file_is_read_anew_and_one_that_vanishes_or_is_spoilt_leaves_the_last_secret(tmp_path):
    path = tmp_path / "file"
    path.write_text("first\n")
    source = of_file(tmp_path)
    path.write_text("second\n")
    assert source() == "second"
    for content in (b"", b"\xff", b"a\nb", b"x" * 200):
        path.write_bytes(content)
        assert source() == "second"
    path.unlink()
    assert source() == "second"
    path.write_text("third")
    assert source() == "third"


def test_secret_is_in_no_text(tmp_path):
    source = SecretSource(KIND, SecretStr(VALUE), None, Path())
    assert repr(source) == str(source) == "SecretSource(secret)"
    (tmp_path / "file").write_bytes(VALUE.encode() + b"\xff")
    with pytest.raises(SettingsProblem) as caught:
        of_file(tmp_path)
    error: BaseException | None = caught.value
    while error is not None:  # with all that it came from, as a traceback shows it
        assert VALUE not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
