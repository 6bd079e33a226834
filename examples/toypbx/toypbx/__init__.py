"""An example of an adapter: the toy PBX, which tells the states of its phones as lines of JSON over TCP.

Its whole protocol:

    we ask      {"ask": "phones"}
    it answers  {"version": "1.0", "phones": [{"phone": "101", "name": "Anna", "state": "free"}]}
    it tells    {"phone": "101", "state": "rings"}      whenever a phone's state changes
    it tells    {"alive": true}                         at least once a second
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from toypbx.adapter import ToyAdapter


class ToySettings(BaseModel):
    """A source's options; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str
    adapter: Literal["toypbx"]
    host: str = "127.0.0.1"
    port: int = Field(default=7000, ge=1, le=65535)


def factory(options: Mapping[str, Any], base_directory: Path) -> ToyAdapter:
    """Make the adapter of one source (:class:`adapters.contract.AdapterFactory`)."""
    del base_directory  # files that options name are relative to it; the toy has none
    settings = ToySettings.model_validate(dict(options))
    return ToyAdapter(settings.id, settings.host, settings.port)
