"""How a panel wants a value to look: what its field configuration says, as far as these dashboards use it."""

from __future__ import annotations

import math
import re
from typing import Any

from dashboards.grafana.pictures.asking import Json

CLASSIC = (
    "#73bf69",
    "#f2cc0c",
    "#8ab8ff",
    "#ff780a",
    "#f2495c",
    "#5794f2",
    "#b877d9",
    "#fade2a",
    "#56a64b",
    "#e0b400",
)
_RATES = {"eps": "/s", "mps": "/s"}


class Look:
    """Unit, decimals, colours and words of one field."""

    def __init__(self, panel: Json, ref: str = "", name: str = "") -> None:
        self._config: Json = dict(panel.get("fieldConfig", {}).get("defaults", {}))
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            matcher = override["matcher"]
            if (matcher["id"], matcher.get("options")) in {("byFrameRefID", ref), ("byName", name)}:
                for one in override["properties"]:
                    self._config[one["id"]] = one["value"]

    @property
    def display_name(self) -> str | None:
        """The column's title."""
        return self._config.get("displayName")

    @property
    def dashed(self) -> bool:
        """Whether a line is dashed."""
        return bool(self._config.get("custom.lineStyle", {}).get("fill") == "dash")

    def custom(self, key: str) -> Any:
        """Return what the kind of panel asks for, such as ``drawStyle``."""
        return self._config.get(f"custom.{key}", self._config.get("custom", {}).get(key))

    @property
    def nothing(self) -> str:
        """What stands where there is no value."""
        return str(self._config.get("noValue", "-"))

    @property
    def colour(self) -> str | None:
        """The fixed colour."""
        colour: str | None = self._config.get("color", {}).get("fixedColor")
        return colour

    @property
    def steps(self) -> list[Json]:
        """The thresholds."""
        return list(self._config.get("thresholds", {}).get("steps", []))

    def colour_of(self, value: float) -> str | None:
        """Return the colour of a value: a mapping's, a fixed one or the threshold's."""
        mapped = self._mapped(value)
        if mapped and mapped.get("color"):
            return str(mapped["color"])
        if self.colour:
            return self.colour
        reached = [step["color"] for step in self.steps if step["value"] is None or value >= step["value"]]
        return reached[-1] if reached else None

    def text(self, value: float | str | None) -> str:
        """Return a value as the panel writes it."""
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            return self.nothing
        mapped = self._mapped(value)
        if mapped and mapped.get("text"):
            return str(mapped["text"])
        return value if isinstance(value, str) else self._number(value)

    def _mapped(self, value: float | str) -> Json | None:
        key = value if isinstance(value, str) else f"{value:g}"
        for mapping in self._config.get("mappings", []):
            if mapping["type"] == "value" and key in mapping["options"]:
                return dict(mapping["options"][key])
        return None

    def _number(self, value: float) -> str:
        unit, decimals = self._config.get("unit"), self._config.get("decimals")
        if unit == "percentunit":
            return f"{value * 100:.{0 if decimals is None else decimals}f} %"
        if unit in {"s", "dtdurations"}:
            return _duration(value, decimals)
        if unit in {"bytes", "Bps"}:
            return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB")) + ("/s" if unit == "Bps" else "")
        places = decimals if decimals is not None else (0 if value == int(value) else 1)
        return f"{value:.{places}f}{_RATES.get(str(unit), '')}"


def legend(form: str, labels: Json) -> str:
    """Return a series' name: ``{{queue}}`` stands for its label."""
    if not form:
        return ", ".join(str(value) for key, value in labels.items() if key != "__name__")
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: str(labels.get(found[1], "")), form)


def _duration(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    if abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    if abs(value) < 120:
        return f"{value:.{1 if decimals is None and value != int(value) else 0}f} s"
    return f"{value / 60:.2g} min" if abs(value) < 7200 else f"{value / 3600:.2g} h"


def _scaled(value: float, base: int, units: tuple[str, ...]) -> str:
    power = min(len(units) - 1, int(math.log(value, base))) if value >= base else 0
    return f"{value / base**power:.3g} {units[power]}"
