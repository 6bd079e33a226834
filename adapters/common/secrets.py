"""A secret from the option or from a file, which is read anew."""

from __future__ import annotations

from pathlib import Path

import msgspec
from pydantic import SecretStr

from adapters.common.problems import SettingsProblem


class SecretKind(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of secret a protocol has, and how it is called in options and messages."""

    noun: str = "secret"
    """The option's name; ``…_file`` is the one with the file."""
    whose: str
    """It and its owner, for people: ``the SIP user's secret``."""
    limit: int = 1_024
    """Bytes."""
    beyond: str = ""
    """What a longer one is longer than, where that says more than the number."""


class SecretSource:
    """Reads a secret anew for each use, so that a rotated file needs no restart.

    The first reading happens at once: a missing or empty file is an error before anything starts. A file that
    vanishes later leaves the last secret in use. ``prefix`` is where among the options it is (``push.``).
    """

    __slots__ = ("_kind", "_option", "_path", "_secret")

    def __init__(
        self,
        kind: SecretKind,
        secret: SecretStr | None,
        file: Path | None,
        base_directory: Path,
        *,
        prefix: str = "",
    ) -> None:
        self._kind = kind
        self._option = f"{prefix}{kind.noun}"
        self._path = base_directory / file if file is not None else None
        self._secret = ""
        if self._path is not None:
            self._secret = self._read(self._path)
        elif secret is not None:
            self._secret = self._checked(secret.get_secret_value(), self._option)

    def __call__(self) -> str:
        """Return the secret; empty if there is none."""
        if self._path is not None:
            try:
                self._secret = self._read(self._path)
            except SettingsProblem:
                return self._secret
        return self._secret

    def __repr__(self) -> str:
        """Return no secret."""
        return f"SecretSource({self._option})"

    def _read(self, path: Path) -> str:
        option, kind = f"{self._option}_file", self._kind
        try:
            with path.open("rb") as file:  # a little of it is enough to see that it is too much
                data = file.read(4 * kind.limit)
        except OSError as error:
            why = f"{path} can't be read: {error.strerror or error}"
            raise SettingsProblem(option, why, f"put {kind.whose} there, readable by this service") from error
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise SettingsProblem(
                option, f"{path} is not UTF-8 text", f"put the {kind.noun} alone there"
            ) from None  # the error holds the bytes
        return self._checked(text.removesuffix("\n").removesuffix("\r"), option)

    def _checked(self, secret: str, option: str) -> str:
        kind = self._kind
        noun = kind.noun
        if not secret:
            raise SettingsProblem(option, f"the {noun} is empty", f"give {kind.whose}")
        if any(sign in secret for sign in "\r\n\0"):
            raise SettingsProblem(option, f"the {noun} has more than one line", f"put the {noun} alone there")
        if len(secret.encode()) > kind.limit:
            beyond = kind.beyond or f"{kind.limit} bytes"
            raise SettingsProblem(option, f"the {noun} is longer than {beyond}", "use a shorter one")
        return secret
