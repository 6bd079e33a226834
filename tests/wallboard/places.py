"""Every place of the wallboard: its address, and what must be there before it is looked at."""

from __future__ import annotations

from typing import Final

PLACES: Final = {
    "overview": ("", '[data-queue="pbx/support"]'),
    "agents": ("view=agents", '[data-agent="pbx/Anna"]'),
    "waiting": ("view=waiting", "[data-call] .time"),
    "agent": ("agent=pbx/Anna", "[role=slider] svg"),
    "queue": ("queue=pbx/sales", "main canvas"),
    "nobody": ("view=agents&state=offline", ".empty .action"),
    "missing agent": ("agent=pbx/nobody", ".empty a"),
    "missing queue": ("queue=pbx/nothing", ".empty a"),
    "tv": ("tv&every=3600", '[data-queue="pbx/support"]'),
}
LANGUAGES: Final = ("en", "ru")
THEMES: Final = ("dark", "light")


def query(place: str, **more: str) -> str:
    """Return the address of a place."""
    parts = [PLACES[place][0], *(f"{key}={value}" for key, value in more.items())]
    return "?" + "&".join(part for part in parts if part)
