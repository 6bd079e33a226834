"""A Prometheus, and the queries of a dashboard as Grafana would send them to it."""

from __future__ import annotations

import itertools
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
_LABEL_VALUES = re.compile(r"^label_values\((.+),\s*(\w+)\)$", re.DOTALL)


class PrometheusError(Exception):
    """Prometheus refused a request; the message is its own."""


@dataclass(frozen=True)
class Prometheus:
    """A server by its address (``http://127.0.0.1:9090``)."""

    address: str

    def get(self, path: str, **parameters: str | float) -> Any:
        """Return the ``data`` of an API call; raises :class:`PrometheusError`, ``OSError``."""
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - the address is the user's own
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code >= 500:  # it is starting, say
                raise
            raise PrometheusError(error.read().decode(errors="replace")) from error

    def instant(self, expr: str, at: float | None = None) -> list[Json]:
        """Return the series at a moment, the newest unless told."""
        when: dict[str, str | float] = {} if at is None else {"time": at}
        data = self.get("query", query=expr, **when)
        if data["resultType"] == "scalar":
            return [{"metric": {}, "value": data["result"]}]
        return list(data["result"])

    def range(self, expr: str, start: float, end: float, step: float) -> list[Json]:
        """Return the series over a time."""
        return list(self.get("query_range", query=expr, start=start, end=end, step=step)["result"])

    def label_values(self, series: str, label: str) -> list[str]:
        """Return the values that a label has among series, sorted."""
        return sorted(
            found.get(label, "") for found in _distinct(self.get("series", **{"match[]": series}), label)
        )


def _distinct(series: list[Json], label: str) -> list[Json]:
    return list({one.get(label, ""): one for one in series}.values())


@dataclass(frozen=True)
class Query:
    """A target of a panel, its expression ready to be sent."""

    dashboard: str
    panel: str
    expr: str
    legend: str
    target: Json = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What one query of a panel brought: series of (time, value)."""

    ref: str
    legend: str
    series: Sequence[tuple[Json, list[tuple[float, float]]]]


class UnknownVariableError(Exception):
    """An expression names a variable that the dashboard doesn't have."""


class Dashboard:
    """A dashboard's JSON and what its menus offer in a Prometheus."""

    def __init__(self, name: str, model: Json, prometheus: Prometheus) -> None:
        self.name = name
        self.model = model
        self._prometheus = prometheus
        self._menus = [menu for menu in model["templating"]["list"] if menu["type"] != "datasource"]

    @property
    def panels(self) -> list[Json]:
        """All panels, rows included, those of a collapsed row after it."""
        return [one for panel in self.model["panels"] for one in (panel, *panel.get("panels", ()))]

    def choices(self) -> Iterator[dict[str, str]]:
        """Yield what may be chosen: All where there is All, else each value; ready to be put into expressions."""
        yield from self._choose({}, self._menus)

    def choice(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Return the first choice that has the wanted values; raises :class:`PrometheusError` where there is none."""
        mine = {menu["name"] for menu in self._menus if not menu.get("includeAll")} & wanted.keys()
        for chosen in self.choices():
            if all(chosen[name] == wanted[name] for name in mine):
                return chosen
        raise PrometheusError(f"{self.name}: nothing to choose, or no {', '.join(map(str, wanted.values()))}")

    def _choose(self, chosen: dict[str, str], menus: list[Json]) -> Iterator[dict[str, str]]:
        if not menus:
            yield dict(chosen)
            return
        menu, *rest = menus
        options = self._options(menu, chosen)
        if menu.get("includeAll"):
            everything = menu.get("allValue") or f"({'|'.join(_in_regex(option) for option in options)})"
            yield from self._choose(chosen | {menu["name"]: everything}, rest)
            return
        for option in options:
            yield from self._choose(chosen | {menu["name"]: option}, rest)

    def _options(self, menu: Json, chosen: Mapping[str, str]) -> list[str]:
        if menu["type"] != "query":
            return [option["value"] for option in menu.get("options", ())]
        query = menu["query"] if isinstance(menu["query"], str) else menu["query"]["query"]
        asked = _LABEL_VALUES.match(query)
        if asked is None:
            raise PrometheusError(
                f"{self.name}: the menu {menu['name']} asks by something else than label_values: {query}"
            )
        return self._prometheus.label_values(self.filled(asked[1], chosen), asked[2])

    def filled(self, text: str, values: Mapping[str, str]) -> str:
        """Put what was chosen in the place of the variables, with Grafana's escaping."""
        several = {menu["name"] for menu in self._menus if menu.get("multi") or menu.get("includeAll")}

        def value(found: re.Match[str]) -> str:
            name, form = found[1] or found[3], found[2]
            if name not in values:
                raise UnknownVariableError(f"{self.name}: nobody knows ${name} in {text}")
            if form == "doublequote":
                return '"' + values[name].replace('"', '\\"') + '"'
            if form == "raw" or name in several or name.startswith("__"):
                return values[name]
            return _in_quotes(values[name])

        return _VARIABLE.sub(value, text)

    def queries(self, chosen: Mapping[str, str], times: Mapping[str, str]) -> list[Query]:
        """Return all queries of all panels; ``times`` has ``__range`` and its like."""
        return list(
            itertools.chain.from_iterable(self.queries_of(panel, chosen, times) for panel in self.panels)
        )

    def queries_of(self, panel: Json, chosen: Mapping[str, str], times: Mapping[str, str]) -> list[Query]:
        """Return the queries of a panel."""
        values = {**chosen, **times}
        return [
            Query(
                dashboard=self.name,
                panel=panel.get("title", ""),
                expr=self.filled(target["expr"], values),
                legend=self.filled(target.get("legendFormat", ""), values),
                target=target,
            )
            for target in panel.get("targets", ())
        ]


# As Grafana's Prometheus data source does it: an apostrophe is escaped for no reason, hence `${agent:doublequote}`.
def _in_quotes(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\\\'")


def _in_regex(value: str) -> str:
    return re.sub(r"[$^*{}\[\]'+?.()|]", r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))
