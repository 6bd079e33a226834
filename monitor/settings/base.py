"""What all sections are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator


def _number_as_text(value: Any) -> Any:
    """Take an extension or a number as the text that was written: ``id: 101`` means "101"."""
    return str(value) if type(value) is int else value


Text = Annotated[str, StringConstraints(min_length=1, max_length=500), BeforeValidator(_number_as_text)]
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
