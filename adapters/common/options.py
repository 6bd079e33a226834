"""The parts of which a source's options are made."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
"""Unknown options are refused, and no error shows a value, which may be a secret."""

OneLine = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]+$")]
