"""A source's options that can't be worked with."""

from __future__ import annotations


class SettingsProblem(ValueError):
    """A source's options can't be worked with. ``option``, ``why`` and ``remedy``.

    A ``ValueError``, as :class:`adapters.contract.AdapterFactory` raises it; no adapter's own root, for it is all adapters' same.
    """

    def __init__(self, option: str, why: str, remedy: str) -> None:
        super().__init__(f"{option}: {why}; {remedy}")
        self.option = option
        self.why = why
        self.remedy = remedy
