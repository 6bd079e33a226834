"""The HTTP side: page, API, health, metrics (docs/interfaces.md).

``routes`` is the table that router and OpenAPI document are made from, ``handlers`` answers.
"""

from monitor.web.server import HttpSettings, WebServer

__all__ = ["HttpSettings", "WebServer"]
