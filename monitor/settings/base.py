"""What all sections are made of."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)


def _number_as_text(value: Any) -> Any:
    """Take an extension or a number as the text that was written: ``id: 101`` means "101"."""
    return str(value) if type(value) is int else value


def _short_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", text):
        raise ValueError("expected 1 … 63 letters, digits, `_`, `-` or `.`, beginning with a letter or digit")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=500), BeforeValidator(_number_as_text)]
ShortName = Annotated[Text, AfterValidator(_short_name)]
"""What ids and labels begin with."""
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class Section(BaseModel):
    """Base of all sections: unknown keys are mistakes, types are not guessed, an empty section is its defaults."""

    model_config = ConfigDict(
        extra="forbid", strict=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value
