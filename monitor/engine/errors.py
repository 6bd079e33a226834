"""Errors of the engine. Events never raise: only what cannot be an event can be wrong in here.

EngineError
└── StateUnreadable     a saved entity is not one that this version can read
"""

from __future__ import annotations


class EngineError(Exception):
    """Root of the engine's errors."""


class StateUnreadable(EngineError):
    """A saved entity can't be read: damaged, or written by a version that stored it differently.

    ``key`` names the entity, ``why`` says what was found. Start from an empty state and replay the log.
    """

    def __init__(self, key: str, why: str) -> None:
        super().__init__(
            f"the saved state can't be read at {key!r}: {why}; "
            f"remove the saved state, the events that are still in the log rebuild it"
        )
        self.key = key
        self.why = why
